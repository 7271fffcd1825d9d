"""Views of a map that are too large for an address, kept under a short id that an address holds.

The id is the content's checksum: the same view has one id, and a file under another's id is found
out. `ae_core.cleaning` removes what nobody has opened for long.
"""

import base64
import binascii
import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path

from pydantic import Field

from ae_core.config import Settings
from ae_core.errors import AeCoreError, UnreadableFileError
from ae_core.locations import data_dir, write_atomically
from ae_core.reading import read_settings

MAX_BYTES = 2 << 20
"""Of one bookmark: a group among ten million items."""
MOST_BOOKMARKS = 5_000
"""Beyond that the one that was not opened for longest goes."""
_ID = re.compile(r"[0-9a-f]{12}")


class BookmarkError(AeCoreError):
    """A view cannot be kept, or is not there any more."""


class View(Settings, allow_inf_nan=False):
    """What a person has chosen on a map and its address does not say."""

    data: str = Field(description="Data set.")
    data_fingerprint: str = Field(description="Fingerprint of its items.")
    group: str = Field("", description="The group's items, one bit an item, in base64.")
    map_key: str = Field("", max_length=200, description="The map whose part is shown.")
    ranges: tuple[float, float, float, float] | tuple[()] = Field(
        (), description="That part: x from, x to, y from, y to; empty: all of it."
    )

    @property
    def bookmark(self) -> str:
        """Its id."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=6).hexdigest()

    def group_fits(self, n_items: int) -> bool:
        """Whether the group is one of so many items."""
        try:
            n_bytes = len(base64.b64decode(self.group, validate=True))
        except binascii.Error:
            return False
        return n_bytes == -(-n_items // 8)


def keep_view(view: View) -> str:
    """Keep a view; its id.

    Raises:
        BookmarkError: It is too large, or cannot be written.
    """
    content = view.model_dump_json()
    if len(content) > MAX_BYTES:
        raise BookmarkError(
            f"This view takes {len(content) >> 20:,} MiB, and at most {MAX_BYTES >> 20} are kept: "
            "keep its group under a name instead."
        )
    try:
        write_atomically(_path(view.bookmark), content)
    except OSError as error:
        raise BookmarkError(
            f"The view could not be kept ({error.strerror or error}): see that {bookmarks_dir()} "
            "can be written to and its disk has space, then try again."
        ) from error
    _remove_beyond(MOST_BOOKMARKS)
    return view.bookmark


def open_view(bookmark: str) -> View:
    """A kept view; it counts as used now.

    Raises:
        BookmarkError: There is none of that id here, or not any more.
    """
    try:
        if _ID.fullmatch(bookmark) is None:
            raise UnreadableFileError("it is no id")
        view = read_settings(_path(bookmark), View, max_bytes=MAX_BYTES)
        if view.bookmark != bookmark:
            raise UnreadableFileError("its file is another's")
    except UnreadableFileError as error:
        raise BookmarkError(
            f"The view {bookmark[:20]!r} of the address is not kept here (any more): showing the "
            "map without its group and its part."
        ) from error
    with suppress(OSError):
        os.utime(_path(bookmark))
    return view


def bookmarks_dir() -> Path:
    """Where they lie: beside the kept groups."""
    return data_dir() / ".bookmarks"


def bookmark_files() -> list[Path]:
    """All files of bookmarks, those used last first."""
    times: list[tuple[float, Path]] = []
    for path in bookmarks_dir().glob("*.json"):
        with suppress(OSError):
            times.append((path.lstat().st_mtime, path))
    return [path for _, path in sorted(times, reverse=True)]


def _remove_beyond(n_kept: int) -> None:
    for path in bookmark_files()[n_kept:]:
        with suppress(OSError):
            path.unlink()


def _path(bookmark: str) -> Path:
    return bookmarks_dir() / f"{bookmark}.json"
