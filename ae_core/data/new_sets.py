"""A new data set of pictures: its name, its limits, and its items on their way to disk."""

import hashlib
import itertools
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout

from ae_core.config import check_name
from ae_core.data.catalogue import EMBEDDED, load_data_set
from ae_core.data.items import Picture
from ae_core.data.limits import MAX_DATA_SET_BYTES, MAX_ITEMS, MIN_ITEMS, RESERVE_BYTES
from ae_core.data.store import About, DataSet, new_folder, write_about, write_attributes
from ae_core.errors import DataError
from ae_core.locations import cache_dir, data_dir

if TYPE_CHECKING:
    import pandas as pd

_BLOCK_BYTES = 4 * 2**20


def check_new_name(name: str) -> None:
    """Refuse a name that cannot be a folder's, or that a data set has already.

    Raises:
        DataError: The name is taken, or a data set of this name is being added.
        ConfigError: It has other characters than a-z, 0-9, '.', '-', '_'.
    """
    with claimed_name(name, wait_s=0):
        pass


@contextmanager
def claimed_name(name: str, *, wait_s: float = 3) -> Iterator[None]:
    """Keep a new data set's name for oneself while it is being added.

    The system gives it back when the process ends, however it does.

    Args:
        name: The new name.
        wait_s: How long to wait for somebody who is only looking whether it is free.

    Raises:
        DataError: The name is taken, or somebody else has claimed it.
        ConfigError: It has other characters than a-z, 0-9, '.', '-', '_'.
    """
    path = _claim(check_name(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=wait_s):
            if name in EMBEDDED or (data_dir() / name).exists():
                raise DataError(
                    f"`name`: a data set {name!r} exists already: choose another name, or remove "
                    "it first."
                )
            yield
    except Timeout as error:
        raise DataError(
            f"`name`: a data set {name!r} is just being added: choose another name, or wait until "
            "that has ended."
        ) from error


def is_being_added(name: str) -> bool:
    """Whether a process is adding a data set of this name."""
    path = _claim(name)
    if not path.exists():
        return False
    try:
        with FileLock(path, blocking=False):
            return False
    except Timeout:
        return True


def free_name(stem: str) -> str:
    """A name for a data set that is not taken, made of a file's name: stem, stem-2, stem-3, ..."""
    plain = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:50] or "pictures"
    names = itertools.chain([plain], (f"{plain}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in EMBEDDED and not (data_dir() / name).exists())


def _claim(name: str) -> Path:
    return cache_dir() / "adding" / f"{name}.lock"


def check_size(source: str, n_items: int, item_shape: tuple[int, ...], *, spare: int = 0) -> None:
    """Refuse a data set that is too small, too large, or has no room on the disk.

    Args:
        source: The file that it comes from, for errors.
        n_items: How many items.
        item_shape: Of one item, in bytes (C, H, W).
        spare: Further bytes that are needed on the way.

    Raises:
        DataError: It is so.
    """
    if not MIN_ITEMS <= n_items <= MAX_ITEMS:
        raise DataError(
            f"A data set needs {MIN_ITEMS} to {MAX_ITEMS:,} items; {source!r} has {n_items:,}."
        )
    n_bytes = n_items * int(np.prod(item_shape))
    if n_bytes > MAX_DATA_SET_BYTES:
        raise DataError(
            f"{source!r} makes a data set of {n_bytes >> 30:,} GiB; at most "
            f"{MAX_DATA_SET_BYTES >> 30}: add fewer or smaller pictures."
        )
    data_dir().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(data_dir()).free - RESERVE_BYTES
    if n_bytes + spare > free:
        raise DataError(
            f"{source!r} needs {(n_bytes + spare) / 2**20:,.0f} MiB of disk; {data_dir()} has "
            f"{max(free, 0) / 2**20:,.0f} MiB to spare: make room, or add fewer pictures."
        )


def block_items(item_shape: tuple[int, ...]) -> int:
    """How many items to hold in memory at a time."""
    return max(1, _BLOCK_BYTES // int(np.prod(item_shape)))


def store_pictures(
    name: str,
    blocks: Iterable[np.ndarray],
    shape: tuple[int, int, int, int],
    attributes: "pd.DataFrame",
    *,
    source: str,
    description: str = "",
    find_grey: bool = False,
) -> DataSet:
    """Write a data set while its pictures come in: memory holds one block.

    Args:
        name: Claimed by `claimed_name`.
        blocks: uint8 (n, C, H, W), together N.
        shape: (N, C, H, W), checked by `check_size`.
        attributes: N rows.
        source: The file that it comes from.
        description: What came in of it, and what did not.
        find_grey: Keep one channel where all three are equal in all pictures.

    Raises:
        DataError: The name was taken meanwhile; or whatever `blocks` raises. Nothing is stored.
    """
    with new_folder(data_dir() / name) as folder:
        path = folder / "items.npy"
        fingerprint, is_grey = _write_items(path, blocks, shape)
        if find_grey and is_grey and shape[1] == 3:
            shape = (shape[0], 1, *shape[2:])
            colour = path.rename(folder / "colour.npy")
            fingerprint, _ = _write_items(path, _first_channels(colour, shape), shape)
            colour.unlink()
        write_attributes(folder, attributes)
        about = About(
            name=name,
            title=name,
            description=description,
            n_items=shape[0],
            item=Picture(size=shape[1:]),
            fingerprint=fingerprint,
            source=source,
            licence="your own file",
            has_split="split" in attributes,
        )
        write_about(folder, about)
    return load_data_set(name)


def _write_items(
    path: Path, blocks: Iterable[np.ndarray], shape: tuple[int, int, int, int]
) -> tuple[str, bool]:
    """Write blocks one behind another; the fingerprint of all, and whether all are grey."""
    digest = hashlib.blake2b(repr(shape).encode(), digest_size=16)  # as `fingerprint_items`
    is_grey, n_items = True, 0
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            content = np.ascontiguousarray(block)
            file.write(content.data)
            digest.update(content.data)
            is_grey = is_grey and bool((content == content[:, :1]).all())
            n_items += len(content)
    if n_items != shape[0]:
        raise RuntimeError(f"{n_items} of {shape[0]} items were written")  # a bug of the caller's
    return digest.hexdigest(), is_grey


def _first_channels(path: Path, shape: tuple[int, int, int, int]) -> Iterator[np.ndarray]:
    """The first of three channels, block by block, read without mapping the file."""
    n_items, _, *sides = shape
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        for start in range(0, n_items, block_items((3, *sides))):
            n = min(block_items((3, *sides)), n_items - start)
            block = np.fromfile(file, np.uint8, n * 3 * sides[0] * sides[1])
            yield block.reshape(n, 3, *sides)[:, :1]
