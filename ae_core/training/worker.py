"""The process behind a run: `python -m ae_core.training.worker FOLDER`; started by `runs`."""

import errno
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ae_core.codecs.cards import add_pca_line, make_card
from ae_core.codecs.checkpoints import save_checkpoint
from ae_core.config import CheckpointConfig
from ae_core.data.catalogue import load_data_set
from ae_core.errors import AeCoreError
from ae_core.locations import checkpoints_dir, write_atomically
from ae_core.processes.priority import step_back
from ae_core.processes.progress import CancelledError
from ae_core.training.fits import FITS
from ae_core.training.reporter import Reporter
from ae_core.training.runs import (
    REQUEST,
    RESUME,
    RunRequest,
    check_same_data,
    find_run,
    list_runs,
)


def main(folder: Path) -> None:
    """Wait for the turn, train, and leave a final state whatever happens."""
    with file_lock(folder / ".lock") as is_ours:
        if not is_ours:
            return  # resumed twice at once: the other process has it
        run = find_run(folder.name)
        request = run.request
        reporter = Reporter(folder, queued_at=run.status.queued_at)
        lower_priority()
        try:
            with turn(reporter, run.name):
                reporter.write(
                    state="running",
                    phase="preparing data",
                    n_epochs=FITS[request.codec].n_epochs(request),
                )
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


def lower_priority() -> None:
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
        item_shape=data_set.about.item_shape,
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
