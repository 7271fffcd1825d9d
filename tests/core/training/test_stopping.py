"""A run that is stopped by hand: what is left of it, what is said, how it is trained further."""

import pytest

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.codecs.verdict import read_verdict
from ae_core.errors import ConfigError, RunError
from ae_core.locations import checkpoints_dir
from ae_core.training import runs, watch
from tests.core.training.test_runs import endless, request_of, wait_for, wait_until_over


def test_a_run_that_is_stopped_can_leave_its_model_and_be_trained_further():
    runs.start_run(endless("kept"))
    wait_for("kept", lambda status: status.epoch >= 3)
    runs.cancel("kept", keep_model=True)
    status = wait_until_over("kept")
    assert (status.state, runs.find_run("kept").is_resumable) == ("done", False)
    checkpoint, found = find_checkpoint("kept"), read_verdict(checkpoints_dir() / "kept")
    assert status.message == f"Stopped by hand: the model is that of epoch {found.epoch}."
    history = checkpoint.history()
    losses = [entry["held_out"]["objective"] for entry in history]
    assert found.epoch == 1 + losses.index(min(losses))
    assert found.model_mse == pytest.approx(history[found.epoch - 1]["held_out"]["mse"], rel=1e-3)
    assert found.sentence in checkpoint.card()

    with pytest.raises(ConfigError, match="further"):
        runs.train_further("kept", 0)
    before = checkpoint.fingerprint
    runs.train_further("kept", 3)
    assert wait_until_over("kept").state == "done"
    again = find_checkpoint("kept")
    assert again.fingerprint != before
    assert again.history()[: found.epoch] == history[: found.epoch]
    assert [entry["epoch"] for entry in again.history()] == [*range(1, found.epoch + 4)]
    assert max(frame.epoch for frame in watch.frames(again.folder)) == found.epoch + 3
    assert read_verdict(again.folder).epoch == found.epoch + 3


def test_a_run_without_an_epoch_has_no_model_to_keep():
    runs.start_run(endless("first"))
    runs.start_run(request_of("waits"))
    runs.cancel("waits", keep_model=True)
    status = wait_until_over("waits")
    assert status.state == "cancelled"
    assert status.message.startswith("No epoch was over, so there is no model to keep")
    with pytest.raises(RunError, match="'waits' is cancelled: wait for its end, or resume it"):
        runs.train_further("waits", 3)


def test_a_cancelled_run_says_so_once():
    runs.start_run(endless("stopped"))
    wait_for("stopped", lambda status: status.epoch >= 1)
    runs.cancel("stopped")
    assert wait_until_over("stopped").message == "Resume goes on from here."
