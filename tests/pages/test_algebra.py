"""Algebra opens with a sum that fits the data, and every view of it works."""

import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ae_core.data.catalogue import load_data_set
from ae_core.data.groups import make_group, save_group
from ae_core.steering.sums import Term, format_sum
from tests.pages.steering_world import components, open_page, save_digits_vae, words
from zoetrope.ui.steer.sum_stage import move_weights


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def test_it_opens_with_one_digit_for_another() -> None:
    app = open_page("algebra.py")
    assert not app.exception and not app.error and not app.warning
    assert "Nearest real items" in words(app)


def open_view(view: str) -> AppTest:
    app = open_page("algebra.py", {"sum": "+item:3~-all:digit = 3~+all:digit = 7"})
    app.segmented_control(key="algebra_view").set_value(view).run()
    assert not app.exception and not app.error
    return app


def test_step_by_step_shows_the_sum_after_each_term_for_both_codecs() -> None:
    galleries = components(open_view("Step by step"))
    rows = [data for key, data in galleries.items() if key.startswith("algebra_steps")]
    assert len(rows) == 2
    for row in rows:
        assert row["captions"] == ["item 3", "digit = 3", "digit = 7"]
        assert row["between"] == ["", "\N{MINUS SIGN}", "+"]
        assert len(set(row["pictures"])) == 3


def test_readings_show_what_changed_from_the_item_to_the_result() -> None:
    app = open_view("Readings")
    assert len(app.dataframe) == 2
    for table in app.dataframe:
        assert list(table.value) == ["attribute", "before", "after", "change", "quality"]
        # what the sum steers is never hidden, however badly it can be read
        assert set(table.value["attribute"][:2]) == {"digit = 3", "digit = 7"}
        assert table.value["change"][2:].abs().is_monotonic_decreasing
    assert "item 3 → result: " in words(app)


def test_directions_show_both_estimators_and_their_cosine() -> None:
    app = open_view("Directions")
    quality, cosines = (table.value for table in app.dataframe)
    assert list(quality.index) == list(cosines.index) == ["Mean difference", "Linear probe"]
    assert quality["held-out accuracy"].astype(float).between(0.5, 1).all()
    assert np.diag(cosines).tolist() == [1, 1]
    (chart,) = app.get("plotly_chart")
    rows = json.loads(chart.proto.spec)["data"][0]["y"]
    assert rows[0] == app.text_input(key="direction_question").value  # steered, so it is shown


def test_directions_can_be_added_to_the_sum() -> None:
    app = open_page("algebra.py", {"direction": "digit = 7", "fixed": "digit = 1"})
    app.segmented_control(key="algebra_view").set_value("Directions").run()
    app.button(key="add_conditional").click().run()
    assert not app.exception and not app.error
    assert "conditional:digit = 7 | digit = 1" in "".join(app.query_params["sum"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("+item:999999", "not among the 1797 items"),
        ("+all:glasses", "neither an attribute nor a value"),
        ("+group:gone", "no group 'gone'"),
        ("nonsense", "must look like"),
    ],
)
def test_a_sum_that_cannot_be_is_said_and_another_shown(asked: str, said: str) -> None:
    app = open_page("algebra.py", {"sum": asked})
    assert not app.exception
    assert said in app.warning[0].value
    assert "Nearest real items" in words(app)


def weights_in(app: AppTest) -> dict[str, float]:
    found: dict[str, float] = json.loads("".join(app.query_params.get("weights", ["{}"])))
    return found


def sum_in(app: AppTest) -> str:
    return "".join(app.query_params["sum"])


def test_weights_of_a_sum_that_cannot_be_shown_are_left_alone() -> None:
    asked = {"sum": "+item:999999~-item:4~+item:5", "weights": '{"w1":-0.5,"w2":0.3}'}
    app = open_page("algebra.py", asked)
    assert app.warning and weights_in(app) == {"w1": -0.5, "w2": 0.3}
    assert sum_in(app) == asked["sum"]


@pytest.mark.parametrize(
    ("before", "after", "weights", "expected"),
    [
        ("abc", "ac", {"w1": 1, "w2": 2}, {"w1": 2}),
        ("abc", "axbc", {"w0": 5, "w1": 1, "w2": 2}, {"w0": 5, "w2": 1, "w3": 2}),
        ("abc", "axc", {"w0": 5, "w1": 1, "w2": 2}, {"w0": 5, "w1": 1, "w2": 2}),
        ("", "ab", {"w0": 5}, {}),
        ("aab", "ab", {"w1": 5, "w2": 1}, {"w0": 5, "w1": 1}),
    ],
)
def test_weights_follow_their_terms(
    before: str, after: str, weights: dict[str, float], expected: dict[str, float]
) -> None:
    terms = {name: Term(1, "item", name) for name in "abcx"}
    moved = move_weights(weights, [terms[n] for n in before], [terms[n] for n in after])
    assert moved == expected


def test_taking_a_term_out_leaves_the_others_their_weights() -> None:
    asked = {"sum": "+item:3~-item:4~+item:5", "weights": '{"w1":-0.5,"w2":0.3}'}
    app = open_page("algebra.py", asked)
    app.session_state["algebra_active"] = 1
    app.run()
    next(button for button in app.button if button.label == "Take it out").click().run()
    assert not app.exception
    assert sum_in(app) == "+item:3~+item:5"
    assert weights_in(app) == {"w1": 0.3}


def test_an_open_drawer_does_not_write_into_another_sum() -> None:
    app = open_page("algebra.py", {"sum": "+all:digit = 3~-item:5"})
    app.session_state["algebra_active"] = 0
    app.run()
    assert app.text_input
    app.query_params["sum"] = "+item:7~-item:5"
    app.run()
    assert not app.exception
    assert sum_in(app) == "+item:7~-item:5"


def test_what_an_address_holds_survives_a_page_change() -> None:
    app = open_page("algebra.py", {"sum": "+item:3~-item:4", "weights": '{"w1":-0.5}'})
    app.query_params.clear()  # as Streamlit does
    app.switch_page("dimensions.py")
    app.run()
    app.query_params.clear()
    app.switch_page("algebra.py")
    app.run()
    assert sum_in(app) == "+item:3~-item:4"
    assert weights_in(app) == {"w1": -0.5}


def test_a_group_of_any_name_can_be_in_the_sum_and_in_its_address() -> None:
    data, name = load_data_set("digits"), "a~b, 5 %: *c* [d](http://x)"
    where = (data.name, data.about.fingerprint, len(data.items))
    save_group(make_group(name, [3, 13, 23], len(data.items), source="lasso"), *where)
    asked = format_sum([Term(1, "item", "3"), Term(-1, "group", name)])
    app = open_page("algebra.py", {"sum": asked})
    assert not app.exception and not app.error and not app.warning
    assert r"a\~b, 5 %: \*c\* \[d\](http\://x)" in words(app)  # that it has few items


def test_a_name_in_the_address_is_no_markdown() -> None:
    for query in ({"sum": "+group:![i](http://x/y.png)"}, {"data": "![i](http://x)"}):
        app = open_page("algebra.py", query)
        assert not app.exception and app.warning
        assert not any(re.search(r"(?<!\\)[\[\]]", warning.value) for warning in app.warning)


def test_a_direction_without_an_answer_is_said() -> None:
    app = open_page("algebra.py", {"direction": "digit = 77"})
    app.segmented_control(key="algebra_view").set_value("Directions").run()
    assert not app.exception
    assert "is never '77'" in words(app)


def test_small_groups_say_so() -> None:
    app = open_page("algebra.py", {"sum": "+item:3~+item:4~-item:5"})
    assert "only" not in words(app)  # single items are what they are


def test_groups_can_be_matched_by_the_toggle_and_by_the_address() -> None:
    app = open_page("algebra.py")
    app.toggle(key="matched").set_value(True).run()
    assert not app.exception and not app.error
    assert app.query_params["matched"] in ("1", ["1"])
    again = open_page("algebra.py", {"matched": "1"})
    assert again.toggle(key="matched").value
    assert not again.exception and not again.error


def test_groups_that_share_items_cannot_be_matched_and_it_is_said() -> None:
    app = open_page(
        "algebra.py", {"sum": "+item:3~-all:digit = 1~+all:digit = 1 or digit = 2", "matched": "1"}
    )
    assert not app.exception
    assert "share" in app.error[0].value


def test_a_sum_of_another_form_offers_no_matching() -> None:
    app = open_page("algebra.py", {"sum": "+item:3~+item:4~-item:5"})
    assert not any(toggle.key == "matched" for toggle in app.toggle)
