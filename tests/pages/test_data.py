"""The Data page and the sidebar through AppTest."""

from pathlib import Path

import numpy as np
import pytest

from ae_core import tasks
from ae_core.data.catalogue import list_data_sets
from ae_core.data.own_files import add_arrays
from ae_core.locations import data_dir
from ae_core.tasks import Task
from tests.pages.steering_world import open_page


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


def test_work_that_failed_is_shown_where_the_page_stops_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((40, 9, 9), np.uint8))
    add_arrays(tmp_path / "a.npz", "odd")
    failed = Task(
        task_id="x", kind="encode", title="Encoding", arguments={}, state="failed", started=0,
        updated=0, message="The disk is full.",
    )  # fmt: skip
    monkeypatch.setattr(tasks, "list_tasks", lambda: [failed])
    app = open_page("morph.py", {"data": "odd"})
    said = [error.value for error in app.error]
    assert any("train one" in text.lower() for text in said)  # no checkpoint: the page stops
    assert "The disk is full." in said and not app.exception


def test_an_own_set_can_be_removed(tmp_path: Path) -> None:
    add_labelled(tmp_path)
    app = open_page("data.py", {"data": "mine"})
    next(button for button in app.button if button.label == "Delete").click().run()
    assert "mine" not in list_data_sets() and not app.exception


def test_an_embedded_set_cannot_be_removed() -> None:
    app = open_page("data.py", {"data": "digits"})
    assert not [button for button in app.button if button.label == "Delete"]


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
