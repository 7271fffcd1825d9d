"""Zips of pictures become data sets, picture by picture.

They follow the `imagefolder` convention: pictures anywhere in the archive, and optionally a
`metadata.csv` in any folder, which says more about them. All that is understood: docs/formats.md.
"""

import functools
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
import pandas as pd

from ae_core.data.archives import Archive, open_archive
from ae_core.data.limits import (
    LARGEST_SIDE,
    MAX_PICTURE_BYTES,
    MAX_TABLE_BYTES,
    SMALLEST_SIDE,
)
from ae_core.data.new_sets import block_items, check_size, claimed_name, store_pictures
from ae_core.data.picture_tables import match_tables
from ae_core.data.pictures import read_picture
from ae_core.data.store import DataSet
from ae_core.errors import DataError
from ae_core.processes.progress import Progress, silent
from ae_core.words import count_of, some_of

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})
TABLE_NAME = "metadata.csv"


def add_zip(
    path: Path, name: str, *, size: int = 64, source: str = "", on_progress: Progress = silent
) -> DataSet:
    """Add the pictures of a zip file, cropped to a centred square and resized.

    Memory does not grow with the number of pictures, but for their names and attributes.

    Args:
        path: The `.zip` file; pictures anywhere in it, and optionally `metadata.csv` files.
        name: Name of the new data set.
        size: Side of the stored pictures in pixels, 8 to 128.
        source: What the person calls the file; its own name if empty.
        on_progress: Told how far it is; may raise to stop it.

    Raises:
        DataError: Not a zip, made to fill memory, no or too few pictures, a broken picture
            (named), metadata that does not fit, name taken. Nothing is stored then.
    """
    if not SMALLEST_SIDE <= size <= LARGEST_SIDE:
        raise DataError(f"`size` must be {SMALLEST_SIDE} to {LARGEST_SIDE} pixels; got {size}.")

    source = source or path.name

    def damaged(why: object) -> str:
        return f"{source!r} cannot be read as a zip file ({why}): pack the pictures again."

    with claimed_name(name), open_archive(path, _is_wanted, damaged) as archive:
        members = found = _picture_members(archive, source)
        tables = [name for name in archive.names if _is_table(name)]
        if tables:
            members, attributes = match_tables(
                members, {table: functools.partial(_open_table, archive, table) for table in tables}
            )
        else:
            attributes = _folder_labels(members)
        shape = (len(members), 3, size, size)
        check_size(source, shape[0], shape[1:])
        blocks = _pictures(archive, members, size, on_progress)
        made = store_pictures(
            name, blocks, shape, attributes, source=source, find_grey=True,
            description=_what_came_in(members, found, archive.passed_over),
        )  # fmt: skip
    on_progress("stored", 1.0)
    return made


def _what_came_in(members: list[str], found: list[str], passed_over: list[str]) -> str:
    """How many pictures came in, and what of the zip did not, by name."""
    said = f"{count_of(len(members), 'picture')} came in."
    without_row = sorted(set(found) - set(members))
    others = [name for name in passed_over if not _is_of_the_system(name)]
    left_out = [
        f"{count_of(len(names), noun)} {why} ({some_of(names)})"
        for names, noun, why in (
            (without_row, "picture", f"without a row in {TABLE_NAME}"),
            (others, "file", "of another kind"),
        )
        if names
    ]
    return f"{said} Left out: {', '.join(left_out)}." if left_out else said


def _is_of_the_system(member: str) -> bool:
    """Whether a person does not know of the file: an operating system has put it there."""
    return "__MACOSX" in member or PurePosixPath(member).name in (".DS_Store", "Thumbs.db")


def _is_wanted(member: str) -> bool:
    return not _is_of_the_system(member) and (_is_picture(member) or _is_table(member))


def _is_picture(member: str) -> bool:
    return PurePosixPath(member).suffix.lower() in PICTURE_SUFFIXES


def _is_table(member: str) -> bool:
    return PurePosixPath(member).name == TABLE_NAME


def _picture_members(archive: Archive, file_name: str) -> list[str]:
    members = [name for name in archive.names if _is_picture(name)]
    if not members:
        raise DataError(
            f"{file_name!r} holds no pictures: it needs files ending in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}."
        )
    return members


def _folder_labels(members: list[str]) -> pd.DataFrame:
    """The folder a picture lies in is its label, where there is more than one folder."""
    folders = [PurePosixPath(member).parent.name for member in members]
    if len(set(folders)) < 2:
        return pd.DataFrame(index=range(len(members)))
    return pd.DataFrame({"label": folders})


def _open_table(archive: Archive, table: str) -> BinaryIO:
    return archive.open(table, max_bytes=MAX_TABLE_BYTES)


def _pictures(
    archive: Archive, members: list[str], size: int, on_progress: Progress
) -> Iterator[np.ndarray]:
    """Blocks of pictures as items, uint8 (n, 3, size, size)."""
    n_block = block_items((3, size, size))
    for start in range(0, len(members), n_block):
        chosen = members[start : start + n_block]
        block = np.empty((len(chosen), 3, size, size), np.uint8)
        for place, member in enumerate(chosen):
            content = archive.read(member, max_bytes=MAX_PICTURE_BYTES)
            try:
                block[place] = read_picture(content, member, item_shape=(3, size, size))
            except DataError as error:
                raise DataError(f"{error} Nothing was stored.") from error
            if place % 100 == 99:
                on_progress("reading pictures", (start + place + 1) / len(members))
        yield block
