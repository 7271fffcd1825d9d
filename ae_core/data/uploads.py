"""Uploaded files on their way to a task: each under a name of its own, written piece by piece."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ae_core.data.limits import RESERVE_BYTES
from ae_core.errors import DataError
from ae_core.locations import cache_dir

FILE_TYPES = ("zip", "npz")
_NAME = re.compile(rf"[0-9a-f]{{16}}-[0-9a-f]{{32}}\.({'|'.join(FILE_TYPES)})")
_TAKEN = "taken-"


def uploads_dir() -> Path:
    """Where uploaded files lie until a task has read them; the task deletes them."""
    return cache_dir() / "uploads"


def check_file_name(file_name: str) -> str:
    """The ending of a file that can be added, ".zip" or ".npz".

    Raises:
        DataError: No files of its ending can.
    """
    suffix = Path(file_name).suffix.lower()
    if suffix.removeprefix(".") not in FILE_TYPES:
        raise DataError(
            f"`file` must be a .npz archive of arrays or a .zip of pictures; got "
            f"{file_name[-80:]!r}."
        )
    return suffix


def check_room(n_bytes: int) -> None:
    """Refuse a file that the disk has no room for.

    Raises:
        DataError: It has not.
    """
    uploads_dir().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(uploads_dir()).free - RESERVE_BYTES
    if n_bytes > free:
        raise DataError(
            f"`file` has {n_bytes / 2**20:,.0f} MiB; the server's disk has "
            f"{max(free, 0) / 2**20:,.0f} MiB to spare: ask whoever runs it to make room, or add "
            "fewer pictures."
        )


@contextmanager
def new_upload(owner: str, file_name: str) -> Iterator[tuple[str, BinaryIO]]:
    """A name that nobody else has, and its file to write to; gone if that fails.

    A session has one upload that waits: when the new one is whole, an earlier one goes.

    Args:
        owner: The session's hash, 16 hexadecimal digits.
        file_name: The person's own name for the file; only its ending is kept.

    Raises:
        DataError: No files of this ending can be added.
        OSError: The disk is full.
    """
    name = f"{owner}-{secrets.token_hex(16)}{check_file_name(file_name)}"
    uploads_dir().mkdir(parents=True, exist_ok=True)
    path = uploads_dir() / name
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield name, file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    for earlier in uploads_dir().glob(f"{owner}-*"):
        if earlier.name != name:
            earlier.unlink(missing_ok=True)


def take_upload(owner: str, name: str) -> Path:
    """Take a session's upload to add it, once.

    Args:
        owner: The session's hash.
        name: As `new_upload` gave it out.

    Returns:
        Where it lies now.

    Raises:
        DataError: The session has no such upload, or not any more.
    """
    if _NAME.fullmatch(name) is not None and name.startswith(f"{owner}-"):
        taken = uploads_dir() / f"{_TAKEN}{name}"
        with suppress(FileNotFoundError):
            (uploads_dir() / name).rename(taken)
            return taken
    raise DataError("`file`: the upload is not there any more: choose the file again.")


def give_back_upload(taken: Path) -> None:
    """Undo `take_upload`: nothing came of it, and the session can add the file again."""
    with suppress(FileNotFoundError):
        taken.rename(taken.with_name(taken.name.removeprefix(_TAKEN)))
