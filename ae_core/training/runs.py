"""Runs: training in a process of its own, whose whole state is files in the run's folder.

    checkpoints/NAME/request.json        what was asked for
                     status.json         state, progress, heartbeat, process
                     history.jsonl       one line an epoch
                     resume.safetensors  to go on from, every 30 s
                     watch/              pictures and codes by epoch (see ae_core.training.watch)
                     worker.log          what the process said
                     cancel              somebody wants it to stop; "keep": as a checkpoint

Nothing here imports torch: any page, or a shell, can start, watch, cancel and resume. Closing the
app loses nothing. Runs wait for each other: one trains at a time, in the order they were started.
"""

import itertools
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import psutil
from filelock import FileLock, Timeout
from pydantic import Field, model_validator

from ae_core.codecs.checkpoints import read_history
from ae_core.codecs.kinds import codec_kind
from ae_core.config import ModelConfig, Settings, TrainingConfig, check_name, validated
from ae_core.data.catalogue import about_data_set, is_ready
from ae_core.errors import ConfigError, DataError, MissingFileError, RunError, UnreadableFileError
from ae_core.locations import (
    checkpoints_dir,
    home,
    shipped_checkpoints_dir,
    write_atomically,
)
from ae_core.models.composition import check_composition
from ae_core.processes.detached import start_detached
from ae_core.reading import read_each, read_once, read_settings, read_text, subfolders
from ae_core.training.status import (
    GOING,
    LOCK,
    LOG,
    RESUMABLE,
    RESUME,
    STATUS,
    Status,
    read_status,
    write_status,
)

REQUEST, CANCEL = "request.json", "cancel"
# What `cancel` says where the model so far is to be kept.
_KEEP, _MAX_CANCEL_BYTES = "keep", 100
_LOCKED_FOR_S = 5.0
# A run that waits reports twice a second; one that does not is passed by those behind it.
PASSED_AFTER_S = 10.0


class RunRequest(Settings):
    """What to train, on what, under which name."""

    name: str = Field(description="Name of the run, and of the checkpoint it becomes.")
    data: str = Field(description="Data set to fit on.")
    codec: str = Field("autoencoder", description="Kind of codec.")
    model: ModelConfig | None = Field(None, description="Composition; none for PCA.")
    training: TrainingConfig = Field(default_factory=TrainingConfig, description="How to fit it.")
    latent_dim: int = Field(32, ge=1, le=1024, description="PCA: code size.")
    preset: str = Field("", description="Preset it started from.")
    further: tuple[Annotated[int, Field(ge=1, le=10_000)], ...] = Field(
        (),
        max_length=100,
        description="Epochs of each stretch that was added when the run was done.",
    )
    data_fingerprint: str = Field(
        "", description="Fingerprint of the data set's items; empty until they are known."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_name(self.name)
        codec_kind(self.codec).check_model(self.model)
        return self


@dataclass(frozen=True)
class Run:
    """A run as its files tell it at one moment."""

    name: str
    folder: Path
    request: RunRequest
    status: Status

    def history(self) -> list[dict[str, object]]:
        """One entry an epoch: {"epoch", "seconds", "train": terms, "held_out": terms}."""
        return read_history(self.folder)

    @property
    def is_going(self) -> bool:
        return self.status.state in GOING

    @property
    def is_resumable(self) -> bool:
        return self.status.state in RESUMABLE


def start_run(request: RunRequest) -> Run:
    """Queue a run; it starts at once if no other one is going.

    Raises:
        RunError: There is a run or checkpoint of that name, or the disk is full.
        DataError: The data set does not exist.
        ConfigError: The model cannot take its items.
    """
    with _refusal_in_words(f"Run {request.name!r} could not be started"):
        about = about_data_set(request.data)
        request = request.model_copy(update={"data_fingerprint": _fingerprint_now(request.data)})
        if request.model is not None:
            check_composition(request.model, about.item)
        folder = _new_folder(request.name)
        try:
            write_atomically(folder / REQUEST, request.model_dump_json(indent=2))
            _launch(folder)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)  # the name stays free
            raise
    return find_run(request.name)


def free_name(stem: str) -> str:
    """A name that no run or checkpoint has, also no broken one: stem, stem-2, stem-3, ..."""
    roots = (checkpoints_dir(), shipped_checkpoints_dir())
    taken = {folder.name for root in roots for folder in subfolders(root)}
    numbers = itertools.count(2)
    name = stem = stem[:50]
    while name in taken:
        name = f"{stem}-{next(numbers)}"
    return name


def _new_folder(name: str) -> Path:
    folder = checkpoints_dir() / name
    checkpoints_dir().mkdir(parents=True, exist_ok=True)
    shipped = (shipped_checkpoints_dir() / name).exists()
    try:
        if shipped:
            raise FileExistsError
        folder.mkdir()
    except FileExistsError as error:
        raise RunError(
            f"`name`: there is already a run or checkpoint {name!r}: choose another name."
        ) from error
    return folder


@contextmanager
def _refusal_in_words(what: str) -> Iterator[None]:
    """Say in words what the system refuses: a full disk, a folder that cannot be written."""
    try:
        yield
    except Timeout as error:
        raise RunError(f"{what}: another process is at it. Try again in a moment.") from error
    except OSError as error:
        raise RunError(
            f"{what} ({error.strerror or error}): see that {home()} can be written to "
            "and its disk has space, then try again."
        ) from error


def resume(name: str) -> Run:
    """Go on with a run that was cancelled, failed or lost, from its last save.

    Raises:
        RunError: There is no such run, it is going or done, or its data are others now.
    """
    run = find_run(name)
    if not run.is_resumable:
        raise RunError(f"`name`: run {name!r} is {run.status.state}: there is nothing to resume.")
    check_same_data(run.request, _fingerprint_now(run.request.data))
    end_process(run)  # one that hangs must not wake up beside its successor
    with _refusal_in_words(f"Run {name!r} could not be resumed"):
        try:
            _launch(run.folder)
        except OSError:
            write_status(run.folder, run.status)
            raise
    return find_run(name)


def train_further(name: str, epochs: int) -> Run:
    """Go on with a run that is done: from the weights it has kept, for some epochs more.

    The optimiser begins afresh, and the learning rate follows its schedule once more, over the new
    epochs. The history goes on after the epoch whose weights were kept. The checkpoint stays as it
    is until the new stretch is over.

    Raises:
        RunError: There is no such run, it is not done, or its data are others now.
        ConfigError: It is not trained in epochs, or `epochs` is out of range.
    """
    run = find_run(name)
    if run.status.state != "done":
        raise RunError(
            f"`name`: run {name!r} is {run.status.state}: wait for its end, or resume it."
        )
    if run.request.model is None:
        raise ConfigError(
            f"`name`: {name!r} was fitted at one go: there is nothing to train further."
        )
    check_same_data(run.request, _fingerprint_now(run.request.data))
    values = {**run.request.model_dump(), "further": (*run.request.further, epochs)}
    request = validated(RunRequest, values)
    with _refusal_in_words(f"Run {name!r} could not be trained further"):
        (run.folder / RESUME).unlink(missing_ok=True)
        write_atomically(run.folder / REQUEST, request.model_dump_json(indent=2))
        try:
            _launch(run.folder)
        except OSError:
            write_atomically(run.folder / REQUEST, run.request.model_dump_json(indent=2))
            write_status(run.folder, run.status)
            raise
    return find_run(name)


def end_process(run: Run) -> None:
    """End a run's process at once; nothing where it has none.

    The folder may be a copy of a run that is going: that one's process is left alone.

    Raises:
        RunError: The system does not let it be ended.
    """
    try:
        run.status.process.kill(str(run.folder))
    except psutil.Error as error:
        raise RunError(
            f"The process of run {run.name!r} cannot be ended ({error}): end it by hand, or start "
            "the machine anew."
        ) from error


def check_same_data(request: RunRequest, fingerprint: str) -> None:
    """Refuse to fit other items than those that the run was started on, also before it began.

    Args:
        request: What the run was asked for.
        fingerprint: Of the items that the data set has now; empty if not known.

    Raises:
        RunError: The data set's name stands for other items now.
    """
    before = request.data_fingerprint
    if before and fingerprint and before != fingerprint:
        raise RunError(
            f"`data`: {request.data!r} has other items now (fingerprint {fingerprint}) than when "
            f"run {request.name!r} was started ({before}): start a new run on them, or bring the "
            "old data set back and resume."
        )


def _fingerprint_now(data: str) -> str:
    """Empty where the items are still to be made, or are gone or broken: the worker tells that."""
    try:
        return about_data_set(data).fingerprint if is_ready(data) else ""
    except DataError:
        return ""


def cancel(name: str, *, keep_model: bool = False) -> None:
    """Ask a run to save and stop; it does within a step, and is ended after 20 s if it does not.

    Args:
        name: The run.
        keep_model: The model so far, as it was after its best epoch, becomes a checkpoint, and the
            run is done. Else nothing but the run is left, to be resumed.

    Raises:
        RunError: There is no such run, or it is not going.
    """
    run = find_run(name)
    if not run.is_going:
        raise RunError(f"`name`: run {name!r} is {run.status.state}: there is nothing to cancel.")
    with _refusal_in_words(f"Run {name!r} could not be cancelled"):
        write_atomically(run.folder / CANCEL, _KEEP if keep_model else "", make_folder=False)


def wants_model(folder: Path) -> bool:
    """Whether who has cancelled the run in a folder wants the model so far."""
    try:
        return read_text(folder / CANCEL, max_bytes=_MAX_CANCEL_BYTES) == _KEEP
    except UnreadableFileError:
        return False


def list_runs() -> list[Run]:
    """All runs that have a request and a status, the newest first."""
    return sorted(_read_runs()[0], key=lambda run: run.status.queued_at, reverse=True)


def list_broken_runs() -> dict[str, str]:
    """Folders that look like runs but cannot be read: name to what is wrong."""
    return _read_runs()[1]


def _read_runs() -> tuple[list[Run], dict[str, str]]:
    """A folder that is being created has a request, but no status yet: it is no run so far."""
    folders = [folder for folder in subfolders(checkpoints_dir()) if _looks_like_a_run(folder)]
    return read_each(folders, lambda folder: find_run(folder.name))


def _looks_like_a_run(folder: Path) -> bool:
    try:
        return (folder / REQUEST).exists() and (folder / STATUS).exists()
    except OSError:
        return True  # it cannot be looked into, and reading it says why


def is_its_turn(name: str, queued_monotonic: float) -> bool:
    """Whether no other run trains, and none that waits was started before this one.

    A run that cannot be read, is gone, or is silent keeps nobody waiting.
    """
    for run in list_runs():
        if run.name == name:
            continue
        if run.status.state == "running":
            return False
        is_before = (run.status.queued_monotonic, run.name) < (queued_monotonic, name)
        if run.status.state == "queued" and is_before and run.status.silent_s < PASSED_AFTER_S:
            return False
    return True


def find_run(name: str) -> Run:
    """One run.

    Raises:
        RunError: There is none of that name, or its files are broken.
        ConfigError: No run can have that name.
    """
    folder = checkpoints_dir() / check_name(name)
    try:
        request = read_once(folder / REQUEST, _request_of)
    except MissingFileError as error:
        raise RunError(f"`name`: there is no run {name!r}: start it first.") from error
    except UnreadableFileError as error:
        raise RunError(f"Run {name!r} cannot be read: {error}. Start a new run.") from error
    # the folder may be a copy of another run's: its own name counts
    return Run(name, folder, request.model_copy(update={"name": name}), read_status(name))


def _request_of(path: Path) -> RunRequest:
    return read_settings(path, RunRequest)


def _launch(folder: Path) -> None:
    """Start the worker process, detached: it outlives this one.

    It waits for the lock, so that it says nothing before its pid is on disk.
    """
    now = time.monotonic()
    queued = Status(
        state="queued", queued_at=time.time(), queued_monotonic=now, heartbeat=now, phase="starting"
    )
    with FileLock(folder / LOCK, timeout=_LOCKED_FOR_S):
        (folder / CANCEL).unlink(missing_ok=True)
        write_status(folder, queued)
        process = start_detached(
            "ae_core.training.worker", str(folder), log=folder / LOG, keep_log=True
        )
        started = {"pid": process.pid, "process_created": process.created}
        try:
            write_status(folder, queued.model_copy(update=started))
        except OSError:
            process.kill(str(folder))
            raise
