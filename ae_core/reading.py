"""The one way to read a text file that anybody may have put there: bounded, failures in words.

What such a file may be is decided before it is believed: a plain file inside its own folder, of a
bounded size, UTF-8, JSON of a bounded depth and number of values, no key twice, numbers that fit 64
bits and are finite. Arrays are memory-mapped; weights have a reader of their own.
"""

import functools
import hashlib
import json
import math
import os
import re
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO, NoReturn, TypeVar, cast

import numpy as np
from pydantic import BaseModel, ValidationError

from ae_core.config import explain
from ae_core.errors import AeCoreError, ConfigError, MissingFileError, UnreadableFileError

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

# A table of 10,000 columns needs 1.5 MB; what Python makes of 4 MiB of JSON stays below 100 MB.
MAX_BYTES = 4 << 20
MAX_LINE_BYTES = 64 << 10
MAX_DEPTH = 32
# Of one JSON text. A list or object takes up to 30 times its text in memory, a number ten times.
MAX_PARTS = 100_000
MAX_VALUES = 200_000
MAX_QUOTES = 1_000_000

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
# What NumPy's parser makes of a damaged header.
_NO_HEADER = (SyntaxError, TokenError)
_STEADY_AFTER_S = 2.0
_LARGEST_WHOLE, _MOST_DIGITS = 2**63 - 1, 20


def checksum_of(content: bytes) -> str:
    """BLAKE2b (16 bytes, hex) by which a file's content is recognised."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def printable(name: str) -> str:
    """A file's name as text that can be shown and sent: bytes that are no UTF-8 as escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def subfolders(root: Path) -> list[Path]:
    """Folders in a folder, by name, hidden ones left out; none where it is not there."""
    try:
        return sorted(path for path in root.iterdir() if path.name[0] != "." and _is_folder(path))
    except OSError:
        return []


def read_each(folders: Iterable[Path], read: Callable[[Path], T]) -> tuple[list[T], dict[str, str]]:
    """A list of which one bad entry hurts only itself.

    Args:
        folders: One an entry.
        read: Makes an entry of its folder, or raises `AeCoreError`.

    Returns:
        What could be read, in the same order; and why the rest could not, by its printable name.
    """
    entries, broken = [], {}
    for folder in folders:
        try:
            entries.append(read(folder))
        except AeCoreError as error:
            broken[printable(folder.name)] = str(error)
    return entries, broken


def require_printable(path: Path) -> None:
    """Refuse a name that no page can show or send, such as bytes that are no UTF-8.

    Raises:
        UnreadableFileError: It has such characters.
    """
    if not path.name.isprintable():
        raise _unreadable(path, "has a name with characters that cannot be shown: rename it")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # no access to what a link leads to
        return False


def require_plain_file(path: Path) -> None:
    """Refuse what is no plain file of its own folder, before anything opens it.

    The folder itself may be a link, which only its owner can have put there.

    Raises:
        MissingFileError: There is none.
        UnreadableFileError: A folder, pipe, device or socket, or a link that leads elsewhere.
    """
    try:
        status = path.stat()
        inside = path.resolve(strict=True).is_relative_to(path.parent.resolve(strict=True))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(f"{printable(path.name)} is not there") from error
    except (OSError, RuntimeError, ValueError) as error:  # no access; links in a circle; a NUL
        raise _unreadable(path, f"cannot be opened ({_reason(error)})") from error
    if not stat.S_ISREG(status.st_mode):
        raise _unreadable(path, "is no plain file")
    if not inside:
        raise _unreadable(path, "is a link to another folder, which is not followed")


def open_plain_file(path: Path) -> BinaryIO:
    """Open a file that `require_plain_file` lets pass, to be read.

    Raises:
        MissingFileError: There is none.
        UnreadableFileError: It is no plain file, or cannot be opened.
    """
    require_plain_file(path)
    try:
        # not waiting: a pipe may have taken the file's place since
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise MissingFileError(f"{printable(path.name)} is not there") from error
    except OSError as error:
        raise _unreadable(path, f"cannot be opened ({_reason(error)})") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _unreadable(path, "is no plain file")
    return os.fdopen(descriptor, "rb")


def read_bytes(path: Path, *, max_bytes: int) -> bytes:
    """A whole file of at most so many bytes, counted while they are read.

    Raises:
        MissingFileError: There is none.
        UnreadableFileError: It is no plain file, is larger, or cannot be read.
    """
    with open_plain_file(path) as file:
        try:
            content = file.read(max_bytes + 1)
        except OSError as error:
            raise _unreadable(path, f"cannot be read ({_reason(error)})") from error
    if len(content) > max_bytes:
        raise _unreadable(path, f"has more than {max_bytes:,} bytes")
    return content


def map_array(path: Path) -> "np.memmap[Any, np.dtype[Any]]":
    """A `.npy` file, memory-mapped, not writable: its header claims no more than the file holds.

    Raises:
        MissingFileError: There is none.
        UnreadableFileError: It is no plain file, or holds no array of plain numbers.
    """
    require_plain_file(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise MissingFileError(f"{printable(path.name)} is not there") from error
    except (OSError, ValueError, EOFError, ArithmeticError, TypeError, *_NO_HEADER) as error:
        raise _unreadable(path, f"is no array that can be read ({_reason(error)})") from error
    if not isinstance(array, np.memmap):
        raise _unreadable(path, "is an archive, not one array")
    return array


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """A whole text file in UTF-8.

    Raises:
        MissingFileError: There is none.
        UnreadableFileError: As for `read_bytes`, or it is no UTF-8.
    """
    try:
        return read_bytes(path, max_bytes=max_bytes).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is no UTF-8 text (byte {error.start})") from error


def read_json(path: Path, *, max_bytes: int = MAX_BYTES, max_values: int = MAX_VALUES) -> Any:
    """A JSON file; see `parse_json`.

    Raises:
        MissingFileError: There is none.
        UnreadableFileError: As for `read_bytes`, or it is not such JSON.
    """
    content = read_bytes(path, max_bytes=max_bytes)
    try:
        return parse_json(content, max_values=max_values)
    except ValueError as error:
        raise _unreadable(path, f"is not JSON that can be read ({error})") from error


def read_once(path: Path, read: Callable[[Path], T]) -> T:
    """What `read` makes of a file, kept until that changes: pages list everything at each rerun.

    A file that was changed within the last two seconds is read again: it may change once more
    within the same tick of the file system's clock. What `read` raises is not kept.

    Args:
        path: The file that the result depends on.
        read: Makes something of it that nobody changes.
    """
    try:
        status = path.stat()
    except OSError:
        return read(path)  # which says why
    if time.time() - status.st_ctime < _STEADY_AFTER_S:
        return read(path)
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return cast(T, _read_once(read, path, stamp))


@functools.lru_cache(maxsize=1024)
def _read_once(read: Callable[[Path], object], path: Path, _stamp: tuple[int, ...]) -> object:
    return read(path)


def read_settings(path: Path, model: type[M], *, max_bytes: int = MAX_BYTES) -> M:
    """A JSON file as settings.

    Raises:
        MissingFileError: There is none.
        UnreadableFileError: As for `read_json`, or the settings are not valid.
    """
    return settings_of(path, model, read_json(path, max_bytes=max_bytes))


def settings_of(path: Path, model: type[M], values: object) -> M:
    """What `read_json` gave, as settings.

    Raises:
        UnreadableFileError: They are not valid.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _unreadable(path, f"is not valid: {explain(error)}") from error
    except ConfigError as error:
        raise _unreadable(path, f"is not valid: {error}") from error


def read_json_lines(path: Path, *, max_bytes: int = 4 * MAX_BYTES) -> list[Any]:
    """The lines of a JSON Lines file, up to the first that is not whole: a crash cuts the last.

    Raises:
        MissingFileError: There is none.
        UnreadableFileError: As for `read_bytes`.
    """
    entries = []
    for line in read_bytes(path, max_bytes=max_bytes).splitlines():
        try:
            if len(line) > MAX_LINE_BYTES:
                break
            entries.append(parse_json(line))
        except ValueError:
            break
    return entries


def parse_json(content: bytes, *, max_values: int = MAX_VALUES) -> Any:
    """JSON of a bounded depth and number of values; no key twice; numbers finite, of 64 bits.

    Raises:
        ValueError: It is not such JSON; the text says where it is not.
    """
    _require_bounded(content, max_values)
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8 text (byte {error.start})") from error


def _require_bounded(content: bytes, max_values: int) -> None:
    """Count what stands outside strings before a parser takes memory for it."""
    if content.count(b'"') > MAX_QUOTES:
        raise ValueError(f"it has more than {MAX_QUOTES // 2:,} texts")
    bare = _STRING.sub(b'""', content)
    if bare.count(b",") >= max_values:
        raise ValueError(f"it has more than {max_values:,} values")
    depth = n_parts = 0
    for bracket in _BRACKET.finditer(bare):
        if bracket[0] in b"]}":
            depth -= 1
            continue
        depth, n_parts = depth + 1, n_parts + 1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
        if n_parts > MAX_PARTS:
            raise ValueError(f"it has more than {MAX_PARTS:,} lists and objects")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:60]!r} stands there twice")
    return values


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS or abs(number := int(digits)) > _LARGEST_WHOLE:
        raise ValueError(f"the number {digits[:24]} does not fit 64 bits")
    return number


def _finite(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError(f"the number {digits[:24]} is too large")
    return number


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _unreadable(path: Path, what: str) -> UnreadableFileError:
    return UnreadableFileError(f"{printable(path.name)} {what}")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
