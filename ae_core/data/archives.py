"""Zip files that anybody may have made: unpacked by `zipfile`, and believed in nothing.

What a zip says of itself (how many files, how large, how well packed) is checked against limits
where it is used, and against what is found while unpacking. Nothing is unpacked to a path that a
zip names, and a file is never held whole unless its reader asks for that.
"""

import copy
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ae_core.data import limits
from ae_core.errors import DataError

_PIECE_BYTES = 2**16
_ENCRYPTED = 0x1
_FIXED_HEADER_BYTES = 30  # before each file's name and bytes
# What `zipfile` raises at bytes that are no archive: at numbers that lead nowhere ValueError or
# OverflowError, at names in no encoding UnicodeError, which is a ValueError.
_DAMAGE = (BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, ValueError)


class DamagedFileError(DataError):
    """A file in the archive cannot be unpacked, or is not what the archive says of it."""


class Archive:
    """The wanted files of a zip; see `open_archive`.

    Attributes:
        names: Their paths in the zip, sorted, each once.
        passed_over: Paths of the other files, in the order of the zip.
    """

    def __init__(self, listed: ZipFile, n_bytes: int, wanted: Callable[[str], bool]) -> None:
        self._listed, self._n_bytes = listed, n_bytes
        self._unpacked = 0
        self._members: dict[str, ZipInfo] = {}
        self.passed_over: list[str] = []
        for member in listed.infolist():
            name = member.orig_filename  # `filename` ends at a zero byte
            if name.endswith("/"):
                continue
            if not wanted(name):
                self.passed_over.append(name)
                continue
            _check_name(name)
            if name in self._members:
                raise DataError(
                    f"The archive holds {name[:80]!r} twice: pack it again, each file once."
                )
            self._members[name] = member
        _check_places(list(self._members.values()), n_bytes)
        self.names = sorted(self._members)

    def read(self, name: str, *, max_bytes: int) -> bytes:
        """A whole file.

        Args:
            name: One of `names`.
            max_bytes: How large it may be, unpacked.

        Raises:
            DataError: It is larger, or cannot be unpacked.
        """
        with self.open(name, max_bytes=max_bytes) as stream:
            return stream.read()

    def open(self, name: str, *, max_bytes: int) -> io.BufferedReader:
        """A file as a stream that unpacks what is read, no more.

        Reading raises `DataError` once more than `max_bytes` were found, or the archive as a whole
        becomes too large; `DamagedFileError` where what is found is damaged or not what the
        archive says of it.
        """
        member = self._members[name]
        # `zipfile` cuts a file at its declared size, in silence: without one, all is found.
        endless = copy.copy(member)
        endless.file_size = sys.maxsize
        with _damage_in_words(name):
            if member.flag_bits & _ENCRYPTED:
                raise BadZipFile("it is encrypted")
            if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise BadZipFile(f"it is packed by method {member.compress_type}, not by deflate")
            source = self._listed.open(endless)
        return io.BufferedReader(_Stream(source, member, max_bytes, self._count), _PIECE_BYTES)

    def _count(self, n_bytes: int) -> None:
        """Add to what was unpacked of the archive as a whole.

        Raises:
            DataError: That is too much, or too much for an archive of its size.
        """
        self._unpacked += n_bytes
        if self._unpacked > limits.MAX_UNPACKED_BYTES:
            raise DataError(
                f"The archive has more than {limits.MAX_UNPACKED_BYTES >> 30} GiB unpacked: add "
                "it in parts."
            )
        if self._unpacked > max(limits.RATIO_FROM_BYTES, limits.MAX_RATIO * self._n_bytes):
            raise DataError(
                f"The archive of {self._n_bytes >> 10:,} KiB unpacks to more than "
                f"{self._unpacked >> 20:,} MiB, over {limits.MAX_RATIO} times as much: it was "
                "made to fill memory; pack the files anew."
            )


@contextmanager
def open_archive(
    path: Path, wanted: Callable[[str], bool], remedy: Callable[[object], str]
) -> Iterator[Archive]:
    """Read a zip's list of files.

    Args:
        path: The zip.
        wanted: Which files to keep in the list, by their paths in the zip; the others, folders
            too, are never looked at.
        remedy: What is wrong to a sentence with what to do.

    Raises:
        DataError: There is no such file, it is no zip, its list of files is damaged or too long,
            or a wanted file has a name that leads out of it, or that another has as well.
    """
    try:
        file = _ArchiveFile(io.FileIO(path))
    except FileNotFoundError as error:
        raise DataError(f"There is no file {str(path)!r}: check its name.") from error
    except OSError as error:
        raise DataError(remedy(error.strerror or error)) from error
    with file:
        try:
            listed = ZipFile(file)
            archive = Archive(listed, path.stat().st_size, wanted)
        except _DAMAGE as error:
            raise DataError(remedy(error)) from error
        file.is_listed = True
        with listed:
            yield archive


class _ArchiveFile(io.BufferedReader):
    """An archive's bytes, of which only so many are read before its list of files is known.

    `zipfile` reads as long a list as the archive declares, and keeps up to a kilobyte of memory
    for each file in it.
    """

    is_listed = False
    _n_left = limits.MAX_LIST_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        if self.is_listed:
            return super().read(size)
        most = self._n_left + 1
        piece = super().read(most if size is None or size < 0 else min(size, most))
        self._n_left -= len(piece)
        if self._n_left < 0:
            raise DataError(
                f"The archive's list of files takes more than {limits.MAX_LIST_BYTES >> 20} MiB, "
                "that of about 200,000 files: add it in parts, or as .npz."
            )
        return piece


class _Stream(io.RawIOBase):
    """Unpacks one file; counts, and compares with the declared size at its end."""

    def __init__(
        self, source: IO[bytes], member: ZipInfo, max_bytes: int, count: Callable[[int], None]
    ) -> None:
        self._source, self._name, self._count = source, member.orig_filename, count
        self._n_declared, self._max_bytes = member.file_size, max_bytes
        self._n_found = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        with _damage_in_words(self._name):
            piece = self._source.read(len(buffer))  # at the end it compares the checksum
            self._n_found += len(piece)
            if not piece and self._n_found != self._n_declared:
                raise BadZipFile(
                    f"it has {self._n_found:,} bytes, not {self._n_declared:,} as declared"
                )
        if self._n_found > self._max_bytes:
            raise DataError(
                f"{self._name!r} has more than {self._max_bytes >> 20:,} MiB unpacked: make it "
                "smaller. Nothing was stored."
            )
        self._count(len(piece))
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def _damage_in_words(name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise DamagedFileError(
            f"{name!r} cannot be unpacked ({str(error) or 'it ends too early'}): pack the zip "
            "again, deflated and without a password. Nothing was stored."
        ) from error


def _check_name(name: str) -> None:
    """Refuse names that would lead out of the archive, were it unpacked.

    Raises:
        DataError: The name is such a path, or too long.
    """
    if len(name.encode("utf-8", "surrogatepass")) > limits.MAX_NAME_BYTES:
        raise DataError(
            f"The archive holds a name of {len(name):,} characters ({name[:40]!r}...); at most "
            f"{limits.MAX_NAME_BYTES:,} bytes: rename the file."
        )
    parts = re.split(r"[/\\]", name)
    if ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:[/\\]", name) or "\0" in name:
        raise DataError(
            f"The archive holds {name!r}, a path that leads out of it: pack the files again, "
            "without such paths."
        )


def _check_places(members: list[ZipInfo], n_bytes: int) -> None:
    """Refuse files that lie outside of the archive, or share bytes so as to fill memory.

    `zipfile` refuses the latter itself only from Python 3.11.8 and 3.12.2 on.

    Raises:
        DataError: Two files share bytes.
        BadZipFile: A file lies outside of the archive.
    """
    members.sort(key=lambda member: member.header_offset)
    for member in members:
        if not 0 <= member.header_offset <= n_bytes - member.compress_size:
            raise BadZipFile("its list of files names places outside of it")
    for first, second in pairwise(members):
        if first.header_offset + _FIXED_HEADER_BYTES + first.compress_size > second.header_offset:
            raise DataError(
                f"{first.orig_filename!r} and {second.orig_filename!r} of the archive share "
                "bytes: pack the files anew."
            )
