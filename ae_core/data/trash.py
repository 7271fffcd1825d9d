"""What a person removed can be brought back for a day.

    .trash/ID/what.json   what it was, and when it was removed
             /content/    the folder itself

`ae_core.cleaning` empties the trash.
"""

import errno
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from ae_core.config import Settings, check_name
from ae_core.errors import AeCoreError
from ae_core.locations import atomic_folder, data_dir, home, write_atomically
from ae_core.reading import read_settings

KEPT_S = 24 * 3600.0
_WHAT, _CONTENT = "what.json", "content"
_MAX_BYTES = 4096

Kind = Literal["data set"]
# Where a kind of thing belongs: a file in the trash is not asked.
_HOMES: dict[str, Callable[[], Path]] = {"data set": data_dir}


class TrashError(AeCoreError):
    """What was removed cannot be brought back."""


class What(Settings):
    """`what.json`."""

    schema_version: Literal[1] = 1
    kind: Kind = Field(description="What was removed.")
    name: str = Field(description="What it was called.")
    removed_at: float = Field(description="When, seconds since 1970.", allow_inf_nan=False)


@dataclass(frozen=True)
class Removed:
    """Something in the trash.

    Attributes:
        folder: Its folder there; the name is an id.
        what: What it was.
        removed_at: When it was removed, seconds since 1970.
    """

    folder: Path
    what: What
    removed_at: float

    @property
    def name(self) -> str:
        return self.what.name

    @property
    def content(self) -> Path:
        return self.folder / _CONTENT


def trash_dir() -> Path:
    """What was removed within the last day."""
    return home() / ".trash"


def put_away(folder: Path, kind: Kind) -> Removed:
    """Move a folder into the trash; whoever has its files open keeps them.

    Raises:
        OSError: It is not there, or cannot be moved; it then lies where it did.
    """
    entry = trash_dir() / secrets.token_hex(8)
    entry.mkdir(parents=True)
    what = What(kind=kind, name=folder.name, removed_at=time.time())
    try:
        write_atomically(entry / _WHAT, what.model_dump_json(indent=2))
        _move(folder, entry / _CONTENT)
    except OSError:
        shutil.rmtree(entry, ignore_errors=True)
        raise
    return Removed(entry, what, what.removed_at)


def list_removed() -> list[Removed]:
    """What can be brought back, the last removed first."""
    now = time.time()
    kept = [removed for removed in entries() if now - removed.removed_at < KEPT_S]
    return sorted(kept, key=lambda removed: -removed.removed_at)


def entries() -> Iterator[Removed]:
    """All that lies in the trash and can be read, however old."""
    for entry in trash_dir().iterdir() if trash_dir().is_dir() else ():
        try:
            what = read_settings(entry / _WHAT, What, max_bytes=_MAX_BYTES)
            modified = (entry / _WHAT).stat().st_mtime
        except (OSError, AeCoreError):
            continue  # being written or taken out, or no entry
        if (entry / _CONTENT).is_dir():
            # the earlier one: neither a clock that was set back nor a copy keeps it for ever
            yield Removed(entry, what, min(what.removed_at, modified))


def find_removed(name: str) -> Removed:
    """What was removed last under a name.

    Raises:
        TrashError: There is nothing of that name, or not any more.
    """
    named = [removed for removed in list_removed() if removed.name == name]
    if not named:
        known = ", ".join(dict.fromkeys(removed.name for removed in list_removed())) or "nothing"
        raise TrashError(
            f"`name`: nothing called {name[:60]!r} was removed within the last day; what can be "
            f"brought back: {known}."
        )
    return named[0]


def restore(removed: Removed) -> Path:
    """Bring back what was removed; where it lies now.

    Raises:
        TrashError: Its name is taken, or it is not in the trash any more.
        ConfigError: Its name is none.
    """
    place = _HOMES[removed.what.kind]() / check_name(removed.name)
    if place.exists():
        raise TrashError(_taken(removed))
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        _move(removed.content, place)
    except OSError as error:
        if place.exists():
            raise TrashError(_taken(removed)) from error
        raise TrashError(
            f"{removed.name!r} cannot be brought back ({error.strerror or error}): it may have "
            "been brought back already, or the day is over."
        ) from error
    shutil.rmtree(removed.folder, ignore_errors=True)
    return place


def _taken(removed: Removed) -> str:
    return (
        f"`name`: there is a {removed.what.kind} {removed.name!r} again: remove or rename that one "
        "first."
    )


def _move(source: Path, target: Path) -> None:
    """Rename a folder; copy it whole where it lies on another disk."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic_folder(target) as temporary:
            shutil.copytree(source, temporary, dirs_exist_ok=True)
        shutil.rmtree(source)
