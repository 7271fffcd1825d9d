"""Sweeping what nobody needs any more: by age, and by size what was not used for longest.

What is in use stays: whatever was used within the last hour, files that a process has mapped,
uploads and names that a task is at work on. What goes, goes whole.

    python -m ae_core clean --dry-run    what would be deleted, and why
    python -m ae_core.cleaning           the same at low priority; the server starts it each hour
"""

import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ae_core.codecs.checkpoints import CONFIG
from ae_core.data.bookmarks import bookmark_files, bookmarks_dir
from ae_core.data.new_sets import is_being_added
from ae_core.data.trash import KEPT_S, entries, trash_dir
from ae_core.data.uploads import uploads_dir
from ae_core.errors import AeCoreError, ConfigError
from ae_core.locations import cache_dir, checkpoints_dir, data_dir
from ae_core.processes import tasks
from ae_core.processes.detached import start_detached
from ae_core.processes.open_files import mapped_files
from ae_core.reading import subfolders
from ae_core.training import runs
from ae_core.training.status import RESUME, STATUS

CACHE_VARIABLE = "ZOETROPE_CACHE_GB"
USUAL_CACHE_GB = 20.0
EVERY_S = 3600.0

_HOUR, _DAY = 3600.0, 24 * 3600.0
NEVER_YOUNGER_S = _HOUR
UPLOADS_S = 6 * _HOUR
PROJECTION_INPUTS_S = _DAY
UNUSED_CACHE_S = 90 * _DAY
UNUSED_BOOKMARK_S = 365 * _DAY

# How `atomic_file` and `atomic_folder` name what is not whole yet.
_TEMPORARY = re.compile(r"\.(.+)\.[a-z0-9_]{8}")
# Folders of the cache that hold derived files. By name: our home may be a person's own home, whose
# `.cache` is every program's.
_DERIVED = (
    *("codes", "comparisons", "data", "derived", "paces", "pca", "points"),
    *("projection-inputs", "support"),
)
# In these, a folder is one thing, of no use without one of its files; ours has this one.
_WHOLE_FOLDERS = {"data": "about.json", "pca": CONFIG}


@dataclass(frozen=True)
class Swept:
    """Something that is not needed any more.

    Attributes:
        path: File or folder.
        n_bytes: What it took.
        why: Why it goes.
    """

    path: Path
    n_bytes: int
    why: str


@dataclass(frozen=True)
class _Thing:
    """A file or folder with what counts for its age.

    Attributes:
        path: Where it lies.
        n_bytes: All its files together.
        used_at: When one of its files was last read or written.
        written_at: When one of its files was last written.
    """

    path: Path
    n_bytes: int
    used_at: float
    written_at: float


def cache_limit() -> int:
    """Bytes that the cache may have: `ZOETROPE_CACHE_GB`, 20 if it is not set.

    Raises:
        ConfigError: The variable is no number of at least 0.
    """
    text = os.environ.get(CACHE_VARIABLE, "").strip()
    with suppress(ValueError):
        size = float(text) if text else USUAL_CACHE_GB
        if 0 <= size < 1e9:
            return int(size * 1e9)
    raise ConfigError(f"`{CACHE_VARIABLE}` must be a number of gigabytes, 0 or more; got {text!r}.")


def clean(*, dry_run: bool = False, empty_trash: bool = False) -> list[Swept]:
    """Delete what is not needed any more.

    Args:
        dry_run: Only say what would be deleted.
        empty_trash: Delete also what could still be brought back.

    Returns:
        What was deleted.

    Raises:
        ConfigError: The limit of the cache is no number, or somebody else is cleaning.
    """
    limit = cache_limit()
    cache_dir().mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(cache_dir() / ".cleaning.lock", blocking=False):
            found = _sweepings(time.time(), limit, empty_trash=empty_trash)
            return [one for one in found if dry_run or _delete(one.path)]
    except Timeout as error:
        raise ConfigError("Another process is cleaning: wait until it has ended.") from error


def start_cleaning() -> None:
    """Clean in a process of low priority; returns at once.

    Raises:
        OSError: It cannot be started.
    """
    cache_dir().mkdir(parents=True, exist_ok=True)
    start_detached("ae_core.cleaning", log=cache_dir() / "cleaning.log")


def _sweepings(now: float, limit: int, *, empty_trash: bool) -> Iterator[Swept]:
    """What goes, each thing once; the size of the cache is taken when the rest is gone."""
    yield from _trash(now, 0.0 if empty_trash else KEPT_S)
    yield from _uploads(now)
    yield from _temporaries(now)
    yield from _resume_files(now)
    yield from _bookmarks(now)
    yield from _cache(now, limit)


def _trash(now: float, kept_s: float) -> Iterator[Swept]:
    known = {removed.folder: removed for removed in entries()}
    for folder in _children(trash_dir()):
        thing = _thing(folder)
        removed = known.get(folder)
        since = thing.written_at if removed is None else removed.removed_at
        if now - since >= (kept_s if removed is not None else _DAY):
            name = "something" if removed is None else f"{removed.what.kind} {removed.name!r}"
            yield Swept(folder, thing.n_bytes, f"{name}, removed over {kept_s / _HOUR:.0f} h ago")


def _uploads(now: float) -> Iterator[Swept]:
    at_work = {
        str(task.arguments.get("path")) for task in tasks.list_tasks() if task.state == "running"
    }
    for path in _children(uploads_dir()):
        thing = _thing(path)
        if str(path) not in at_work and now - thing.written_at >= UPLOADS_S:
            yield Swept(path, thing.n_bytes, "an upload that nobody added")


def _temporaries(now: float) -> Iterator[Swept]:
    """What a process that was killed was writing, where we write."""
    for path in _temporary_paths():
        thing = _thing(path)
        if now - thing.used_at >= NEVER_YOUNGER_S and not _is_claimed(path):
            yield Swept(path, thing.n_bytes, "was never finished")


def _temporary_paths() -> Iterator[Path]:
    ours = [cache_dir() / name for name in (*_DERIVED, "tasks", "worker")]
    ours += [folder for folder in subfolders(checkpoints_dir()) if _is_run(folder)]
    for root in (data_dir(), checkpoints_dir()):
        yield from (path for path in _children(root) if _is_temporary(path) and path.is_dir())
    for folder in (data_dir() / ".groups", bookmarks_dir()):
        yield from filter(_is_temporary, _children(folder))
    for root in ours:
        for place, folders, files in os.walk(root):
            paths = [Path(place, name) for name in (*folders, *files)]
            yield from filter(_is_temporary, paths)
            folders[:] = [name for name in folders if not _is_temporary(Path(name))]


def _is_temporary(path: Path) -> bool:
    return _TEMPORARY.fullmatch(path.name) is not None


def _is_run(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (CONFIG, runs.REQUEST, STATUS))


def _is_claimed(path: Path) -> bool:
    """Whether this is a data set on its way in."""
    found = _TEMPORARY.fullmatch(path.name)
    return path.parent == data_dir() and found is not None and is_being_added(found[1])


def _resume_files(now: float) -> Iterator[Swept]:
    for run in runs.list_runs():
        path = run.folder / RESUME
        if run.status.state == "done" and path.is_file():
            thing = _thing(path)
            if now - thing.written_at >= NEVER_YOUNGER_S:
                yield Swept(path, thing.n_bytes, "to resume a run that is done")


def _bookmarks(now: float) -> Iterator[Swept]:
    for path in bookmark_files():
        thing = _thing(path)
        if now - thing.written_at >= UNUSED_BOOKMARK_S:  # written when it is opened, too
            yield Swept(path, thing.n_bytes, "a bookmark that nobody opened for a year")


def _cache(now: float, limit: int) -> Iterator[Swept]:
    """What was not used for long; then, until the rest fits, what was not used for longest."""
    things = [_thing(path) for path in _cached_paths()]
    total = sum(thing.n_bytes for thing in things)
    mapped = mapped_files(cache_dir())
    free = [
        thing
        for thing in sorted(things, key=lambda thing: thing.used_at)
        if now - thing.used_at >= NEVER_YOUNGER_S
        and not any(path == thing.path or thing.path in path.parents for path in mapped)
    ]
    for thing in free:
        kind = thing.path.relative_to(cache_dir()).parts[0]
        kept_s = PROJECTION_INPUTS_S if kind == "projection-inputs" else UNUSED_CACHE_S
        if now - thing.used_at >= kept_s:
            why = f"not used for {(now - thing.used_at) / _DAY:.0f} days"
        elif total > limit:
            why = f"least recently used; the cache has over {limit / 1e9:g} GB"
        else:
            continue
        total -= thing.n_bytes
        yield Swept(thing.path, thing.n_bytes, why)


def _cached_paths() -> Iterator[Path]:
    """Files of the cache, and folders that are one thing; none that is not whole yet."""
    for kind in _DERIVED:
        mark = _WHOLE_FOLDERS.get(kind)
        if mark is not None:
            folders = subfolders(cache_dir() / kind)
            yield from (folder for folder in folders if (folder / mark).is_file())
            continue
        for place, inner, files in os.walk(cache_dir() / kind):
            inner[:] = [name for name in inner if not name.startswith(".")]
            yield from (Path(place, name) for name in files if not name.startswith("."))


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _thing(path: Path) -> _Thing:
    """A file, or a folder with all that is in it; links are not followed."""
    n_bytes, used_at, written_at = 0, 0.0, 0.0
    inside = (Path(place, name) for place, _, names in os.walk(path) for name in names)
    for one in (path, *inside):
        with suppress(OSError):  # deleted meanwhile
            status = one.lstat()
            written_at = max(written_at, status.st_mtime)
            used_at = max(used_at, status.st_mtime)
            if not one.is_dir():
                n_bytes += status.st_size
                used_at = max(used_at, status.st_atime)
    return _Thing(path, n_bytes, used_at, written_at)


def _delete(path: Path) -> bool:
    """Delete a file, or a folder under another name first: nobody finds half of it."""
    try:
        if not path.is_dir() or path.is_symlink():
            path.unlink()
            return True
        doomed = path.with_name(f".{path.name.strip('.')}.{secrets.token_hex(4)}")
        path.rename(doomed)
    except OSError:
        return False  # somebody was faster, or it is not ours to delete
    shutil.rmtree(doomed, ignore_errors=True)
    return True


if __name__ == "__main__":
    try:
        for one in clean():
            print(f"{one.n_bytes / 1e6:,.1f} MB  {one.path}  ({one.why})")
    except AeCoreError as error:
        sys.exit(str(error))
