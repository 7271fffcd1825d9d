"""NumPy archives become data sets: their headers are read first, then only what is used.

What a header declares is checked against limits, and then against what is found: memory is never
taken faster than bytes arrive.
"""

import math
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import pandas as pd

from ae_core.data.archives import Archive, DamagedFileError, open_archive
from ae_core.data.limits import (
    LARGEST_SIDE,
    MAX_ARRAYS,
    MAX_ATTRIBUTE_BYTES,
    MAX_HEADER_BYTES,
    MAX_TEXT_CHARACTERS,
    SMALLEST_SIDE,
)
from ae_core.data.new_sets import block_items, check_size, claimed_name, store_pictures
from ae_core.data.store import SPLIT_COLUMN, DataSet
from ae_core.errors import DataError
from ae_core.locations import data_dir
from ae_core.processes.progress import Progress, silent
from ae_core.words import count_of, some_of

_MAGIC = b"\x93NUMPY"
_BLOCK_BYTES = 2**20
_READ_AHEAD_BYTES = 2**17


@dataclass(frozen=True)
class _Array:
    """What the header of an array says; the array itself is still packed."""

    key: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_fortran: bool
    n_header_bytes: int

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def add_arrays(
    path: Path, name: str, *, size: int = 64, source: str = "", on_progress: Progress = silent
) -> DataSet:
    """Add pictures from a NumPy archive.

    Understood: `images` (with `labels`), or `train_images` and `test_images` (with
    `train_labels`, `test_labels`), uint8 (N, H, W), (N, H, W, 3) or (N, 3, H, W); every further
    one-dimensional array of N flags, numbers or texts becomes an attribute. Others are not read.

    Args:
        path: The `.npz` file.
        name: Name of the new data set.
        size: Not used: arrays keep their size. Here so that both adders are called alike.
        source: What the person calls the file; its own name if empty.
        on_progress: Told how far it is; may raise to stop it.

    Raises:
        DataError: Not such an archive, made to fill memory, pickled objects inside, wrong dtype or
            shape, values that are no attributes, name taken. Nothing is stored then.
    """
    source = source or path.name

    def damaged(why: object) -> str:
        return (
            f"{source!r} cannot be read as a NumPy archive ({why}): write it with "
            "np.savez(file, images=..., labels=...), without Python objects."
        )

    with claimed_name(name), open_archive(path, _is_array, damaged) as archive:
        try:
            arrays = _read_headers(archive)
            parts = _parts(arrays, source)
            images = [arrays[key] for _, key in parts]
            shapes = [_item_shape(image) for image in images]
            if len(set(shapes)) > 1:
                raise DataError(f"The pictures of {source!r} differ in shape between its arrays.")
            lengths = [image.shape[0] for image in images]
            turned = sum(image.n_bytes for image in images if image.is_fortran)
            check_size(source, sum(lengths), shapes[0], spare=turned)
            attributes = _attributes(archive, arrays, parts, lengths)
            made = store_pictures(
                name,
                _all_items(archive, images, shapes[0], on_progress),
                (sum(lengths), *shapes[0]),
                attributes,
                source=source,
                description=_what_came_in(sum(lengths), attributes, arrays, parts),
            )
        except _DamagedError as error:
            raise DataError(damaged(error)) from error
    on_progress("stored", 1.0)
    return made


def _what_came_in(
    n_items: int,
    attributes: pd.DataFrame,
    arrays: dict[str, _Array],
    parts: list[tuple[str, str]],
) -> str:
    """How many pictures came in, and which arrays did not."""
    prefixes = [key.removesuffix("images") for _, key in parts]
    names = ["images", "labels", *map(str, attributes)]
    unused = sorted(arrays.keys() - {prefix + name for prefix in prefixes for name in names})
    said = f"{count_of(n_items, 'picture')} came in."
    left_out = f"{count_of(len(unused), 'array')} of another shape ({some_of(unused)})"
    return f"{said} Left out: {left_out}." if unused else said


class _DamagedError(Exception):
    """An array is damaged or contradicts its header; the text says how."""


def _is_array(member: str) -> bool:
    return member.endswith(".npy")


def _parts(arrays: dict[str, _Array], source: str) -> list[tuple[str, str]]:
    """Splits and the arrays of their pictures; "" where there is one array of all."""
    if "images" in arrays:
        return [("", "images")]
    if "train_images" not in arrays:
        named = ", ".join(sorted(arrays)[:20]) or "nothing"
        raise DataError(
            f"{source!r} must hold an array `images`, or `train_images` and `test_images`; "
            f"it holds {named}."
        )
    both = [("train", "train_images"), ("held_out", "test_images")]
    return [(split, key) for split, key in both if key in arrays]


# --- Headers --------------------------------------------------------------------------------


def _read_headers(archive: Archive) -> dict[str, _Array]:
    """The header of every array; what is no array in spite of its name is passed over."""
    if len(archive.names) > MAX_ARRAYS:
        raise DataError(
            f"The archive holds {len(archive.names):,} arrays; at most {MAX_ARRAYS:,}: leave some "
            "out."
        )
    found = (_read_header(archive, member) for member in archive.names)
    return {array.key: array for array in found if array is not None}


def _read_header(archive: Archive, member: str) -> _Array | None:
    key = member.removesuffix(".npy")
    with _damage_in_words(), archive.open(member, max_bytes=2**40) as stream:
        start = stream.read(len(_MAGIC) + 2)
        if not start.startswith(_MAGIC):
            return None
        version = start[len(_MAGIC)]
        length = stream.read({1: 2, 2: 4}.get(version, 0))
        n_bytes = int.from_bytes(length, "little")
        if not 0 < n_bytes <= MAX_HEADER_BYTES:
            raise _DamagedError(f"the header of {key!r} is not of NumPy's usual form")
        header = BytesIO(length + stream.read(n_bytes))
    read = np.lib.format.read_array_header_1_0
    if version == 2:
        read = np.lib.format.read_array_header_2_0
    try:
        shape, is_fortran, dtype = read(header)
    except (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
        raise _DamagedError(f"the header of {key!r} cannot be read") from error
    if any(length < 0 for length in shape):
        raise _DamagedError(f"`{key}` has a length below 0")
    return _Array(key, dtype, shape, is_fortran, len(start) + len(length) + n_bytes)


def _item_shape(array: _Array) -> tuple[int, int, int]:
    """(C, H, W) of the pictures of an array of one of the usual layouts.

    Raises:
        DataError: It is of another dtype or layout, or its pictures are too small or large.
    """
    key, shape = array.key, array.shape
    _refuse_objects(array)
    if array.dtype != np.uint8:
        raise DataError(
            f"`{key}` must be uint8 (0 to 255); got {array.dtype}: multiply by 255 and convert."
        )
    item: tuple[int, ...] = ()
    if len(shape) == 3:
        item = (1, *shape[1:])
    elif len(shape) == 4:
        item = (shape[3], *shape[1:3]) if _is_channels_last(shape) else shape[1:]
    if len(item) != 3 or item[0] not in (1, 3):
        raise DataError(
            f"`{key}` must have shape (N, H, W), (N, H, W, 3) or (N, 3, H, W); got {shape}."
        )
    channels, height, width = item
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (height, width)):
        raise DataError(
            f"`{key}`: pictures must be {SMALLEST_SIDE} to {LARGEST_SIDE} pixels a side; got "
            f"{height} x {width}: resize them first."
        )
    return channels, height, width


def _is_channels_last(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and shape[3] in (1, 3) and shape[1] not in (1, 3)


def _refuse_objects(array: _Array) -> None:
    if array.dtype.hasobject:
        raise _DamagedError(f"`{array.key}` holds Python objects, which are never read")


# --- Bytes ----------------------------------------------------------------------------------


def _blocks(archive: Archive, array: _Array, n_rows: int) -> Iterator[np.ndarray]:
    """Rows of an array in C order, (n, ...), at most `n_rows` at a time, as they are unpacked."""
    row = array.n_bytes // max(1, array.shape[0])
    with _opened(archive, array) as stream:
        for start in range(0, array.shape[0], n_rows):
            n = min(n_rows, array.shape[0] - start)
            content = stream.read(n * row)
            if len(content) < n * row:
                raise _DamagedError(f"`{array.key}` is shorter than its header says")
            yield np.ndarray((n, *array.shape[1:]), array.dtype, content)
        if stream.read(1):
            raise _DamagedError(f"`{array.key}` is longer than its header says")


@contextmanager
def _opened(archive: Archive, array: _Array) -> Iterator[BufferedReader]:
    """The bytes of an array behind its header."""
    n_bytes = array.n_header_bytes + array.n_bytes + _READ_AHEAD_BYTES
    member = f"{array.key}.npy"
    with _damage_in_words(), archive.open(member, max_bytes=n_bytes) as stream:
        stream.read(array.n_header_bytes)
        yield stream


@contextmanager
def _damage_in_words() -> Iterator[None]:
    """What is wrong with a member, said of the archive: it is NumPy's to write."""
    try:
        yield
    except DamagedFileError as error:
        raise _DamagedError(error) from error


def _all_items(
    archive: Archive,
    images: list[_Array],
    item_shape: tuple[int, int, int],
    on_progress: Progress,
) -> Iterator[np.ndarray]:
    """Blocks of items, uint8 (n, C, H, W), of one array after another."""
    n_items, n_read = sum(image.shape[0] for image in images), 0
    for image in images:
        read = _turned_blocks if image.is_fortran else _blocks
        for block in read(archive, image, block_items(item_shape)):
            if _is_channels_last(image.shape):
                block = block.transpose(0, 3, 1, 2)
            n_read += len(block)
            yield block.reshape(-1, *item_shape)
            on_progress("reading pictures", n_read / n_items)


def _turned_blocks(archive: Archive, array: _Array, n_rows: int) -> Iterator[np.ndarray]:
    """Rows of an array in Fortran order, whose bytes lie all over it: unpacked to disk first."""
    with tempfile.TemporaryFile(dir=data_dir()) as file:
        with _opened(archive, array) as stream:
            shutil.copyfileobj(stream, file, _BLOCK_BYTES)
        if file.tell() != array.n_bytes:
            raise _DamagedError(f"`{array.key}` is not as long as its header says")
        whole = np.memmap(file, array.dtype, "r", shape=array.shape, order="F")
        for start in range(0, len(whole), n_rows):
            yield np.ascontiguousarray(whole[start : start + n_rows])


# --- Attributes -----------------------------------------------------------------------------


def _attributes(
    archive: Archive,
    arrays: dict[str, _Array],
    present: list[tuple[str, str]],
    lengths: list[int],
) -> pd.DataFrame:
    """Every array, or pair of a train and a test array, that has a value for each picture."""
    columns: dict[str, pd.Series] = {}
    prefixes = [key.removesuffix("images") for _, key in present]  # "", "train_", "test_"
    suffixes = {
        key.removeprefix(prefix)
        for prefix in prefixes
        for key in arrays
        if key.startswith(prefix) and not key.endswith("images")
    }
    memory = _Memory()
    for suffix in sorted(suffixes):
        found = [arrays.get(prefix + suffix) for prefix in prefixes]
        fits = [
            values is not None and values.shape == (length,)
            for values, length in zip(found, lengths, strict=True)
        ]
        if all(fits):
            parts = [values for values in found if values is not None]
            column = _column(archive, parts, suffix, memory)
            columns["label" if suffix == "labels" else suffix] = column
        elif suffix == "labels":
            raise DataError(
                f"`labels` must be one value a picture ({lengths}); got shapes "
                f"{[None if values is None else values.shape for values in found]}."
            )
    attributes = pd.DataFrame(columns, index=range(sum(lengths)))
    if "label" in attributes:
        # Classes, not quantities: pictures of 7 are not "more" than pictures of 1.
        attributes["label"] = attributes["label"].astype(str)
    splits = [split for split, _ in present]
    if len(splits) == 2:
        attributes[SPLIT_COLUMN] = np.repeat(splits, lengths)
    return attributes


class _Memory:
    """Counts what all attributes take in memory."""

    def __init__(self) -> None:
        self._n_bytes = 0

    def take(self, n_bytes: int) -> None:
        self._n_bytes += n_bytes
        if self._n_bytes > MAX_ATTRIBUTE_BYTES:
            raise DataError(
                f"The attributes take more than {MAX_ATTRIBUTE_BYTES >> 20} MiB of memory: leave "
                "some out."
            )


def _column(archive: Archive, parts: list[_Array], key: str, memory: _Memory) -> pd.Series:
    """Flags, numbers or text, which is all that a page, a question and a table on disk can hold."""
    for array in parts:
        _check_attribute(array, key)
    try:
        if any(array.dtype.kind == "U" for array in parts):
            return pd.Series(_texts(archive, parts, memory))
        memory.take(sum(array.n_bytes for array in parts))
        return pd.Series(np.concatenate([_numbers(archive, array) for array in parts]))
    except (UnicodeEncodeError, ValueError) as error:
        raise DataError(
            f"`{key}` holds text that is no Unicode ({error}): replace these characters."
        ) from error


def _check_attribute(array: _Array, key: str) -> None:
    _refuse_objects(array)
    kind, n_bytes = array.dtype.kind, array.dtype.itemsize
    if kind not in "biufU" or (kind == "f" and n_bytes > 8):
        raise DataError(
            f"`{key}` must be bool, integers, floats of at most 64 bits, or text; got "
            f"{array.dtype}: convert it, for example with .astype(float) or .astype(str), or "
            "leave it out."
        )
    if n_bytes > 4 * MAX_TEXT_CHARACTERS:
        raise DataError(
            f"`{key}` has texts of {n_bytes // 4:,} characters; at most {MAX_TEXT_CHARACTERS:,}: "
            "shorten them."
        )


def _numbers(archive: Archive, array: _Array) -> np.ndarray:
    n_rows = max(1, _BLOCK_BYTES // array.dtype.itemsize)
    blocks = list(_blocks(archive, array, n_rows))
    return np.concatenate(blocks) if blocks else np.empty(0, array.dtype)


def _texts(archive: Archive, parts: list[_Array], memory: _Memory) -> list[object]:
    """All values of the parts; an array keeps every text as wide as its widest, this does not."""
    texts: list[object] = []
    known: dict[object, object] = {}  # classes come often: each text is kept once
    for array in parts:
        for block in _blocks(archive, array, max(1, _BLOCK_BYTES // max(1, array.dtype.itemsize))):
            for text in block.tolist():
                if text not in known:
                    memory.take(2 * len(str(text)) + 64)
                texts.append(known.setdefault(text, text))
        memory.take(8 * array.shape[0])
    return texts
