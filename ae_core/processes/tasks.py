"""Work of seconds to minutes, done in a process of its own that a page only watches.

A task's whole state is one JSON file under the cache: reloading the page, or restarting the app,
loses nothing. What a task makes appears by a rename when it is whole, so cancelling is killing.
Which kinds of work there are is said in `ae_core.long_work`, above the rooms that do them.
"""

import hashlib
import json
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

from filelock import FileLock
from pydantic import Field

from ae_core.config import Settings
from ae_core.errors import TaskError, UnreadableFileError
from ae_core.locations import cache_dir, write_atomically
from ae_core.processes.detached import ProcessIdentity, start_detached
from ae_core.processes.failures import Remedy, explain_error, explain_exit
from ae_core.processes.once import is_to_start
from ae_core.processes.priority import lower_priority
from ae_core.processes.progress import CancelledError
from ae_core.reading import read_settings

State = Literal["running", "done", "failed", "cancelled"]
Arguments = dict[str, str | int]

_SAVE_INTERVAL_S = 0.25
# An ended task is listed so long, and its result looked for; then it is forgotten.
_LISTED_S = 3600.0
# A process that was just started takes so long to write its pid, on a busy machine too.
_STARTING_S = 30.0


class Task(Settings):
    """What is known of a task.

    Attributes come from its file; `state` is corrected to "failed" when its process is gone.
    """

    task_id: str = Field(description="Same work, same id: starting it twice starts it once.")
    kind: str = Field(description="Which work: a key of `ae_core.long_work.TASKS`.")
    title: str = Field(description="What a person reads.")
    arguments: Arguments = Field(description="What it works on.")
    state: State = Field(description="Where it stands.")
    pid: int = Field(0, description="Process that works on it; 0 before it has reported.")
    process_created: float = Field(0, description="Its creation time: pids are used again.")
    started: float = Field(description="Unix time.")
    updated: float = Field(description="Unix time of the last change.")
    progress: float = Field(0.0, ge=0, le=1, description="Share done.")
    phase: str = Field("", description="What is being done.")
    message: str = Field("", description="What went wrong, and the remedy.")

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the pace so far; nothing before one step in fifty is done."""
        if self.progress < 0.02:
            return None
        return (self.updated - self.started) * (1 - self.progress) / self.progress

    @property
    def process(self) -> ProcessIdentity:
        return ProcessIdentity(self.pid, self.process_created)

    def with_(self, **changes: object) -> Self:
        """A copy with some fields changed, now."""
        return self.model_copy(update={"updated": time.time(), **changes})


def task_id(kind: str, arguments: Arguments) -> str:
    """Identity of a piece of work."""
    text = json.dumps([kind, arguments], sort_keys=True)
    return f"{kind}-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"


# --- In the process of a page ---------------------------------------------------------------


def start(module: str, kind: str, title: str, arguments: Arguments, *, fresh: bool = False) -> Task:
    """Start a task once, whoever starts it and from however many processes.

    Args:
        module: Run with the task's id: `python -m module ID` must call `work_on`.
        kind: Which work.
        title: What a person reads beside the progress bar.
        arguments: What the work needs; part of the task's identity.
        fresh: Start it again also where it failed or was cancelled.

    Returns:
        The task: a new one, the one that is running, or, without `fresh`, how it failed.

    Raises:
        TaskError: The process cannot be started.
    """
    name = task_id(kind, arguments)
    try:
        with _lock():
            task = _read(name)
            if task is not None and not is_to_start(task.state, fresh=fresh):
                return task
            now = time.time()
            task = Task(
                task_id=name, kind=kind, title=title, arguments=arguments, state="running",
                started=now, updated=now,
            )  # fmt: skip
            _write(task)
            try:
                start_detached(module, name, log=_log(name))
            except OSError:
                _file(name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise TaskError(
            f"{title}: it could not be started ({error.strerror or error}): see that "
            f"{cache_dir()} can be written to and its disk has space, then try again."
        ) from error
    return task


def read(name: str) -> Task | None:
    """A task by id, "failed" where its process is gone; nothing if there is none."""
    task = _read_file(name)
    if task is None or not _is_lost(task):
        return task
    with _lock():
        return _read(name)


def list_tasks() -> list[Task]:
    """Tasks that run, and those that ended within the last hour; the newest first."""
    tasks = []
    for path in _folder().glob("*.json"):
        task = read(path.stem)
        if task is not None and (task.state == "running" or _is_recent(task.updated)):
            tasks.append(task)
        elif not _is_recent(_modified(path)):  # ended long ago, or not a task of this version
            _delete_files(path.stem)
    return sorted(tasks, key=lambda task: -task.started)


def forget(task: Task) -> None:
    """Take an ended task out of the list."""
    _delete_files(task.task_id)


def cancel(task: Task) -> None:
    """End a running task; nothing half-made is left under a final name."""
    if read(task.task_id) is None:
        return
    with _lock():
        current = _read(task.task_id)
        if current is None or current.state != "running":
            return
        _write(current.with_(state="cancelled"))
    current.process.kill(current.task_id)


def _is_lost(task: Task) -> bool:
    """Whether it should be running and its process is gone."""
    if task.state != "running":
        return False
    if task.pid == 0:
        return time.time() - task.started > _STARTING_S
    return not task.process.is_alive


def _read(name: str) -> Task | None:
    """`read` for those who hold the lock: a lost task is corrected on disk."""
    task = _read_file(name)
    if task is None or not _is_lost(task):
        return task
    task = task.with_(state="failed", message=explain_exit(None, _remedy(name)))
    with suppress(OSError):  # a full disk: whoever reads it next finds the same
        _write(task)
    return task


def _read_file(name: str) -> Task | None:
    try:
        return read_settings(_file(name), Task)
    except UnreadableFileError:  # none, or not a task of this version
        return None


def _write(task: Task) -> None:
    write_atomically(_file(task.task_id), task.model_dump_json())


def _delete_files(name: str) -> None:
    for path in (_file(name), _log(name)):
        path.unlink(missing_ok=True)


def _folder() -> Path:
    return cache_dir() / "tasks"


def _file(name: str) -> Path:
    return _folder() / f"{name}.json"


def _log(name: str) -> Path:
    """What a task's process and its libraries print."""
    return _folder() / f"{name}.log"


def _lock() -> FileLock:
    """Held while a task's file is read, judged and written: two processes never do so at once."""
    _folder().mkdir(parents=True, exist_ok=True)
    return FileLock(_folder() / ".lock")


def _is_recent(time_s: float) -> bool:
    return time.time() - time_s < _LISTED_S


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()  # somebody else has deleted it


def _remedy(name: str) -> Remedy:
    return Remedy(again="start it again", log=str(_log(name)))


# --- In the task's process ------------------------------------------------------------------


def work_on(name: str, find_work: Callable[[str], Callable[..., None]]) -> int:
    """Do a task in this process; the exit status.

    Args:
        name: The task's id.
        find_work: A kind to the function that does it: (on_progress, **arguments).
    """
    lower_priority()
    reporter = _Reporter(name)
    try:
        task = reporter.change(**_own_process())
        find_work(task.kind)(reporter, **task.arguments)
        reporter.change(state="done", progress=1.0)
    except CancelledError:
        return 0
    except Exception as error:
        traceback.print_exc()
        with suppress(CancelledError, OSError):
            reporter.change(state="failed", message=explain_error(error, _remedy(name)))
        return 1
    return 0


def _own_process() -> dict[str, object]:
    identity = ProcessIdentity.of_this_process()
    return {"pid": identity.pid, "process_created": identity.created}


class _Reporter:
    """Writes progress to the task's file a few times a second; stops a cancelled task."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._saved = 0.0

    def __call__(self, message: str, fraction: float) -> None:
        now = time.monotonic()
        if now - self._saved >= _SAVE_INTERVAL_S or fraction >= 1:
            self._saved = now
            self.change(phase=message, progress=min(max(fraction, 0.0), 1.0))

    def change(self, **changes: object) -> Task:
        """Write some fields of a task that is still wanted.

        Raises:
            CancelledError: It was cancelled, or its file is gone.
        """
        with _lock():
            task = _read_file(self._name)
            if task is None or task.state != "running":
                raise CancelledError
            task = task.with_(**changes)
            _write(task)
        return task
