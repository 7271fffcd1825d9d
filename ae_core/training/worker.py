"""The process behind a run: `python -m ae_core.training.worker FOLDER`; started by `runs`."""

import sys
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ae_core.codecs import verdict
from ae_core.codecs.cards import card_with_verdict, make_card
from ae_core.codecs.checkpoints import CARD, save_checkpoint
from ae_core.codecs.config import CheckpointConfig
from ae_core.data.catalogue import load_data_set
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.locations import write_atomically
from ae_core.processes.failures import Remedy, explain_error, print_traceback
from ae_core.processes.progress import CancelledError
from ae_core.processes.signals import EndSignals
from ae_core.training.fits import FITS, Fitted
from ae_core.training.reporter import Reporter
from ae_core.training.runs import REQUEST, RunRequest, check_same_data, find_run, is_its_turn
from ae_core.training.status import LOCK, LOG, RESUME

# Whoever started this process holds the lock until its pid is on disk.
LOCKED_FOR_S = 10.0


def main(folder: Path, signals: EndSignals | None = None) -> None:
    """Wait for the turn, train, and leave a final state whatever happens.

    Args:
        folder: The run's.
        signals: Of the system, at which the run saves and ends; None where others handle them.
    """
    if not folder.is_dir():
        return  # removed before it began; the lock would bring it back
    try:
        lock = FileLock(folder / LOCK, timeout=LOCKED_FOR_S).acquire()
    except Timeout:
        return  # resumed twice at once: the other process has it
    with lock:
        run_in_turn(folder, Reporter(folder, signals))


def run_in_turn(folder: Path, reporter: Reporter) -> None:
    """Train when it is this run's turn; the final state is written before anything is printed."""
    remedy = Remedy("start a new run", log=f"{LOG} in the run's folder")
    try:
        run = find_run(folder.name)
        remedy = remedy_for(run.request)
        wait_for_turn(reporter, run.name)
        n_epochs = FITS[run.request.codec].n_epochs(run.request)
        reporter.write(state="running", phase="preparing data", n_epochs=n_epochs)
        message = work(folder, run.request, reporter)
    except CancelledError:
        reporter.end(state="cancelled", message=reporter.words_of_stop)
    except BaseException as error:
        is_folder_gone = reporter.is_folder_gone
        reporter.end(state="failed", message=explain_error(error, remedy))
        if not is_folder_gone:
            print_traceback()
    else:
        reporter.end(state="done", progress=1.0, phase="done", message=message)
        # the last thing: whatever interrupts a run before goes on from here, not from nothing
        with suppress(OSError):
            (folder / RESUME).unlink(missing_ok=True)


def remedy_for(request: RunRequest) -> Remedy:
    """What a person can do when the run fails."""
    batch_size = f"the batch size (`batch_size` {request.training.batch_size})"
    is_trained = FITS[request.codec].is_trained
    smaller = f"lower {batch_size} or the widths" if is_trained else "lower the code size"
    return Remedy("resume", log=f"{LOG} in the run's folder", smaller=smaller)


def wait_for_turn(reporter: Reporter, name: str) -> None:
    """Wait until no other run is going, first come, first served."""
    while not is_its_turn(name, reporter.queued_monotonic):
        reporter.check()
        time.sleep(0.3)


def work(folder: Path, request: RunRequest, reporter: Reporter) -> str:
    """Load the data, fit, save, judge; what is to be said of it at the end."""

    def preparing(message: str, fraction: float) -> None:
        reporter.check()
        reporter.update(phase=f"preparing data ({message})")

    data_set = load_data_set(request.data, on_progress=preparing)
    check_same_data(request, data_set.about.fingerprint)
    if not request.data_fingerprint:
        changed = {"data_fingerprint": data_set.about.fingerprint}
        request = request.model_copy(update=changed)
        content = request.model_dump_json(indent=2)
        write_atomically(folder / REQUEST, content, make_folder=False)
    fit = FITS[request.codec]
    fitted = fit.fit(folder, request, data_set, reporter)
    save(folder, request, data_set, fitted, reporter)
    if not fitted.is_part:
        return ""
    return f"Stopped by hand: the model is that of epoch {fitted.kept.epoch}."


def save(
    folder: Path, request: RunRequest, data_set: DataSet, fitted: Fitted, reporter: Reporter
) -> None:
    """Make a checkpoint of the run's folder, and say on its card how it stands to PCA."""
    reporter.write(phase="saving")
    is_trained = FITS[request.codec].is_trained
    config = CheckpointConfig(
        codec=request.codec,
        name=request.name,
        data=request.data,
        data_fingerprint=data_set.about.fingerprint,
        item=data_set.about.item,
        latent_dim=fitted.codec.latent_dim,
        model=request.model,
        training=request.training if is_trained else None,
        preset=request.preset,
    )
    card = make_card(config, data_set, fitted.history, fitted.kept)
    saved = save_checkpoint(folder, config, fitted.codec, history=fitted.history, card=card)
    if is_trained:
        reporter.write(phase="comparing with PCA")
        with suppress(AeCoreError):  # too few items for PCA: a model without a verdict
            found = verdict.measure_and_write(saved, data_set, fitted.history, fitted.kept)
            write_atomically(folder / CARD, card_with_verdict(card, found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), EndSignals())
