"""The process behind a run: `python -m ae_core.training.worker FOLDER`; started by `runs`."""

import errno
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import psutil

from ae_core.codecs.cards import add_pca_line, held_out_scores, make_card
from ae_core.codecs.checkpoints import (
    HISTORY,
    save_checkpoint,
)
from ae_core.config import CheckpointConfig
from ae_core.data.catalogue import load_data_set
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError, JobError
from ae_core.locations import checkpoints_dir, write_atomically
from ae_core.processes.priority import step_back
from ae_core.training import watch
from ae_core.training.runs import (
    CANCEL,
    REQUEST,
    RESUME,
    RunRequest,
    Status,
    check_same_data,
    find_run,
    list_runs,
    write_status,
)

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec
    from ae_core.training.loop import Training

_HEARTBEAT_S = 1.0
_GRACE_S = 20.0
_BATCH = 512


class CancelledError(Exception):
    """Somebody wants the run to stop."""


class Reporter:
    """Writes `status.json`, at once when told and once a second; watches for the cancel flag."""

    def __init__(self, folder: Path, queued_at: float) -> None:
        process = psutil.Process()
        self.folder = folder
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._status = Status(
            state="queued",
            queued_at=queued_at,
            heartbeat=time.time(),
            pid=process.pid,
            process_created=process.create_time(),
            phase="waiting",
        )
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self.write()
        self._thread.start()

    def update(self, **changes: object) -> None:
        """Change fields; they are on disk within a second."""
        with self._lock:
            self._status = self._status.model_copy(update=changes)

    def write(self, **changes: object) -> None:
        """Change fields and write them now."""
        with self._lock:
            changes["heartbeat"] = time.time()
            self._status = self._status.model_copy(update=changes)
            write_status(self.folder, self._status)

    def check(self) -> None:
        """Raise `CancelledError` if somebody wants the run to stop."""
        if self.cancelled.is_set():
            raise CancelledError

    def end(self, **changes: object) -> None:
        """Write the final state; nothing is written after it."""
        self._over.set()
        self._thread.join()
        self.write(seconds_left=None, **changes)

    def _beat(self) -> None:
        asked_at = None
        while not self._over.wait(_HEARTBEAT_S / 2):
            with suppress(OSError):  # the disk is full or slow: the next beat may succeed
                self.write()
            if asked_at is None and (self.folder / CANCEL).exists():
                asked_at = time.monotonic()
                self.cancelled.set()
            if asked_at is not None and time.monotonic() - asked_at > _GRACE_S:
                self.write(
                    state="cancelled",
                    seconds_left=None,
                    message="Cancelled in the middle of a step: resume goes on from the last save.",
                )
                os._exit(1)


def main(folder: Path) -> None:
    """Wait for the turn, train, and leave a final state whatever happens."""
    with file_lock(folder / ".lock") as is_ours:
        if not is_ours:
            return  # resumed twice at once: the other process has it
        run = find_run(folder.name)
        request = run.request
        reporter = Reporter(folder, queued_at=run.status.queued_at)
        be_modest()
        try:
            with turn(reporter, run.name):
                reporter.write(state="running", phase="preparing data", n_epochs=n_epochs(request))
                work(folder, request, reporter)
        except CancelledError:
            reporter.end(state="cancelled", message="Cancelled: resume goes on from here.")
        except BaseException as error:
            traceback.print_exc()
            reporter.end(state="failed", message=explain_failure(error, request))
        else:
            reporter.end(state="done", progress=1.0, phase="done", message="")
            # the last thing: whatever interrupts a run before goes on from here, not from nothing
            (folder / RESUME).unlink(missing_ok=True)


def n_epochs(request: RunRequest) -> int:
    return 1 if request.codec == "pca" else request.training.epochs


def be_modest() -> None:
    """Let the live path go first, and let the kernel end this process first if memory runs out."""
    step_back()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def explain_failure(error: BaseException, request: RunRequest) -> str:
    """What happened, and what to do about it."""
    from ae_core.processes.devices import is_out_of_memory

    if isinstance(error, AeCoreError):
        return str(error)
    if is_out_of_memory(error):
        return (
            f"Memory ran out (`batch_size` {request.training.batch_size}): lower the batch size or "
            "the widths, or close other programs, and resume."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: free some space, and resume."
    if isinstance(error, FileNotFoundError):
        return f"A file has vanished ({error.filename}): put the data back, and resume."
    return f"{type(error).__name__}: {error} (worker.log in the run's folder has the details)"


@contextmanager
def file_lock(path: Path) -> Iterator[bool]:
    """Try to own a file; the system gives it back when this process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        yield try_lock(file)


def try_lock(file: IO[bytes]) -> bool:
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


@contextmanager
def turn(reporter: Reporter, name: str) -> Iterator[None]:
    """Wait until no other run is going, first come, first served."""
    with (checkpoints_dir() / ".queue.lock").open("a+b") as file:
        while not (is_first(name) and try_lock(file)):
            reporter.check()
            time.sleep(0.3)
        yield


def is_first(name: str) -> bool:
    """Whether no run that waits was started before this one."""
    waiting = [run for run in list_runs() if run.status.state == "queued"]
    return not waiting or min(waiting, key=lambda run: run.status.queued_at).name == name


def work(folder: Path, request: RunRequest, reporter: Reporter) -> None:
    """Load the data, fit, save."""

    def preparing(n_done: int, n_all: int) -> None:
        reporter.check()
        reporter.update(phase=f"preparing data: {n_done:,} of {n_all:,}")

    data_set = load_data_set(request.data, on_progress=preparing)
    check_same_data(request, data_set.about.fingerprint)
    if not request.data_fingerprint:
        changed = {"data_fingerprint": data_set.about.fingerprint}
        request = request.model_copy(update=changed)
        write_atomically(folder / REQUEST, request.model_dump_json(indent=2))
    fit = fit_pca_codec if request.codec == "pca" else fit_autoencoder
    codec, history = fit(folder, request, data_set, reporter)
    reporter.write(phase="saving")
    config = CheckpointConfig(
        codec=request.codec,
        name=request.name,
        data=request.data,
        data_fingerprint=data_set.about.fingerprint,
        item_shape=data_set.about.item_shape,
        latent_dim=codec.latent_dim,
        model=request.model,
        training=request.training if request.codec == "autoencoder" else None,
        preset=request.preset,
    )
    card = make_card(config, data_set, history)
    save_checkpoint(folder, config, codec, history=history, card=card)
    if request.codec == "autoencoder":
        reporter.write(phase="fitting PCA to compare with")
        with suppress(AeCoreError):  # too few items for so many axes: a model without a partner
            add_pca_line(folder, data_set, card)


def fit_autoencoder(
    folder: Path, request: RunRequest, data_set: DataSet, reporter: Reporter
) -> "tuple[Codec, list[dict[str, object]]]":
    """Train, saving, reporting and showing on the way."""
    reporter.write(phase="loading torch")
    import torch

    from ae_core.codecs.autoencoder import build_autoencoder
    from ae_core.processes.devices import n_cores
    from ae_core.training.loop import Training

    settings, model_config = request.training, request.model
    assert model_config is not None  # RunRequest's own rule
    torch.set_num_threads(settings.n_threads or n_cores())
    model = build_autoencoder(model_config, data_set.about.item_shape, seed=settings.seed)
    training = Training(model, data_set.items, *data_set.split(), settings)
    if (folder / RESUME).is_file():
        load_state(folder, training)
        reporter.update(epoch=len(training.history), seconds=training.position.seconds)
    gallery = Gallery(folder, data_set, training)
    progress_before, seconds_before = training.moment().progress, training.position.seconds
    saved_at = time.monotonic()
    for moment in training.steps():
        seconds = training.position.seconds
        gained = moment.progress - progress_before
        reporter.update(
            phase=moment.phase,
            progress=min(moment.progress, 1.0),
            epoch=len(training.history),
            seconds=seconds,
            seconds_left=(seconds - seconds_before) / gained * (1 - moment.progress)
            if gained > 0
            else None,
        )
        if moment.epoch_ended:
            write_atomically(folder / HISTORY, as_lines(training.history))
            gallery.show(len(training.history))
        cancelled = reporter.cancelled.is_set()
        if cancelled or time.monotonic() - saved_at > settings.save_interval_s:
            save_state(folder, training)
            saved_at = time.monotonic()
        if cancelled:
            raise CancelledError
    save_state(folder, training)  # what follows may be interrupted too
    return model.to("cpu").eval(), training.history


def as_lines(history: list[dict[str, object]]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in history)


def save_state(folder: Path, training: "Training") -> None:
    """Tensors and, in the same file's header, the rest: one rename makes both current."""
    from safetensors.torch import save

    tensors, rest = training.state()
    write_atomically(folder / RESUME, save(tensors, metadata={"rest": rest}))


def load_state(folder: Path, training: "Training") -> None:
    """Go on where `save_state` was called.

    Raises:
        JobError: The file is broken.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / RESUME
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            training.restore(tensors, file.metadata()["rest"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise JobError(
            f"The last save of run {folder.name!r} cannot be read ({path}: {error}): bring that "
            "file back from a copy, or delete it and resume to train again from the start, or "
            "start a new run under another name."
        ) from error


class Gallery:
    """Shows after every epoch what the model makes of the same held-out items."""

    def __init__(self, folder: Path, data_set: DataSet, training: "Training") -> None:
        self.folder, self.training = folder, training
        _, held_out = data_set.split()
        rows = watch.watched_rows(held_out, training.model.latent_dim)
        self.items = np.ascontiguousarray(data_set.items[rows])
        watch.begin(folder, self.items, rows)

    def show(self, epoch: int) -> None:
        import torch

        from ae_core.codecs.codes import as_floats, as_pictures

        model, device = self.training.model, self.training.fabric.device
        with torch.inference_mode():
            parts = [
                model.encode(as_floats(self.items[start : start + _BATCH]).to(device))
                for start in range(0, len(self.items), _BATCH)
            ]
            codes = torch.cat(parts).float()  # (n, latent_dim)
            pictures = as_pictures(model.decode(codes[: watch.N_PICTURES]).float())
        watch.add_frame(self.folder, epoch, pictures, codes.cpu().numpy())


def fit_pca_codec(
    folder: Path, request: RunRequest, data_set: DataSet, reporter: Reporter
) -> "tuple[Codec, list[dict[str, object]]]":
    """Fit PCA; its history is one line."""
    from ae_core.codecs.pca import fit_pca

    started = time.monotonic()

    def passed(n_done: int, n_all: int) -> None:
        reporter.check()
        reporter.update(phase="fitting", progress=n_done / n_all)

    train, held_out = data_set.split()
    n_used = request.training.max_items or len(train)
    codec = fit_pca(data_set.items, train[:n_used], request.latent_dim, on_progress=passed)
    seconds = round(time.monotonic() - started, 3)
    scores = held_out_scores(codec, data_set.items, held_out)
    reporter.update(epoch=1, seconds=seconds)
    return codec, [{"epoch": 1, "seconds": seconds, "train": {}, "held_out": scores}]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
