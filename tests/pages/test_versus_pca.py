"""Versus PCA through AppTest: both rows, both numbers, and words where there is nothing to show."""

import numpy as np
import pytest

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.codecs.comparison import compare_with_pca
from ae_core.data.catalogue import load_data_set
from ae_core.data.items import Picture
from ae_core.processes import tasks
from tests.core.codecs.test_checkpoints import save_dense
from tests.core.processes.test_tasks import wait
from tests.pages.steering_world import open_page, words


def test_measured_figures_are_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    save_dense()
    made = compare_with_pca(find_checkpoint("mine"), load_data_set("digits"))
    app = open_page("versus_pca.py", {"data": "digits", "checkpoint": "mine"})
    assert not app.exception and not app.error
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["mine, held-out MSE"] == f"{made.model_mse:.5f}"
    assert shown["PCA at the same size"] == f"{made.pca_mse:.5f}"
    assert shown["PCA needs for the same error"] == f"{made.equal_axes} axes"


def test_it_measures_in_the_background_and_then_shows() -> None:
    save_dense()
    app = open_page("versus_pca.py", {"data": "digits", "checkpoint": "mine"})
    assert not app.exception
    assert any("Measuring on held-out" in info.value for info in app.info)
    ended = wait(tasks.list_tasks()[0])
    assert ended.state == "done", ended.message
    app.run()
    assert len(app.metric) == 3


def test_a_cancelled_measurement_waits_for_a_person() -> None:
    save_dense()
    app = open_page("versus_pca.py", {"data": "digits", "checkpoint": "mine"})
    tasks.cancel(tasks.list_tasks()[0])
    app.run()
    assert any(button.label == "Measure" for button in app.button)
    assert not app.exception


def test_other_items_come_with_the_button() -> None:
    save_dense()
    app = open_page("versus_pca.py", {"data": "digits", "checkpoint": "mine"})
    next(button for button in app.button if button.label == "Other items").click().run()
    assert app.query_params["sheet"] == "1" and not app.exception


def test_a_trained_pca_stands_alone_and_it_is_said() -> None:
    from ae_core.codecs.checkpoints import save_checkpoint
    from ae_core.codecs.config import CheckpointConfig
    from ae_core.codecs.pca import fit_pca
    from ae_core.locations import checkpoints_dir

    data_set = load_data_set("digits")
    codec = fit_pca(data_set, np.arange(500), 4)
    config = CheckpointConfig(
        codec="pca", name="p", data="digits", item=Picture(size=(1, 8, 8)), latent_dim=4,
        data_fingerprint=data_set.about.fingerprint,
    )  # fmt: skip
    save_checkpoint(checkpoints_dir() / "p", config, codec)
    app = open_page("versus_pca.py", {"data": "digits", "checkpoint": "p"})
    assert "PCA alone: choose a network" in words(app) and not app.exception
