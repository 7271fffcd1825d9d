"""The process behind a run: `python -m ae_core.training.worker FOLDER`; started by `runs`."""

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ae_core.codecs.cards import add_pca_line, make_card
from ae_core.codecs.checkpoints import save_checkpoint
from ae_core.codecs.config import CheckpointConfig
from ae_core.data.catalogue import load_data_set
from ae_core.errors import AeCoreError
from ae_core.locations import checkpoints_dir, write_atomically
from ae_core.processes.failures import Remedy, explain_error
from ae_core.processes.priority import lower_priority
from ae_core.processes.progress import CancelledError
from ae_core.training.fits import FITS
from ae_core.training.reporter import Reporter
from ae_core.training.runs import (
    LOG,
    REQUEST,
    RESUME,
    RunRequest,
    check_same_data,
    find_run,
    list_runs,
)


def main(folder: Path) -> None:
    """Wait for the turn, train, and leave a final state whatever happens."""
    try:
        lock = FileLock(folder / ".lock").acquire(blocking=False)
    except Timeout:
        return  # resumed twice at once: the other process has it
    with lock:
        run = find_run(folder.name)
        reporter = Reporter(folder, queued_at=run.status.queued_at)
        lower_priority()
        try:
            with turn(reporter, run.name):
                n_epochs = FITS[run.request.codec].n_epochs(run.request)
                reporter.write(state="running", phase="preparing data", n_epochs=n_epochs)
                work(folder, run.request, reporter)
        except CancelledError:
            reporter.end(state="cancelled", message="Cancelled: resume goes on from here.")
        except BaseException as error:
            traceback.print_exc()
            message = explain_error(error, remedy_for(run.request))
            reporter.end(state="failed", message=message)
        else:
            reporter.end(state="done", progress=1.0, phase="done", message="")
            # the last thing: whatever interrupts a run before goes on from here, not from nothing
            (folder / RESUME).unlink(missing_ok=True)


def remedy_for(request: RunRequest) -> Remedy:
    """What a person can do when the run fails."""
    batch_size = f"the batch size (`batch_size` {request.training.batch_size})"
    is_trained = FITS[request.codec].is_trained
    smaller = f"lower {batch_size} or the widths" if is_trained else "lower the code size"
    return Remedy("resume", log=f"{LOG} in the run's folder", smaller=smaller)


@contextmanager
def turn(reporter: Reporter, name: str) -> Iterator[None]:
    """Wait until no other run is going, first come, first served."""
    lock = FileLock(checkpoints_dir() / ".queue.lock", blocking=False)
    while not (is_first(name) and acquire_if_free(lock)):
        reporter.check()
        time.sleep(0.3)
    try:
        yield
    finally:
        lock.release()


def acquire_if_free(lock: FileLock) -> bool:
    """Whether the lock is ours now; the system gives it back however this process ends."""
    try:
        lock.acquire()
    except Timeout:
        return False
    return True


def is_first(name: str) -> bool:
    """Whether no run that waits was started before this one."""
    waiting = [run for run in list_runs() if run.status.state == "queued"]
    return not waiting or min(waiting, key=lambda run: run.status.queued_at).name == name


def work(folder: Path, request: RunRequest, reporter: Reporter) -> None:
    """Load the data, fit, save."""

    def preparing(message: str, fraction: float) -> None:
        reporter.check()
        reporter.update(phase=f"preparing data ({message})")

    data_set = load_data_set(request.data, on_progress=preparing)
    check_same_data(request, data_set.about.fingerprint)
    if not request.data_fingerprint:
        changed = {"data_fingerprint": data_set.about.fingerprint}
        request = request.model_copy(update=changed)
        write_atomically(folder / REQUEST, request.model_dump_json(indent=2))
    fit = FITS[request.codec]
    codec, history = fit.fit(folder, request, data_set, reporter)
    reporter.write(phase="saving")
    config = CheckpointConfig(
        codec=request.codec,
        name=request.name,
        data=request.data,
        data_fingerprint=data_set.about.fingerprint,
        item=data_set.about.item,
        latent_dim=codec.latent_dim,
        model=request.model,
        training=request.training if fit.is_trained else None,
        preset=request.preset,
    )
    card = make_card(config, data_set, history)
    save_checkpoint(folder, config, codec, history=history, card=card)
    if fit.is_trained:
        reporter.write(phase="fitting PCA to compare with")
        with suppress(AeCoreError):  # too few items for so many axes: a model without a partner
            add_pca_line(folder, data_set, card)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
