"""Runs live in processes of their own, and nothing that happens to these loses them."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import time

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file, save

from ae_core import locations
from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.codecs.pca import fit_pca
from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.catalogue import load_data_set, remove_data_set
from ae_core.data.items import Picture
from ae_core.data.store import make_data_set, write_data_set
from ae_core.errors import ConfigError, DataError, RunError
from ae_core.locations import checkpoints_dir, data_dir
from ae_core.processes.failures import explain_error
from ae_core.training import runs, watch, worker
from ae_core.training.loop import Training
from ae_core.training.runs import RunRequest
from ae_core.training.state import load_state, save_state
from ae_core.training.status import RESUME, Status
from ae_core.training.worker import remedy_for
from tests.waiting import wait_until

MODEL = ModelConfig(widths=(16,), latent_dim=4, loss="bce", bottleneck="variational")
TRAINING = TrainingConfig(epochs=6, n_threads=1, save_interval_s=0.001, precision="32")


def request_of(name, **changes):
    return RunRequest(**({"name": name, "data": "digits", "model": MODEL, "training": TRAINING}
                         | changes))  # fmt: skip


def endless(name):
    return request_of(name, training=TRAINING.model_copy(update={"epochs": 10_000}))


def wait_for(name, condition, timeout_s=120):
    log = checkpoints_dir() / name / runs.LOG
    wait_until(
        lambda: condition(runs.read_status(name)),
        timeout_s=timeout_s,
        explain=lambda: f"{runs.read_status(name)}\n{log.read_text()}",
    )
    return runs.read_status(name)


def wait_until_over(name):
    return wait_for(name, lambda status: status.state not in runs.GOING)


@pytest.fixture(autouse=True)
def nothing_is_left_running():
    yield
    for run in runs.list_runs():
        runs.end_process(run)


def test_killed_and_resumed_a_run_ends_as_an_undisturbed_one():
    long = TRAINING.model_copy(update={"epochs": 40})
    runs.start_run(request_of("killed", training=long))
    status = wait_for("killed", lambda status: status.epoch >= 2)
    os.kill(status.pid, signal.SIGKILL)
    lost = wait_until_over("killed")
    assert lost.state == "lost"
    assert "resume it to go on from its last save" in lost.message
    runs.resume("killed")
    assert wait_until_over("killed").state == "done"

    data_set = load_data_set("digits")
    model = build_autoencoder(MODEL, data_set.about.item, seed=long.seed)
    undisturbed = Training(model, data_set.items, *data_set.split(), long)
    for _ in undisturbed.steps():
        pass
    saved = load_file(find_checkpoint("killed").folder / "model.safetensors")
    for name, value in model.state_dict().items():
        assert torch.equal(saved[name], value), name
    run = runs.find_run("killed")
    assert [entry["held_out"] for entry in run.history()] == [
        entry["held_out"] for entry in undisturbed.history
    ]
    _, held_out = data_set.split()
    rows = watch.rows_of(run.folder, len(data_set.items))
    assert set(rows) <= set(held_out)
    last = watch.frames(run.folder)[-1]
    items = torch.from_numpy(np.array(data_set.items[rows])).float() / 255
    codes = load_codec(find_checkpoint("killed")).encode(items).numpy()
    np.testing.assert_allclose(last.codes(), codes, atol=2e-3, rtol=2e-3)  # float16
    card = find_checkpoint("killed").card()
    assert data_set.about.fingerprint in card
    assert "PCA with 4 components" in card


def test_what_interrupts_a_run_after_training_does_not_throw_the_training_away(monkeypatch):
    folder, _ = a_run_on_disk("fitted", state="queued")

    def killed(*_):
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(worker.verdict, "measure_and_write", killed)
        worker.main(folder)
    interrupted = runs.read_status("fitted")
    assert (interrupted.state, interrupted.phase) == ("failed", "comparing with PCA")
    finished = [folder / "model.safetensors", folder / "history.jsonl"]
    before = [path.read_bytes() for path in finished]  # with seconds, which no second run repeats
    assert "PCA with" not in find_checkpoint("fitted").card()

    runs.resume("fitted")
    status = wait_until_over("fitted")
    assert (status.state, status.epoch) == ("done", TRAINING.epochs)
    assert [path.read_bytes() for path in finished] == before
    assert "PCA with 4 components" in find_checkpoint("fitted").card()
    wait_for("fitted", lambda _: not (folder / RESUME).exists())


def test_runs_wait_for_each_other_and_can_be_cancelled_and_resumed():
    runs.start_run(endless("first"))
    wait_for("first", lambda status: status.epoch >= 1)
    runs.start_run(request_of("second"))
    runs.start_run(endless("third"))
    for name in ("second", "third"):
        started = wait_for(name, lambda status: status.pid != 0)
        wait_for(name, lambda status: status.heartbeat > started.heartbeat)  # noqa: B023
    assert [runs.read_status(name).state for name in ("second", "third")] == ["queued", "queued"]
    runs.cancel("third")
    assert wait_until_over("third").state == "cancelled"
    runs.cancel("first")
    assert wait_until_over("first").state == "cancelled"
    assert (checkpoints_dir() / "first" / RESUME).is_file()
    assert wait_until_over("second").state == "done"
    epoch = runs.read_status("first").epoch
    runs.resume("first")
    wait_for("first", lambda status: status.epoch > epoch)
    runs.cancel("first")
    assert wait_until_over("first").state == "cancelled"
    with pytest.raises(RunError, match="nothing to cancel"):
        runs.cancel("first")
    with pytest.raises(RunError, match="nothing to resume"):
        runs.resume("second")


def test_a_run_of_pca_makes_the_codec_that_fitting_it_makes():
    runs.start_run(request_of("axes", codec="pca", model=None, latent_dim=5))
    assert wait_until_over("axes").state == "done"
    data_set = load_data_set("digits")
    train, _ = data_set.split()
    expected = fit_pca(data_set, train, 5)
    found = load_codec(find_checkpoint("axes"))
    assert torch.equal(found.components, expected.components)


def a_run_on_disk(name, **changes):
    folder = checkpoints_dir() / name
    folder.mkdir(parents=True)
    (folder / runs.REQUEST).write_text(request_of(name).model_dump_json())
    now = {"queued_at": time.time(), "heartbeat": time.monotonic()}
    status = Status(**({"state": "running"} | now | changes))
    runs.write_status(folder, status)
    return folder, status


def test_vanished_data_is_a_clear_final_state():
    folder, _ = a_run_on_disk("gone", state="cancelled")
    wanted = request_of("gone", data="no-such-data")
    (folder / runs.REQUEST).write_text(wanted.model_dump_json())
    runs.resume("gone")  # the data were there when it was started
    status = wait_until_over("gone")
    assert status.state == "failed"
    assert "there is no data set 'no-such-data'" in status.message


def add_pictures(name, seed):
    items = np.random.default_rng(seed).integers(0, 256, (60, 1, 8, 8), dtype=np.uint8)
    labels = pd.DataFrame({"label": np.arange(60) % 3})
    made = make_data_set(name, items, Picture.of(items), labels, title=name)
    write_data_set(data_dir() / name, made)
    return made.about.fingerprint


def test_a_run_goes_on_with_the_data_it_was_started_on_and_no_others():
    first = add_pictures("mine", seed=1)
    runs.start_run(request_of("on-mine", data="mine", training=endless("any").training))
    wait_for("on-mine", lambda status: status.epoch >= 1)
    runs.start_run(request_of("queued", data="mine"))
    assert runs.find_run("queued").request.data_fingerprint == first
    remove_data_set("mine")
    second = add_pictures("mine", seed=2)
    runs.cancel("on-mine")
    assert wait_until_over("on-mine").state == "cancelled"
    queued = wait_until_over("queued")  # nor does it begin on others
    assert queued.state == "failed"
    assert re.search(f"`data`: 'mine' has other items.*{second}.*{first}", queued.message)
    before = (checkpoints_dir() / "on-mine" / RESUME).read_bytes()
    with pytest.raises(RunError, match="start a new run on them, or bring the old data set back"):
        runs.resume("on-mine")
    assert (checkpoints_dir() / "on-mine" / RESUME).read_bytes() == before

    remove_data_set("mine")
    add_pictures("mine", seed=1)
    runs.resume("queued")
    assert wait_until_over("queued").state == "done"


def test_a_request_from_before_fingerprints_is_resumed_and_has_one_from_then_on():
    folder, _ = a_run_on_disk("old", state="cancelled")
    request = request_of("old").model_dump(mode="json", exclude={"data_fingerprint"})
    (folder / runs.REQUEST).write_text(json.dumps(request))
    runs.resume("old")
    assert wait_until_over("old").state == "done"
    expected = load_data_set("digits").about.fingerprint
    assert runs.find_run("old").request.data_fingerprint == expected


def test_what_cannot_be_trained_is_refused_before_anything_is_started():
    with pytest.raises(DataError, match="no data set 'no-such-data'"):
        runs.start_run(request_of("gone", data="no-such-data"))
    with pytest.raises(ConfigError, match="use at most 3"):
        deep = ModelConfig(architecture="convolutional", widths=(8, 8, 8, 8))
        runs.start_run(request_of("gone", model=deep))
    assert runs.list_runs() == []


def test_a_folder_that_is_no_run_is_passed_over_and_hurts_no_other():
    folder, _ = a_run_on_disk("plain", state="cancelled")
    shutil.copytree(folder, folder.with_name("plain (copy)"))
    shutil.copytree(folder, folder.with_name("binary"))
    (folder.with_name("binary") / runs.REQUEST).write_bytes(b"\xff\xfe")
    shutil.copytree(folder, folder.with_name("odd"))
    (folder.with_name("odd") / runs.REQUEST).unlink()
    (folder.with_name("odd") / runs.REQUEST).mkdir()
    assert [run.name for run in runs.list_runs()] == ["plain"]
    with pytest.raises(RunError, match="'binary' .*: .*tart a new run"):
        runs.find_run("binary")
    runs.start_run(request_of("another"))
    assert wait_until_over("another").state == "done"


def test_a_copied_run_goes_on_under_the_name_of_its_folder():
    runs.start_run(endless("original"))
    wait_for("original", lambda status: status.epoch >= 1)
    folder = checkpoints_dir() / "original"
    fleeting = shutil.ignore_patterns(".*", "watch")
    running = shutil.copytree(folder, folder.with_name("copied-while-going"), ignore=fleeting)
    status = runs.read_status("original").model_copy(update={"heartbeat": time.monotonic() - 1000})
    runs.write_status(running, status)
    runs.resume("copied-while-going")
    assert runs.read_status("original").state == "running"  # its process was not the copy's
    runs.cancel("copied-while-going")
    assert wait_until_over("copied-while-going").state == "cancelled"
    runs.cancel("original")
    assert wait_until_over("original").state == "cancelled"

    copied = shutil.copytree(folder, folder.with_name("copied"))
    (copied / runs.REQUEST).write_text(request_of("original").model_dump_json())
    (copied / RESUME).unlink()
    runs.resume("copied")
    assert wait_until_over("copied").state == "done"
    assert find_checkpoint("copied").config.name == "copied"


def test_a_name_that_is_taken_is_refused():
    a_run_on_disk("taken")
    with pytest.raises(RunError, match="already a run or checkpoint 'taken'"):
        runs.start_run(request_of("taken"))


def test_the_final_state_is_written_also_when_the_disk_is_full(monkeypatch):
    folder, status = a_run_on_disk("full")
    monkeypatch.setattr(locations, "write_atomically", no_space)
    message = explain_error(OSError(errno.ENOSPC, "No space left"), remedy_for(request_of("full")))
    size = (folder / runs.STATUS).stat().st_size
    failed = status.model_copy(update={"state": "failed", "message": message})
    runs.write_status(folder, failed)
    assert runs.read_status("full") == failed
    assert (folder / runs.STATUS).stat().st_size == size  # no block more than it had


def no_space(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["request", "status", "process"])
def test_a_run_that_cannot_be_started_says_why_and_leaves_its_name_free(monkeypatch, step):
    with monkeypatch.context() as broken:
        if step == "process":
            broken.setattr(subprocess, "Popen", no_space)
        else:
            file = {"request": runs.REQUEST, "status": runs.STATUS}[step]
            write = locations.write_atomically

            def write_unless(path, content, **more):
                return no_space() if path.name == file else write(path, content, **more)

            for module in (runs, locations):
                broken.setattr(module, "write_atomically", write_unless)
        with pytest.raises(RunError, match=r"'new' could not be started \(No space left.*again"):
            runs.start_run(request_of("new"))
    assert list(checkpoints_dir().iterdir()) == []
    runs.start_run(request_of("new"))
    assert wait_until_over("new").state == "done"


def test_a_run_that_cannot_be_resumed_says_why_and_stays_as_it_was(monkeypatch):
    _, status = a_run_on_disk("stuck", state="cancelled", message="Cancelled.")
    monkeypatch.setattr(subprocess, "Popen", no_space)
    with pytest.raises(RunError, match=r"'stuck' could not be resumed \(No space left"):
        runs.resume("stuck")
    assert runs.read_status("stuck") == status


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "Memory ran out.*lower the batch size"),
        (torch.OutOfMemoryError("CUDA out of memory"), "Memory ran out"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "Memory ran out"),
        (OSError(errno.ENOSPC, "No space"), "disk is full: free some space"),
        (FileNotFoundError(errno.ENOENT, "No such file", "items.npy"), "vanished.*items.npy"),
        (DataError("`data` is gone: add it."), "^`data` is gone: add it.$"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError.*worker.log"),
    ],
)
def test_failures_are_explained_with_their_remedy(error, message):

    assert re.search(message, explain_error(error, remedy_for(request_of("any"))))


@pytest.mark.parametrize("damage", ["empty", "half a header", "half", "no position"])
def test_a_broken_save_is_named_with_its_remedy_and_kept(damage):
    folder, _ = a_run_on_disk("torn", state="queued")
    data_set = load_data_set("digits")
    model = build_autoencoder(MODEL, data_set.about.item)
    save_state(folder / RESUME, Training(model, data_set.items, *data_set.split(), TRAINING))
    whole = (folder / RESUME).read_bytes()
    damaged = {
        "empty": b"",
        "half a header": whole[:50],
        "half": whole[: len(whole) // 2],
        "no position": save({"generator": torch.zeros(1)}, metadata={"rest": "{}"}),
    }[damage]
    (folder / RESUME).write_bytes(damaged)
    fresh = Training(model, data_set.items, *data_set.split(), TRAINING)
    with pytest.raises(RunError, match=r"'torn' cannot be read .*resume\.safetensors.*delete it"):
        load_state(folder / RESUME, fresh)
    assert (folder / RESUME).read_bytes() == damaged


def test_without_its_broken_save_a_run_starts_again():
    folder, _ = a_run_on_disk("torn", state="cancelled")
    (folder / RESUME).write_bytes(b"torn")
    runs.resume("torn")
    status = wait_until_over("torn")
    assert status.state == "failed"
    assert re.search("^The last save of run 'torn' cannot be read.*delete it", status.message)
    (folder / RESUME).unlink()
    runs.resume("torn")
    assert wait_until_over("torn").state == "done"


def test_a_real_shortage_of_memory_is_recognised():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert "Memory ran out" in explain_error(caught.value, remedy_for(request_of("any")))


def test_of_two_processes_of_one_run_only_the_first_works(monkeypatch):
    folder, status = a_run_on_disk("twice", state="queued")
    monkeypatch.setattr(worker, "LOCKED_FOR_S", 0.1)
    with FileLock(folder / ".lock"):
        worker.main(folder)
        assert runs.read_status("twice") == status
    worker.main(folder)
    assert runs.read_status("twice").state == "done"
