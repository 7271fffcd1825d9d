"""Work of seconds to minutes, done in a process of its own that a page only watches.

A task's whole state is one JSON file under the cache: reloading the page, or restarting the app,
loses nothing. What a task makes appears by a rename when it is whole, so cancelling is killing.
(Training has its own, richer machinery in `jobs.py`; projections a warm worker.)
"""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self

import psutil
from pydantic import Field, ValidationError

from ae_core.config import Settings
from ae_core.errors import AeCoreError, JobError
from ae_core.locations import cache_dir, project_root, write_atomically
from ae_core.processes.priority import step_back
from ae_core.processes.progress import Progress, stretch

State = Literal["running", "done", "failed", "cancelled"]

_SAVE_EVERY_S = 0.25
_KEEP_S = 3600.0


class Task(Settings):
    """What is known of a task.

    Attributes come from its file; `state` is corrected to "failed" when its process is gone.
    """

    task_id: str = Field(description="Same work, same id: asking twice starts it once.")
    kind: str = Field(description="Which work: a key of the registry.")
    title: str = Field(description="What a person reads.")
    arguments: dict[str, str | int] = Field(description="What it works on.")
    state: State = Field(description="Where it stands.")
    pid: int = Field(0, description="Process that works on it.")
    pid_started: float = Field(0, description="Start of that process, Unix time: pids recur.")
    started: float = Field(description="Unix time.")
    updated: float = Field(description="Unix time of the last sign of life.")
    done: int = Field(0, description="Steps done.")
    total: int = Field(0, description="Steps in all; 0: not known yet.")
    message: str = Field("", description="What went wrong, and the remedy.")

    @property
    def share(self) -> float:
        """Done share, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the pace so far; nothing before one step in fifty is done."""
        if self.share < 0.02:
            return None
        return (self.updated - self.started) * (1 - self.share) / self.share

    def with_(self, **changes: object) -> Self:
        """A copy with some fields changed, now."""
        return self.model_copy(update={"updated": time.time(), **changes})


def _folder() -> Path:
    return cache_dir() / "tasks"


def _log(name: str) -> Path:
    """What a task's process and its libraries print."""
    return _folder() / f"{name}.log"


def _write(task: Task) -> None:
    write_atomically(_folder() / f"{task.task_id}.json", task.model_dump_json())


def task_id(kind: str, arguments: dict[str, str | int]) -> str:
    """Identity of a piece of work."""
    text = json.dumps([kind, arguments], sort_keys=True)
    return f"{kind}-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"


def start(kind: str, title: str, **arguments: str | int) -> Task:
    """Start a task, or find it running already.

    Args:
        kind: "prepare", "add", "encode" or "compare".
        title: What a person reads beside the progress bar.
        arguments: What the work needs; part of the task's identity.

    Raises:
        JobError: There is no such kind, or the process cannot be started.
    """
    if kind not in _WORK:
        raise JobError(f"`kind` must be one of {', '.join(_WORK)}; got {kind!r}.")
    name = task_id(kind, arguments)
    found = read(name)
    if found is not None and found.state == "running":
        return found
    now = time.time()
    task = Task(
        task_id=name, kind=kind, title=title, arguments=arguments, state="running",
        started=now, updated=now,
    )  # fmt: skip
    _write(task)
    try:
        with _log(name).open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "ae_core.processes.tasks", name],
                cwd=project_root(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
    except OSError as error:
        raise JobError(f"{title}: the process could not be started ({error}).") from error
    _reap(process)
    return task


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Collect the child when it ends, so that no zombie looks alive."""
    threading.Thread(target=process.wait, daemon=True).start()


def read(name: str) -> Task | None:
    """A task by id, with a dead one recognised; nothing if there is none."""
    path = _folder() / f"{name}.json"
    try:
        task = Task.model_validate_json(path.read_text())
    except (FileNotFoundError, ValidationError, ValueError):
        return None
    if task.state != "running" or _is_alive(task):
        return task
    again = Task.model_validate_json(path.read_text())  # it may have ended between the two looks
    if again.state != "running":
        return again
    ended = task.with_(
        state="failed",
        message=f"{task.title}: its process ended without a word (out of memory, or killed): "
        "start it again.",
    )
    _write(ended)
    return ended


def _is_alive(task: Task) -> bool:
    if task.pid == 0:  # just started: it has not written its pid yet
        return time.time() - task.started < 30
    try:
        process = psutil.Process(task.pid)
        return abs(process.create_time() - task.pid_started) < 2 and process.is_running()
    except psutil.Error:
        return False


def list_tasks() -> list[Task]:
    """Tasks that run, and those that ended within the last hour; the newest first."""
    if not _folder().is_dir():
        return []
    found = []
    for path in _folder().glob("*.json"):
        task = read(path.stem)
        if task is None:
            continue
        if task.state != "running" and time.time() - task.updated > _KEEP_S:
            forget(task)
            continue
        found.append(task)
    return sorted(found, key=lambda task: -task.started)


def forget(task: Task) -> None:
    """Take an ended task out of the list."""
    for suffix in ("json", "log"):
        (_folder() / f"{task.task_id}.{suffix}").unlink(missing_ok=True)


def cancel(task: Task) -> None:
    """End a running task; nothing half-made is left under a final name."""
    current = read(task.task_id)
    if current is None or current.state != "running":
        return
    _write(current.with_(state="cancelled"))
    try:
        process = psutil.Process(current.pid)
        if current.pid and abs(process.create_time() - current.pid_started) < 2:
            for child in process.children(recursive=True):
                child.kill()
            process.kill()
    except psutil.Error:
        pass  # it has ended by itself


# --- In the task's process ------------------------------------------------------------------


def _prepare(on_progress: Progress, *, data: str) -> None:
    from ae_core.data.catalogue import load_data_set

    load_data_set(data, on_progress=on_progress)


def _add(on_progress: Progress, *, path: str, name: str, size: int) -> None:
    from ae_core.data.own_files import add_file

    source = Path(path)
    try:
        add_file(source, name, size=size, on_progress=on_progress)
    finally:
        if source.is_relative_to(uploads_dir()):
            source.unlink(missing_ok=True)


def _encode(on_progress: Progress, *, checkpoint: str, data: str) -> None:
    from ae_core.codecs.checkpoints import find_checkpoint, pca_partner
    from ae_core.codecs.codes import codes_for
    from ae_core.data.catalogue import load_data_set

    # embedded data, the model's codes, PCA's codes
    drawing, encoding, pca = (stretch(on_progress, n / 3, (n + 1) / 3) for n in range(3))
    data_set = load_data_set(data, on_progress=drawing)
    found = find_checkpoint(checkpoint)
    codes_for(found, data_set, on_progress=encoding)
    codes_for(pca_partner(found), data_set, on_progress=pca)


def _compare(on_progress: Progress, *, checkpoint: str, data: str) -> None:
    from ae_core.codecs.checkpoints import find_checkpoint
    from ae_core.codecs.comparison import compare_with_pca
    from ae_core.data.catalogue import load_data_set

    compare_with_pca(find_checkpoint(checkpoint), load_data_set(data), on_progress=on_progress)


_WORK: dict[str, Callable[..., None]] = {
    "prepare": _prepare,
    "add": _add,
    "encode": _encode,
    "compare": _compare,
}


def uploads_dir() -> Path:
    """Where a page puts an uploaded file for a task to read; the task deletes it."""
    return cache_dir() / "uploads"


class _Reporter:
    """Writes progress to the task's file a few times a second, and hears a cancel."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._saved = 0.0

    def __call__(self, message: str, fraction: float) -> None:
        now = time.monotonic()
        done, total = round(1000 * fraction), 1000
        if now - self._saved < _SAVE_EVERY_S and done < total:
            return
        self._saved = now
        current = read(self.task.task_id)
        if current is None or current.state == "cancelled":
            raise SystemExit(0)
        self.task = self.task.with_(done=done, total=total)
        _write(self.task)


def _explain(error: Exception, task: Task) -> str:
    """What happened, and what to do about it."""
    if isinstance(error, AeCoreError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{task.title}: out of memory."
    if isinstance(error, OSError):
        return f"{task.title}: {error}. Is the disk full?"
    return (
        f"{task.title}: an error of the program itself ({type(error).__name__}: {error}); the "
        f"details are in {_log(task.task_id)}. Report it."
    )


def _run(name: str) -> int:
    step_back()
    found = read(name)
    if found is None:
        return 1
    created = psutil.Process().create_time()
    task = found.with_(pid=os.getpid(), pid_started=created)
    _write(task)
    reporter = _Reporter(task)
    try:
        _WORK[task.kind](reporter, **task.arguments)
    except Exception as error:
        traceback.print_exc()
        _write(reporter.task.with_(state="failed", message=_explain(error, task)))
        return 1
    last = reporter.task
    _write(last.with_(state="done", done=last.total))
    return 0


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1]))
