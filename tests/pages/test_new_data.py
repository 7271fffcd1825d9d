"""Data without a model of its own: every page works with PCA, and says what is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ae_core.codecs.comparison import compare_by_name
from ae_core.data.own_files import add_arrays
from ae_core.processes import tasks
from ae_core.processes.progress import silent
from tests.core.processes.test_tasks import wait
from tests.pages.steering_world import components, open_page, save_digits_vae, stage_of, words
from zoetrope.ui import state

STEERING = ("morph.py", "algebra.py", "dimensions.py")
PAGES = (*STEERING, "explore.py", "versus_pca.py")


@pytest.fixture
def pictures(tmp_path: Path) -> str:
    """Pictures of the size of the digits, for which a shipped model is made."""
    items = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    np.savez(tmp_path / "a.npz", images=items, labels=np.arange(60) % 4)
    add_arrays(tmp_path / "a.npz", "insects")
    return "insects"


@pytest.fixture
def constant(tmp_path: Path) -> str:
    """Pictures that are all alike: there is nothing to be seen, and nothing fails."""
    np.savez(tmp_path / "b.npz", images=np.full((60, 8, 8), 7, np.uint8))
    add_arrays(tmp_path / "b.npz", "constant")
    return "constant"


def opened(page: str, data: str, **query: str) -> AppTest:
    app = open_page(page, {"checkpoint": None, "data": data, **query})
    assert not app.exception and not [error.value for error in app.error]
    return app


def offers(app: AppTest) -> list[str]:
    box = next(box for box in app.selectbox if box.label == "Checkpoint")
    return list(box.options)


def chosen(app: AppTest) -> str:
    value = app.query_params["checkpoint"]
    return value if isinstance(value, str) else value[0]


def is_training_offered(app: AppTest) -> bool:
    return any(button.label == "Train one" for button in app.button)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("data", ["wine", "insects", "constant"])  # rows, pictures
def test_every_page_opens_on_new_data_with_pca_alone(
    page: str, data: str, pictures: str, constant: str
) -> None:
    app = opened(page, data)
    assert chosen(app) == f"pca@{data}"
    assert "No model was trained on" in words(app) and is_training_offered(app)
    if page in STEERING:
        panels = stage_of(app)["panels"]
        assert [panel["codec"] for panel in panels] == [f"pca@{data}"]
    if page == "explore.py":
        assert "explore_map" in components(app)


def test_large_data_is_fitted_by_a_task_while_the_page_says_so(
    pictures: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "FIT_AT_ONCE", 0)
    app = opened("morph.py", pictures)
    assert any("PCA of this data is being fitted" in info.value for info in app.info)
    task = next(task for task in tasks.list_tasks() if task.kind == "fit-pca")
    assert wait(task).state == "done"
    app.run()
    assert len(stage_of(app)["panels"]) == 1 and not app.exception


def test_a_cancelled_fit_waits_for_a_person(pictures: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "FIT_AT_ONCE", 0)
    app = opened("morph.py", pictures)
    tasks.cancel(next(task for task in tasks.list_tasks() if task.kind == "fit-pca"))
    app.run()
    next(button for button in app.button if button.label == "Fit PCA of this data").click().run()
    assert any("is being fitted" in info.value for info in app.info) and not app.exception


def test_a_model_of_other_data_is_a_persons_choice_and_is_said(pictures: str) -> None:
    app = opened("morph.py", pictures)
    assert offers(app)[0] == "PCA of this data"
    assert "digits-vae (of Digits)" in offers(app)
    box = next(box for box in app.selectbox if box.label == "Checkpoint")
    box.select("digits-vae (of Digits)").run()
    assert chosen(app) == "digits-vae"
    assert "**digits-vae** was trained on Digits and is shown on insects." in words(app)
    assert is_training_offered(app) and not app.warning


@pytest.mark.parametrize("page", PAGES)
def test_a_link_with_a_model_of_other_data_is_honoured_and_said(page: str, pictures: str) -> None:
    app = opened(page, pictures, checkpoint="digits-vae")
    assert chosen(app) == "digits-vae"
    assert "**digits-vae** was trained on Digits and is shown on insects." in words(app)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("faces-vae", "'faces-vae' was made for items of 64 x 64 pixels, colour"),
        ("pca@digits", "PCA of 'digits', which is other data"),
        ("nothing-like-that", "no checkpoint 'nothing-like-that'"),
    ],
)
def test_what_a_link_asks_for_in_vain_is_said_until_something_is_chosen(
    asked: str, why: str, pictures: str
) -> None:
    app = opened("morph.py", pictures, checkpoint=asked)
    assert chosen(app) == "pca@insects"
    for _ in range(2):  # a rerun for another reason does not hide it
        said = [warning.value for warning in app.warning]
        assert len(said) == 1 and why in said[0] and "PCA of this data" in said[0]
        app.run()
    box = next(box for box in app.selectbox if box.label == "Checkpoint")
    box.select("digits-vae (of Digits)").run()
    assert not app.warning


def test_a_link_with_a_checkpoint_alone_opens_its_data() -> None:
    app = open_page("morph.py", {"data": None, "checkpoint": "digits-vae"})
    assert app.query_params["data"] in ("digits", ["digits"]) and not app.warning
    assert chosen(app) == "digits-vae"


def test_a_model_of_the_same_items_comes_first_then_one_of_the_same_name() -> None:
    save_digits_vae()  # by fingerprint, as the shipped one is
    app = opened("morph.py", "digits")
    assert set(offers(app)) == {"digits-vae", "small", "PCA of this data"}
    assert offers(app)[-1] == "PCA of this data"
    assert "trained on" not in words(app) and not is_training_offered(app)


def test_train_one_goes_to_training_on_this_data(pictures: str) -> None:
    app = opened("morph.py", pictures)
    next(button for button in app.button if button.label == "Train one").click().run()
    assert [title.value for title in app.title] == ["Train"]
    assert "On **insects**" in words(app) and not app.exception


def test_versus_pca_shows_pca_once_with_its_error_by_axes(pictures: str) -> None:
    app = opened("versus_pca.py", pictures)
    compare_by_name(silent, checkpoint="pca@insects", data="insects")
    app.run()
    labels = [metric.label for metric in app.metric]
    assert labels == ["PCA, 32 axes, held-out MSE", "The mean item for every item"]
    assert words(app).count("**PCA, 32 axes**") == 1 and not app.exception
