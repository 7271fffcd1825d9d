"""Work of seconds to minutes, done in a process of its own that a page only watches.

A task's whole state is one JSON file under the cache: reloading the page, or restarting the app,
loses nothing. What a task makes appears by a rename when it is whole, so cancelling is killing.
Which kinds of work there are is said in `ae_core.long_work`, above the rooms that do them.

A task has owners: whoever asked for it is shown its title and how it ended, others only that
something runs. Several who need the same work share one task.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self

import psutil
from filelock import FileLock
from pydantic import Field

from ae_core.config import Settings
from ae_core.errors import TaskError, UnreadableFileError
from ae_core.locations import cache_dir, discard, write_state
from ae_core.processes.detached import ProcessIdentity, start_detached
from ae_core.processes.failures import Remedy, explain_error, explain_exit, print_traceback
from ae_core.processes.once import is_to_start
from ae_core.processes.progress import CancelledError, Estimate
from ae_core.reading import read_settings

State = Literal["running", "done", "failed", "cancelled"]
Arguments = dict[str, str | int]

_SAVE_INTERVAL_S = 0.25
# An ended task is listed so long, and its result looked for; then it is forgotten.
_LISTED_S = 3600.0
# A task's lock is held for milliseconds, unless a process is stopped while it holds it. A page does
# not wait for that; the task's own process, which may have a slow disk, waits longer.
_PAGE_WAITS_S, _TASK_WAITS_S = 10.0, 60.0


class Task(Settings, allow_inf_nan=False):
    """What is known of a task.

    Attributes come from its file; `state` is corrected to "failed" when its process is gone.
    """

    task_id: str = Field(description="Same work, same id: starting it twice starts it once.")
    kind: str = Field(description="Which work: a key of `ae_core.long_work.TASKS`.")
    title: str = Field(description="What a person reads.")
    arguments: Arguments = Field(description="What it works on.")
    owners: tuple[str, ...] = Field((), description="Who is shown it; see `zoetrope.ui.owner`.")
    left: tuple[str, ...] = Field((), description="Owners who have taken it out of their list.")
    state: State = Field(description="Where it stands.")
    pid: int = Field(0, ge=0, description="Process that works on it.")
    process_created: float = Field(0, description="Its creation time: pids are used again.")
    started: float = Field(description="Unix time.")
    updated: float = Field(description="Unix time of the last change.")
    progress: float = Field(0.0, ge=0, le=1, description="Share done.")
    phase: str = Field("", description="What is being done.")
    seconds_left: float | None = Field(None, ge=0, description="Estimate; none if not known yet.")
    message: str = Field("", description="What went wrong, and the remedy.")

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


def start(
    module: str,
    kind: str,
    title: str,
    arguments: Arguments,
    *,
    owner: str = "",
    fresh: bool = False,
) -> Task:
    """Start a task once, whoever starts it and from however many processes.

    Args:
        module: Run with the task's id: `python -m module ID` must call `work_on`.
        kind: Which work.
        title: What its owners read beside the progress bar.
        arguments: What the work needs; part of the task's identity.
        owner: Who asks, and is shown it from now on; empty: nobody is.
        fresh: Start it again also where it failed or was cancelled.

    Returns:
        The task: a new one, the one that is running, or, without `fresh`, how it failed.

    Raises:
        TaskError: The process cannot be started.
    """
    name = task_id(kind, arguments)
    owners = (owner,) if owner else ()
    try:
        with _lock(name):
            task = _read(name)
            if task is not None and not is_to_start(task.state, fresh=fresh):
                return _with_owner(task, owner, fresh=fresh)
            return _start(module, Task(
                task_id=name, kind=kind, title=title, arguments=arguments, owners=owners,
                state="running", started=time.time(), updated=time.time(),
            ))  # fmt: skip
    except OSError as error:
        raise TaskError(
            f"{title}: it could not be started ({error.strerror or error}): see that "
            f"{cache_dir()} can be written to and its disk has space, then try again."
        ) from error


def _start(module: str, task: Task) -> Task:
    """Start its process, which waits for the lock that the caller holds, and write its file."""
    process = start_detached(module, task.task_id, log=_log(task.task_id))
    task = task.with_(pid=process.pid, process_created=process.created)
    try:
        _write(task)
    except OSError:
        process.kill(task.task_id)
        raise
    return task


def _with_owner(task: Task, owner: str, *, fresh: bool) -> Task:
    """The task with one owner more; one who has left it comes back only by a person's wish."""
    if not owner or owner in task.owners or (owner in task.left and not fresh):
        return task
    left = tuple(one for one in task.left if one != owner)
    task = task.model_copy(update={"owners": (*task.owners, owner), "left": left})
    with suppress(OSError):  # a full disk: it goes on, and the next rerun asks again
        _write(task)
    return task


def read(name: str) -> Task | None:
    """A task by id, "failed" where its process is gone; nothing if there is none."""
    task = _read_file(name)
    if task is None or not _is_lost(task):
        return task
    try:
        with _lock(name):
            return _read(name)
    except OSError:  # the cache cannot be written to: nobody else corrects it either
        return _lost(task)


def list_tasks() -> list[Task]:
    """Tasks that run, and those that ended within the last hour; the newest first.

    What is no task of this version is passed over, and deleted when it is as old.
    """
    tasks = []
    for name in {path.stem for path in _folder().glob("*.*")}:
        task = read(name)
        if task is not None and (task.state == "running" or _is_recent(task.updated)):
            tasks.append(task)
        else:
            _delete_old_files(name)
    return sorted(tasks, key=lambda task: -task.started)


def leave(task: Task, owner: str) -> None:
    """Take a task out of one owner's list; if nobody else waits for it, it ends.

    One that runs is cancelled then, and one that has ended is forgotten: a page that still needs
    its result starts it anew.

    Raises:
        TaskError: Its process cannot be ended.
    """
    try:
        with _lock(task.task_id):
            current = _read(task.task_id)
            if current is None:
                return
            owners = tuple(one for one in current.owners if one != owner)
            if owners:
                _write(current.with_(owners=owners, left=(*current.left, owner)))
                return
    except OSError as error:
        raise _refusal(task, error) from error
    if current.state == "running":
        cancel(current)
    else:
        forget(current)


def forget(task: Task) -> None:
    """Take an ended task out of everybody's list."""
    for path in (_file(task.task_id), _log(task.task_id)):
        discard(path)


def cancel(task: Task) -> None:
    """End a running task; nothing half-made is left under a final name.

    Raises:
        TaskError: Its process cannot be ended.
    """
    if read(task.task_id) is None:
        return
    try:
        with _lock(task.task_id):
            current = _read(task.task_id)
            if current is None or current.state != "running":
                return
            _write(current.with_(state="cancelled"))
        current.process.kill(current.task_id)
    except (OSError, psutil.Error) as error:
        raise _refusal(task, error) from error


def _refusal(task: Task, error: Exception) -> TaskError:
    return TaskError(
        f"{task.title}: it could not be ended ({error}): see that {cache_dir()} can be written to "
        "and its disk has space, then try again."
    )


def _is_lost(task: Task) -> bool:
    """Whether it should be running and its process is gone."""
    return task.state == "running" and not task.process.is_alive


def _lost(task: Task) -> Task:
    return task.with_(state="failed", message=explain_exit(None, _remedy(task.task_id)))


def _read(name: str) -> Task | None:
    """`read` for those who hold the lock: a lost task is corrected on disk."""
    task = _read_file(name)
    if task is None or not _is_lost(task):
        return task
    task = _lost(task)
    with suppress(OSError):  # a full disk: whoever reads it next finds the same
        _write(task)
    return task


def _read_file(name: str) -> Task | None:
    try:
        task = read_settings(_file(name), Task)
    except UnreadableFileError:  # none, or not a task of this version
        return None
    return task if task.task_id == name else None  # a copy would name another's process and files


def _write(task: Task) -> None:
    write_state(_file(task.task_id), task.model_dump_json())


def _delete_old_files(name: str) -> None:
    """What lies under a name that is no task: its lock too, which nobody holds any more."""
    paths = [_folder() / f"{name}{ending}" for ending in (".json", ".log", ".lock")]
    if not any(_is_recent(_modified(path)) for path in paths if os.path.lexists(path)):
        for path in paths:
            discard(path)


def _folder() -> Path:
    return cache_dir() / "tasks"


def _file(name: str) -> Path:
    return _folder() / f"{name}.json"


def _log(name: str) -> Path:
    """What a task's process and its libraries print."""
    return _folder() / f"{name}.log"


def _lock(name: str, timeout_s: float = _PAGE_WAITS_S) -> FileLock:
    """Held while a task's file is read, judged and written: two processes never do so at once.

    Taking it raises an OSError where that is impossible.
    """
    return FileLock(_folder() / f"{name}.lock", timeout=timeout_s)


def _is_recent(time_s: float) -> bool:
    return abs(time.time() - time_s) < _LISTED_S  # a clock that was ahead is set back one day


def _modified(path: Path) -> float:
    try:
        return path.lstat().st_mtime
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
    reporter = _Reporter(name)
    try:
        task = reporter.change()
        find_work(task.kind)(reporter, **task.arguments)
        reporter.change(state="done", progress=1.0)
    except CancelledError:
        return 0
    except Exception as error:
        with suppress(CancelledError, OSError):
            reporter.change(state="failed", message=explain_error(error, _remedy(name)))
        print_traceback()
        return 1
    return 0


class _Reporter:
    """Writes progress to the task's file a few times a second; stops a cancelled task."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._saved = 0.0
        self._estimate = Estimate()

    def __call__(self, message: str, fraction: float) -> None:
        now = time.monotonic()
        fraction = min(max(fraction, 0.0), 1.0)
        self._estimate.observe(fraction, now)
        if now - self._saved >= _SAVE_INTERVAL_S or fraction >= 1:
            self._saved = now
            with suppress(OSError):  # a full disk: the work itself says it if it needs space
                left = self._estimate.seconds_left(now)
                self.change(phase=message, progress=fraction, seconds_left=left)

    def change(self, **changes: object) -> Task:
        """Write some fields of a task that is still wanted.

        Raises:
            CancelledError: It was cancelled, or its file is gone.
            OSError: The disk is full.
        """
        with _lock(self._name, _TASK_WAITS_S):
            task = _read_file(self._name)
            if task is None or task.state != "running":
                raise CancelledError
            task = task.with_(**changes)
            _write(task)
        return task
