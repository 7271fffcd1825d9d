"""Which attributes a picture has: the `metadata.csv` files of a zip, one or one a folder."""

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, TextIO

import pandas as pd

from ae_core.data.limits import (
    MAX_ATTRIBUTE_BYTES,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ITEMS,
    MAX_ROW_CHARACTERS,
)
from ae_core.errors import DataError

# Rows of which pandas guesses the kinds of the columns at a time.
_STRETCH_ROWS = 20_000

Table = Callable[[], BinaryIO]
"""Opens a table's bytes, each time from the start."""


def match_tables(members: list[str], tables: dict[str, Table]) -> tuple[list[str], pd.DataFrame]:
    """Find the pictures that tables name, and join the tables' other columns.

    Args:
        members: Paths of the pictures in their zip.
        tables: What opens CSV files with a column `file_name`, by their paths in the zip.

    Returns:
        The pictures in the order of the rows, and a row of attributes for each; a column that one
        table lacks is missing for its pictures.

    Raises:
        DataError: A table cannot be read or is too large, a row names no picture or may mean
            several, or two tables name the same.
    """
    places = _Places(members)
    frames, chosen = [], []
    owners: dict[str, str] = {}
    for path, table in tables.items():
        frame = _read_table(path, table)
        frames.append(frame.drop(columns="file_name"))
        for picture in _pictures_named(frame["file_name"].fillna(""), path, places):
            if owners.setdefault(picture, path) != path:
                raise DataError(
                    f"{owners[picture]} and {path} both name the picture {picture!r}: leave it "
                    "out of one of them."
                )
            chosen.append(picture)
    return chosen, _tidy(pd.concat(frames, ignore_index=True))


class _Places:
    """Pictures by their paths, and by their bare names."""

    def __init__(self, members: list[str]) -> None:
        self._members = members
        self._by_name: dict[str, str] = {}
        self._ambiguous: set[str] = set()
        for member in members:
            bare = _bare(member)
            if self._by_name.setdefault(bare, member) != member:
                self._ambiguous.add(bare)
        paths = {_composed(member): member for member in members}
        self._ambiguous -= paths.keys()  # a whole path means one picture
        self._by_name |= paths

    def named(self, name: str) -> list[str]:
        """The pictures that a composed path or bare name may mean."""
        if name in self._ambiguous:
            return [member for member in self._members if _bare(member) == name]
        return [self._by_name[name]] if name in self._by_name else []


def _bare(member: str) -> str:
    return _composed(PurePosixPath(member).name)


def _read_table(path: str, table: Table) -> pd.DataFrame:
    """A table, read in stretches: what is bounded is what is found, not what a file says."""
    try:
        with table() as stream:
            _check_size(path, stream)
        frame = _in_stretches(path, table, {})
    except (ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error}): save it as UTF-8 CSV.") from error
    if "file_name" not in frame:
        raise DataError(
            f"{path} must have a column `file_name`; it has "
            f"{', '.join(map(str, frame.columns[:10]))}."
        )
    return frame


def _check_size(path: str, stream: BinaryIO) -> None:
    """Count rows, columns and cells, one row in memory at a time.

    Raises:
        DataError: There are too many.
        ValueError: It is no UTF-8.
        csv.Error: A cell is not closed, or longer than Python's reader takes (128 KiB).
    """
    n_cells = 0
    lines = _Lines(path, io.TextIOWrapper(stream, "utf-8-sig"))
    for n_rows, record in enumerate(csv.reader(lines)):
        lines.begin_row()
        n_cells += len(record)
        if n_rows > MAX_ITEMS:
            raise DataError(f"{path} has more than {MAX_ITEMS:,} rows: leave some out.")
        if len(record) > MAX_COLUMNS:
            raise DataError(
                f"{path} has {len(record):,} columns; at most {MAX_COLUMNS:,}: leave some out."
            )
        if n_cells > MAX_CELLS:
            raise DataError(
                f"{path} has more than {MAX_CELLS:,} cells (rows times columns): leave columns out."
            )


class _Lines:
    """Lines of a text for Python's CSV reader, which holds all lines of a row at once."""

    def __init__(self, path: str, text: TextIO) -> None:
        self._path, self._text = path, text
        self._n_characters = 0

    def begin_row(self) -> None:
        """The row so far is read: what comes belongs to the next."""
        self._n_characters = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(MAX_ROW_CHARACTERS):
            self._n_characters += len(line)
            if self._n_characters >= MAX_ROW_CHARACTERS:
                raise DataError(
                    f"{self._path} has a row of over {MAX_ROW_CHARACTERS:,} characters: shorten "
                    "its texts, or close a quotation mark."
                )
            yield line


def _in_stretches(path: str, table: Table, kinds: dict[str, str]) -> pd.DataFrame:
    """Read stretches of rows and join them, as if each column had been read as a whole.

    Args:
        path: What errors call it.
        table: Opens it.
        kinds: Columns whose kind is known already.
    """
    stretches: list[pd.DataFrame] = []
    n_bytes = 0
    kinds = {"file_name": "str", **kinds}
    with (
        table() as stream,
        pd.read_csv(stream, dtype=kinds, chunksize=_STRETCH_ROWS) as reader,
    ):
        for stretch in reader:
            n_bytes += int(stretch.memory_usage(index=False, deep=True).sum())
            if n_bytes > MAX_ATTRIBUTE_BYTES:
                raise DataError(
                    f"{path} takes more than {MAX_ATTRIBUTE_BYTES >> 20} MiB of memory: leave "
                    "columns out."
                )
            stretches.append(stretch)
    differing = _kinds_that_differ(stretches) if len(kinds) == 1 else {}
    if differing:
        stretches.clear()
        return _in_stretches(path, table, differing)
    return pd.concat(stretches, ignore_index=True)


def _kinds_that_differ(stretches: list[pd.DataFrame]) -> dict[str, str]:
    """Columns that pandas reads otherwise in stretches than as a whole, and how to read them."""
    found = {
        str(name): _kind_of_all([stretch[name] for stretch in stretches])
        for name in stretches[0].columns
    }
    return {name: kind for name, kind in found.items() if kind is not None}


def _kind_of_all(parts: list[pd.Series]) -> str | None:
    """How to read a column of which these are parts; None: joined as they are, they are right."""
    known = [part for part in parts if not part.isna().all()]
    kinds = {"T" if isinstance(part.dtype, pd.StringDtype) else part.dtype.kind for part in known}
    if len(kinds) < 2 or kinds in ({"i", "f"}, {"u", "f"}, {"i", "u", "f"}, {"b", "O"}):
        return None
    if kinds == {"i", "u"} and all(part.min() >= 0 for part in known):
        return "uint64"
    return "str"


def _pictures_named(names: Iterable[str], path: str, places: _Places) -> list[str]:
    """The picture that each row of the table at `path` means.

    That is the one so named from the table's folder; else the one with this path in the zip; else
    the one with this bare name, wherever it lies.
    """
    folder = PurePosixPath(path).parent
    chosen, missing = [], []
    for row, name in enumerate(names, start=2):  # as a spreadsheet counts: row 1 is the header
        inside = _composed(str(folder / name))
        candidates = places.named(inside) or places.named(_composed(name))
        if len(candidates) > 1:
            raise DataError(
                f"Row {row} of {path} names {name!r}, which may be any of {len(candidates)} "
                f"pictures ({', '.join(candidates[:3])}): write its whole path in the zip, such as "
                f"{candidates[0]!r}."
            )
        chosen += candidates
        missing += [] if candidates else [name]
    if missing:
        raise DataError(
            f"{path} names {len(missing)} pictures that are not in the zip, the first "
            f"{missing[0]!r}: remove these rows or add the pictures. Names are read from the "
            "CSV's own folder."
        )
    return chosen


def _composed(name: str) -> str:
    """A Mac zips "é" as two characters; who types it into a table makes one."""
    return unicodedata.normalize("NFC", name)


def _tidy(attributes: pd.DataFrame) -> pd.DataFrame:
    """Columns of 0 and 1 become bool (-1 and 1 as well: CelebA's own way); text stays text."""
    tidy = {}
    for name, column in attributes.items():
        values = column.dropna().unique()
        if column.notna().all() and 1 <= len(values) <= 2 and set(values) <= {0, 1, -1}:
            column = column > 0
        elif column.dtype == object:
            column = column.astype(str)
        tidy[str(name)] = column
    return pd.DataFrame(tidy, index=attributes.index)
