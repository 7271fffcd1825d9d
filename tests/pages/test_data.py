"""The Data page and the sidebar through AppTest."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ae_core.data.catalogue import list_data_sets
from ae_core.data.items import Picture
from ae_core.data.own_files import add_arrays
from ae_core.data.store import make_data_set, write_data_set
from ae_core.locations import data_dir
from ae_core.processes import tasks
from ae_core.processes.tasks import Task
from tests.attacks.stand_ins import task_at_work
from tests.pages.steering_world import open_page, words
from zoetrope.ui import attribute_filter, keys, tray


def add_labelled(path: Path, name: str = "mine") -> None:
    items = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    np.savez(path / "a.npz", images=items, labels=np.arange(40) % 4, size=np.linspace(0, 1, 40))
    add_arrays(path / "a.npz", name)


def test_it_counts_the_items_with_an_attribute() -> None:
    app = open_page("data.py", {"data": "digits"})
    picker = next(box for box in app.selectbox if box.label == "Only items with")
    picker.select("digit").run()
    value = next(box for box in app.selectbox if box.label == "equal to")
    value.select("3").run()
    from sklearn.datasets import load_digits

    n_threes = int((load_digits().target == 3).sum())
    assert any(caption.value == f"{n_threes:,} of 1,797 items" for caption in app.caption)
    assert not app.exception


def test_numbers_are_chosen_by_range(tmp_path: Path) -> None:
    add_labelled(tmp_path)
    app = open_page("data.py", {"data": "mine"})
    next(box for box in app.selectbox if box.label == "Only items with").select("size").run()
    app.slider[0].set_range(0.0, 0.5).run()
    assert any(caption.value == "20 of 40 items" for caption in app.caption)


N = 1_200
COUNT = np.arange(N)
ODD = pd.DataFrame(
    {
        "person": [f"person {i % 40}" for i in COUNT],
        "file": [f"folder (a)/{i}.png" for i in COUNT],
        "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(COUNT, "D"),
        "moment": pd.Timestamp("1700-01-01", tz="UTC") + pd.to_timedelta(COUNT, "ns"),
        "age": pd.to_timedelta(COUNT, "D"),
        "endless": np.where(COUNT % 3 == 0, np.inf, COUNT / N),
        "some": np.where(COUNT % 3 == 0, np.nan, COUNT / N),
        "huge": 2**60 + COUNT,
        "unsigned": np.uint64(2**63) + COUNT.astype(np.uint64),
        "whole": COUNT * 100_000,
        "tiny": COUNT * 1e-12,
        "nothing": np.nan,
        "no integer": pd.array([None] * N, "Int64"),
        "same": 3.0,
        "maybe": pd.array([None, True, False] * (N // 3), "boolean"),
        "perhaps": pd.array([None, True, False] * (N // 3), object),
        "kind": pd.Categorical([None if i % 3 == 0 else f"k{i % 100}" for i in COUNT]),
        "integer": pd.array([None if i % 3 == 0 else i for i in COUNT], "Int64"),
    }
)


def only_with(name: str) -> AppTest:
    """The Data page of 1,200 items with odd attributes, filtered by one of them."""
    items = np.zeros((N, 1, 8, 8), np.uint8)
    write_data_set(
        data_dir() / "odd", make_data_set("odd", items, Picture.of(items), ODD, title="Odd")
    )
    app = open_page("data.py", {"data": "odd"})
    next(box for box in app.selectbox if box.label == "Only items with").select(name).run()
    assert not app.exception and not app.error
    return app


def n_shown(app: AppTest) -> int:
    assert not app.exception
    return int(re.findall(r"([\d,]+) of 1,200 items", words(app))[0].replace(",", ""))


@pytest.mark.parametrize("name", ["endless", "some", "kind", "integer"])
def test_items_without_a_finite_value_are_left_out_and_it_is_said(name: str) -> None:
    app = only_with(name)
    assert n_shown(app) == 800 and "400 items with no value" in words(app)


@pytest.mark.parametrize("name", ["nothing", "no integer"])
def test_an_attribute_without_values_is_said(name: str) -> None:
    app = only_with(name)
    assert n_shown(app) == 0 and "1,200 items with no value" in words(app)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("endless", 0.25, 0.5),
        ("some", 0.25, 0.5),
        ("whole", 5_000_000, 7_500_000),
        ("integer", 100, 110),
    ],
)
def test_numbers_between_two_are_shown(name: str, first: float, last: float) -> None:
    app = only_with(name)
    app.slider[0].set_range(first, last).run()
    assert n_shown(app) == ODD[name].between(first, last).fillna(False).sum() > 0


@pytest.mark.parametrize("name", ["day", "moment", "age", "huge", "unsigned", "tiny"])
def test_dates_and_what_a_browser_would_round_lie_between_two_of_them(name: str) -> None:
    app = only_with(name)
    assert n_shown(app) == N
    ends = app.select_slider[0].options[10], app.select_slider[0].options[20]
    first, last = (next(v for v in ODD[name] if attribute_filter.text_of(v) == end) for end in ends)
    app.select_slider[0].set_range(first, last).run()
    assert n_shown(app) == ODD[name].between(first, last).sum() < N / 10


@pytest.mark.parametrize(("name", "n_true"), [("maybe", 400), ("perhaps", 400), ("same", N)])
def test_one_of_a_few_values_is_chosen(name: str, n_true: int) -> None:
    app = only_with(name)
    box = next(box for box in app.selectbox if box.label == "equal to")
    box.select(box.options[-1]).run()
    assert n_shown(app) == n_true


def test_one_of_many_texts_is_searched_for() -> None:
    app = only_with("person")
    assert n_shown(app) == N
    app.multiselect[0].select("person 0").select("person 39").run()
    assert n_shown(app) == 60


def test_of_very_many_texts_a_part_is_typed() -> None:
    app = only_with("file")
    next(box for box in app.text_input if box.label == "containing").input("(A)/7.").run()
    assert n_shown(app) == 1


def test_work_that_failed_is_shown_where_the_page_stops_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_labelled(tmp_path, "odd")
    (data_dir() / "odd" / "items.npy").write_bytes(b"")
    failed = Task(
        task_id="x", kind="encode", title="Encoding", arguments={}, state="failed", started=0,
        updated=0, message="The disk is full.", owners=("me",),
    )  # fmt: skip
    monkeypatch.setattr(tasks, "list_tasks", lambda: [failed])
    monkeypatch.setattr(tray, "current_owner", lambda: "me")
    app = open_page("morph.py", {"data": "odd"})
    said = [error.value for error in app.error]
    assert any("add it again" in text for text in said)  # the page stops
    assert "Encoding: The disk is full." in said and not app.exception


def test_an_own_set_can_be_removed(tmp_path: Path) -> None:
    add_labelled(tmp_path)
    app = open_page("data.py", {"data": "mine"})
    next(button for button in app.button if button.label == "Remove").click().run()
    assert "mine" not in list_data_sets() and not app.exception


def test_what_was_removed_can_be_brought_back(tmp_path: Path) -> None:
    add_labelled(tmp_path)
    app = open_page("data.py", {"data": "mine"})
    next(button for button in app.button if button.label == "Remove").click().run()
    assert "Removed within the last hour: **mine**" in words(app)
    next(button for button in app.button if button.label == "Undo").click().run()
    assert "mine" in list_data_sets() and not app.exception
    assert not [button for button in app.button if button.label == "Undo"]


def test_a_set_in_use_cannot_be_removed_and_who_uses_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_labelled(tmp_path)
    encoding = task_at_work("encode", "Encoding mine", data="mine", checkpoint="x")
    monkeypatch.setattr(tasks, "list_tasks", lambda: [encoding])
    app = open_page("data.py", {"data": "mine"})
    assert next(button for button in app.button if button.label == "Remove").disabled
    assert any("“Encoding mine” is under way" in warning.value for warning in app.warning)


def test_a_set_that_cannot_be_opened_can_be_removed(tmp_path: Path) -> None:
    add_labelled(tmp_path)
    (data_dir() / "mine" / "about.json").write_bytes(b"{")
    app = open_page("data.py")
    next(button for button in app.button if button.label == "Remove").click().run()
    assert not (data_dir() / "mine").exists() and not app.exception


def test_an_embedded_set_cannot_be_removed() -> None:
    app = open_page("data.py", {"data": "digits"})
    assert not [button for button in app.button if button.label == "Remove"]


def test_a_broken_set_says_what_to_do_and_the_rest_works(tmp_path: Path) -> None:
    add_labelled(tmp_path)
    (data_dir() / "mine" / "items.npy").write_bytes(b"")
    app = open_page("data.py", {"data": "mine"})
    assert not app.exception
    assert any("add it again" in error.value for error in app.error)
    assert next(box for box in app.selectbox if box.label == "Data").options[0] == "Faces"


def test_an_unknown_name_in_a_link_is_said() -> None:
    app = open_page("data.py", {"data": "nothing-like-that"})
    assert any("no data set 'nothing-like-that'" in warning.value for warning in app.warning)
    assert not app.exception


def test_sending_without_a_file_says_so() -> None:
    app = open_page("data.py", {"data": "digits"})
    next(button for button in app.button if button.label == "Add").click().run()
    assert any("Choose a .zip or .npz" in error.value for error in app.error)


def being_added(path: Path, page: str, *, state: str) -> AppTest:
    """A page of a session that has asked for "mine" to be added, in the next run of it."""
    app = open_page(page, {"data": "digits"})
    task = task_at_work("add", "Adding a.npz as mine", name="mine")
    app.session_state[keys.ADDING] = (task.task_id, "a.npz", "mine")
    if state == "done":
        add_labelled(path)
    with pytest.MonkeyPatch.context() as patch:
        ended = task.model_copy(update={"state": state})
        patch.setattr(tasks, "read", lambda _: ended)
        app.run()
    assert not app.exception
    return app


def test_a_set_that_came_in_is_shown_at_once_and_said(tmp_path: Path) -> None:
    app = being_added(tmp_path, "data.py", state="running")
    assert any("a.npz is being added" in info.value for info in app.info)
    app = being_added(tmp_path, "data.py", state="done")
    assert app.query_params["data"] in ("mine", ["mine"])
    (said,) = app.success
    assert said.value == "**mine** was added. 40 pictures came in."
    assert "40 of 40 items" in words(app)
    app.run()
    assert len(app.success) == 1  # until other data is shown
    next(box for box in app.selectbox if box.label == "Data").select("Digits").run()
    assert not app.success


def test_on_another_page_a_set_that_came_in_is_one_click_away(tmp_path: Path) -> None:
    app = being_added(tmp_path, "train.py", state="done")
    assert app.query_params["data"] in ("digits", ["digits"])
    assert [said.value for said in app.success] == ["**mine** was added."]
    next(button for button in app.button if button.label == "Show it").click().run()
    assert [title.value for title in app.title] == ["Data"]
    assert "40 of 40 items" in words(app) and not app.exception


def test_a_set_that_failed_to_come_in_leaves_the_page_where_it_is(tmp_path: Path) -> None:
    app = being_added(tmp_path, "data.py", state="failed")
    assert app.query_params["data"] in ("digits", ["digits"]) and not app.success
    assert keys.ADDING not in app.session_state


def test_an_empty_name_looks_empty() -> None:
    app = open_page("data.py", {"data": "digits"})
    field = next(field for field in app.text_input if field.label == "Name")
    assert not field.value and not field.placeholder


def test_a_number_that_is_a_label_is_made_a_category(tmp_path: Path) -> None:
    items = np.zeros((40, 8, 8), np.uint8)
    np.savez(tmp_path / "a.npz", images=items, person=np.arange(40) % 15 + 1)
    add_arrays(tmp_path / "a.npz", "mine")
    app = open_page("data.py", {"data": "mine"})
    next(button for button in app.button if button.label == "Make it a category").click().run()
    assert not app.exception and not app.error
    picker = next(box for box in app.selectbox if box.label == "Only items with")
    picker.select("person").run()
    value = next(box for box in app.selectbox if box.label == "equal to")
    value.select("3").run()
    assert "3 of 40 items" in words(app)
    assert any(button.label == "Make it a number" for button in app.button)
