"""Zip files that anybody may have made: read piece by piece, and believed in nothing.

What a zip says of itself (how many files, how large, how well packed) is checked against limits
where it is used, and against what is found while unpacking. Nothing is unpacked to a path that a
zip names, and a file is never held whole unless its reader asks for that.
"""

import io
import re
import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from ae_core.data import limits
from ae_core.errors import DataError

_PIECE_BYTES = 2**16
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF_8 = 0x1, 0x800
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_PLACE_OF_END_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_NOT_HERE_32 = 0xFFFFFFFF  # the true value is in the 64-bit extra field


class DamagedFileError(DataError):
    """A file in the archive cannot be unpacked, or is not what the archive says of it."""


class _DamagedError(Exception):
    """The archive contradicts itself or its format; the text says how."""


@dataclass(frozen=True)
class _Member:
    """What the directory says of a file; every number is the archive's word."""

    name: str
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int


class Archive:
    """The wanted files of a zip; see `open_archive`.

    Attributes:
        names: Their paths in the zip, sorted, each once.
    """

    def __init__(self, file: BinaryIO, n_bytes: int, wanted: Callable[[str], bool]) -> None:
        self._file, self._n_bytes = file, n_bytes
        self._unpacked = 0
        names: list[str] = []
        # columns, not objects: a million files take a few dozen bytes each
        columns = [array("Q") for _ in range(6)]
        n_name_bytes = 0
        for member in _directory(file, n_bytes):
            if not wanted(member.name):
                continue
            _check_name(member.name)
            n_name_bytes += len(member.name)
            if n_name_bytes > limits.MAX_ALL_NAMES_BYTES:
                raise DataError("The names in the archive are too long: shorten them.")
            names.append(member.name)
            numbers = (member.flags, member.method, member.checksum)
            places = (member.packed, member.size, member.offset)
            for column, number in zip(columns, (*numbers, *places), strict=True):
                column.append(number)
        order = sorted(range(len(names)), key=names.__getitem__)
        self.names = [names[number] for number in order]
        self._columns = [array("Q", (column[number] for number in order)) for column in columns]
        self._offsets = array("Q", sorted(columns[5]))
        self._check_each_once()

    def _check_each_once(self) -> None:
        for first, second in pairwise(self.names):
            if first == second:
                raise DataError(
                    f"The archive holds {first[:80]!r} twice: pack it again, each file once."
                )
        if any(first == second for first, second in pairwise(self._offsets)):
            raise DataError("Several files of the archive are the same bytes: pack the files anew.")

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
        number = bisect_left(self.names, name)
        member = _Member(name, *(column[number] for column in self._columns))
        return io.BufferedReader(_Stream(self, member, max_bytes), _PIECE_BYTES)

    def packed_at(self, place: int, n_bytes: int) -> bytes:
        """Bytes of the archive itself."""
        self._file.seek(place)
        return self._file.read(n_bytes)

    def end_of(self, offset: int) -> int:
        """Where the next file begins, or the archive ends: no file's bytes reach beyond it."""
        after = bisect_right(self._offsets, offset)
        return self._offsets[after] if after < len(self._offsets) else self._n_bytes

    def count(self, n_bytes: int) -> None:
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
        DataError: There is no such file, it is no zip, its list of files is damaged, or a wanted
            file has a name that leads out of it, or that another has as well.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise DataError(f"There is no file {str(path)!r}: check its name.") from error
    except OSError as error:
        raise DataError(remedy(error.strerror or error)) from error
    with file:
        try:
            archive = Archive(file, path.stat().st_size, wanted)
        except (_DamagedError, UnicodeError, struct.error) as error:
            raise DataError(remedy(error)) from error
        yield archive


# --- One file -------------------------------------------------------------------------------


class _Stream(io.RawIOBase):
    """Unpacks one file; counts, and compares with the archive's words at its end."""

    def __init__(self, archive: Archive, member: _Member, max_bytes: int) -> None:
        self._archive, self._member, self._max_bytes = archive, member, max_bytes
        self._n_found = self._checksum = 0
        self._is_over = False
        with self._damage_in_words():
            self._place = _first_byte(archive, member)
            self._end = self._place + member.packed
            if self._end > archive.end_of(member.offset):
                raise _DamagedError("its bytes are another file's as well")
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS) if member.method else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        with self._damage_in_words():
            piece = self._next(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _next(self, n_bytes: int) -> bytes:
        """The next bytes, at least one until the end."""
        piece = b""
        while not piece and not self._is_over:
            piece = self._unpack(n_bytes)
        self._n_found += len(piece)
        self._checksum = zlib.crc32(piece, self._checksum)
        if self._n_found > self._max_bytes:
            raise DataError(
                f"{self._member.name!r} has more than {self._max_bytes >> 20:,} MiB unpacked: make "
                "it smaller. Nothing was stored."
            )
        self._archive.count(len(piece))
        if self._is_over:
            self._check_end()
        return piece

    def _unpack(self, n_bytes: int) -> bytes:
        if self._inflater is None:
            piece = self._packed(n_bytes)
            self._is_over = self._place == self._end
            return piece
        packed = self._inflater.unconsumed_tail or self._packed(_PIECE_BYTES)
        piece = self._inflater.decompress(packed, n_bytes)
        self._is_over = self._inflater.eof
        if not packed and not piece and not self._is_over:
            raise _DamagedError("it ends too early")
        return piece

    def _packed(self, n_bytes: int) -> bytes:
        wanted = min(n_bytes, self._end - self._place)
        packed = self._archive.packed_at(self._place, wanted)
        self._place += len(packed)
        if len(packed) < wanted:
            raise _DamagedError("the archive ends too early")
        return packed

    def _check_end(self) -> None:
        member = self._member
        if self._n_found != member.size:
            raise _DamagedError(f"it has {self._n_found:,} bytes, not {member.size:,} as declared")
        if self._checksum != member.checksum:
            raise _DamagedError("its checksum is wrong")

    @contextmanager
    def _damage_in_words(self) -> Iterator[None]:
        try:
            yield
        except (_DamagedError, zlib.error, struct.error) as error:
            raise DamagedFileError(
                f"{self._member.name!r} cannot be unpacked ({error}): pack the zip again, "
                "deflated and without a password. Nothing was stored."
            ) from error


def _first_byte(archive: Archive, member: _Member) -> int:
    """Where a file's packed bytes begin."""
    if member.flags & _ENCRYPTED:
        raise _DamagedError("it is encrypted")
    if member.method not in (_STORED, _DEFLATED):
        raise _DamagedError(f"it is packed by method {member.method}, not by deflate")
    mark, *_, n_name, n_extra = _LOCAL.unpack(archive.packed_at(member.offset, _LOCAL.size))
    if mark != b"PK\x03\x04":
        raise _DamagedError("it is not where the archive's list says")
    first: int = member.offset + _LOCAL.size + n_name + n_extra
    return first


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


# --- The list of files ----------------------------------------------------------------------


def _directory(file: BinaryIO, n_bytes: int) -> Iterator[_Member]:
    """What the archive's list says, entry by entry; folders are left out."""
    start, size, before = _find_directory(file, n_bytes)
    file.seek(start)
    n_members = 0
    while size > 0:
        fixed = file.read(_ENTRY.size)
        if fixed[:4] != b"PK\x01\x02":
            raise _DamagedError("its list of files is damaged")
        entry = _ENTRY.unpack(fixed)
        flags, method, checksum, packed, n_unpacked = *entry[3:5], *entry[7:10]
        n_name, n_extra, n_comment, offset = *entry[10:13], entry[16]
        text, extra, _ = (file.read(n) for n in (n_name, n_extra, n_comment))
        size -= _ENTRY.size + n_name + n_extra + n_comment
        n_members += 1
        if n_members > limits.MAX_MEMBERS:
            raise DataError(
                f"The archive holds more than {limits.MAX_MEMBERS:,} files: add it in parts."
            )
        name = text.decode("utf-8" if flags & _UTF_8 else "cp437")
        if name.endswith("/"):
            continue
        n_unpacked, packed, offset = _in_64_bits(extra, [n_unpacked, packed, offset])
        offset += before
        if offset + _LOCAL.size + packed > n_bytes:
            raise _DamagedError("its list of files names places beyond its end")
        yield _Member(name, flags, method, checksum, packed, n_unpacked, offset)


def _find_directory(file: BinaryIO, n_bytes: int) -> tuple[int, int, int]:
    """Where the list of files begins, its bytes, and how many bytes stand before the archive."""
    tail_at = max(0, n_bytes - _END.size - 0xFFFF)
    file.seek(tail_at)
    tail = file.read(_END.size + 0xFFFF)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise _DamagedError("it is no zip, or is cut short")
    _, disk, first_disk, _, _, size, offset, _ = _END.unpack_from(tail, at)
    end = tail_at + at
    place = end - _PLACE_OF_END_64.size
    file.seek(max(0, place - _END_64.size))
    record = file.read(_END_64.size + _PLACE_OF_END_64.size)
    if place >= _END_64.size and record[_END_64.size :][:4] == b"PK\x06\x07":
        mark, _, _, _, disk, first_disk, _, _, size, offset = _END_64.unpack_from(record)
        if mark != b"PK\x06\x06":
            raise _DamagedError("its 64-bit end record is damaged")
        end = place - _END_64.size
    before = end - size - offset
    if disk or first_disk:
        raise _DamagedError("it is one part of several")
    if before < 0:
        raise _DamagedError("its list of files is not where it says")
    return end - size, size, before


def _in_64_bits(extra: bytes, values: list[int]) -> list[int]:
    """Replace values that do not fit into 32 bits by those of the extra field."""
    if _NOT_HERE_32 not in values:
        return values
    while len(extra) >= 4:
        kind, n_bytes = struct.unpack_from("<HH", extra)
        if kind == 1:
            places = [place for place, value in enumerate(values) if value == _NOT_HERE_32]
            for nth, place in enumerate(places):
                values[place] = struct.unpack_from("<Q", extra[: 4 + n_bytes], 4 + 8 * nth)[0]
            return values
        extra = extra[4 + n_bytes :]
    raise _DamagedError("its list of files lacks 64-bit sizes")
