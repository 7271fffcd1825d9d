"""From a group on the map to other pages, and into the group."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.codecs.codes import codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.data.groups import load_groups, make_group, save_group
from tests.pages.steering_world import components, open_page, save_digits_vae, words
from zoetrope.live.components.map import ItemSource
from zoetrope.live.components.map_group import GROUP, pack_rows, unpack_rows
from zoetrope.ui.explore.group_actions import middle_item

N = 1797


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def choose(app: AppTest, rows: np.ndarray) -> AppTest:
    """As the map tells a group."""
    place = ItemSource.of(load_data_set("digits")).place
    bits = pack_rows(rows, N)
    app.session_state[GROUP.format(place)] = {
        "items": place, "n": N, "bits": bits, "revision": "chosen",
    }  # fmt: skip
    return app.run()


def group(app: AppTest) -> list[int] | None:
    """The group that the map shows."""
    shown = components(app)["explore_map"]["group"]
    return unpack_rows(shown["bits"], N).tolist() if shown and shown["bits"] else None


def press(app: AppTest, label: str) -> AppTest:
    app = next(button for button in app.button if button.label == label).click().run()
    assert not app.exception, app.exception
    return app


ROWS = np.array([3, 13, 23, 45, 59])


def test_morph_goes_through_the_group() -> None:
    app = press(choose(open_page("explore.py"), ROWS), "Morph between these")
    assert "3,13,23,45,59" in app.query_params["items"]
    assert app.title[0].value == "Morph"


def test_one_item_is_no_path() -> None:
    app = choose(open_page("explore.py"), ROWS[:1])
    button = next(each for each in app.button if each.label == "Morph between these")
    assert button.disabled


@pytest.mark.parametrize("n_items", [5, 200])
def test_algebra_begins_with_the_group(n_items: int) -> None:
    rows = np.arange(n_items)
    app = press(choose(open_page("explore.py"), rows), "Use in Algebra")
    assert not app.error
    data = load_data_set("digits")
    kept = load_groups("digits", data.about.fingerprint, N)
    text = str(app.query_params["sum"])
    if n_items == 5:
        assert "+items:0,1,2,3,4" in text and not kept
    else:
        (name,) = kept
        assert f"+group:{name}" in text and kept[name].items == tuple(range(200))


def test_dimensions_start_at_the_middle_of_the_group() -> None:
    app = press(choose(open_page("explore.py"), ROWS), "Start Dimensions here")
    codes = np.array(codes_for(find_checkpoint("small"), load_data_set("digits")))
    middle = middle_item(codes, ROWS)
    far = [np.linalg.norm(codes[row] - codes[ROWS].mean(axis=0)) for row in ROWS]
    assert middle == ROWS[int(np.argmin(far))]
    assert str(middle) in str(app.query_params["start"])


def test_what_sets_a_group_apart_is_ranked() -> None:
    data = load_data_set("digits")
    threes = np.flatnonzero(data.attributes["digit"].astype(str) == "3")
    app = choose(open_page("explore.py"), threes)
    app.segmented_control(key="group_view").set_value("apart").run()
    assert not app.exception
    table = app.dataframe[-1].value
    assert table["what"].iloc[0] == "digit = 3"
    assert table["in the group"].iloc[0] == "100.0%" and table["all others"].iloc[0] == "0.0%"
    assert table["effect"].abs().is_monotonic_decreasing
    assert "Cohen 1988" in words(app)


@pytest.mark.parametrize("view", ["unusual", "duplicates"])
def test_what_is_found_in_a_group_can_become_the_group(view: str) -> None:
    app = choose(open_page("explore.py"), np.arange(300))
    app.segmented_control(key="group_view").set_value(view).run()
    app = app.button(key=f"{view}_as_group").click().run()
    assert not app.exception
    found = group(app)
    assert found is not None and 2 <= len(found) <= 12 and found == sorted(found)
    assert view == "duplicates" or set(found) <= set(range(300))


def test_all_items_have_nothing_to_be_compared_with() -> None:
    app = choose(open_page("explore.py"), np.arange(N))
    app.segmented_control(key="group_view").set_value("apart").run()
    assert not app.exception
    assert "choose some and leave some" in app.info[0].value


def test_groups_combine_and_undo_goes_back() -> None:
    data = load_data_set("digits")
    where = (data.name, data.about.fingerprint, N)
    save_group(make_group("some", [3, 13, 99], N, source="lasso"), *where)
    app = open_page("explore.py")
    assert app.button(key="and-some").disabled
    app = choose(app, ROWS)
    for name, expected in [
        ("not", [23, 45, 59]),
        ("or", [3, 13, 23, 45, 59, 99]),
        ("and", [3, 13, 99]),
    ]:
        app = app.button(key=f"{name}-some").click().run()
        assert group(app) == expected, name
    for expected in ([3, 13, 23, 45, 59, 99], [23, 45, 59], ROWS.tolist()):
        app = press(app, "Undo")
        assert group(app) == expected


def test_a_map_can_be_coloured_by_a_kept_group() -> None:
    data = load_data_set("digits")
    save_group(make_group("some", [3, 13], N, source="lasso"), "digits", data.about.fingerprint, N)
    app = open_page("explore.py", {"colour": "group: some"})
    assert not app.exception and not app.error
    colour = components(app)["explore_map"]["colour"]
    assert colour["names"] == ["others", "some"] and colour["url"].startswith("api/derived/")
