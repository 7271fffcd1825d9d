"""Which attributes a picture has: the `metadata.csv` files of a zip, one or one a folder."""

import csv
import io
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

import pandas as pd

from ae_core.errors import DataError


def match_tables(members: list[str], tables: dict[str, bytes]) -> tuple[list[str], pd.DataFrame]:
    """Find the pictures that tables name, and join the tables' other columns.

    Args:
        members: Paths of the pictures in their zip.
        tables: CSV files with a column `file_name`, by their paths in the zip.

    Returns:
        The pictures in the order of the rows, and a row of attributes for each; a column that one
        table lacks is missing for its pictures.

    Raises:
        DataError: A table cannot be read, a row names no picture or may mean several, or two
            tables name the same.
    """
    places: dict[str, list[str]] = {}
    for member in members:
        places.setdefault(_composed(PurePosixPath(member).name), []).append(member)
    places |= {_composed(member): [member] for member in members}
    frames, chosen = [], []
    owners: dict[str, str] = {}
    for path, content in tables.items():
        frame = _read_table(path, content)
        frames.append(frame.drop(columns="file_name"))
        for picture in _pictures_named(frame["file_name"].fillna(""), path, places):
            if owners.setdefault(picture, path) != path:
                raise DataError(
                    f"{owners[picture]} and {path} both name the picture {picture!r}: leave it "
                    "out of one of them."
                )
            chosen.append(picture)
    return chosen, _tidy(pd.concat(frames, ignore_index=True))


def _read_table(path: str, content: bytes) -> pd.DataFrame:
    try:
        # `low_memory` would guess the kind of a column anew for each stretch of rows
        frame = pd.read_csv(io.BytesIO(content), dtype={"file_name": str}, low_memory=False)
    except (ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error}): save it as UTF-8 CSV.") from error
    if "file_name" not in frame:
        raise DataError(
            f"{path} must have a column `file_name`; it has "
            f"{', '.join(map(str, frame.columns[:10]))}."
        )
    return frame


def _pictures_named(names: Iterable[str], path: str, places: dict[str, list[str]]) -> list[str]:
    """The picture that each row of the table at `path` means.

    That is the one so named from the table's folder; else the one with this path in the zip; else
    the one with this bare name, wherever it lies.
    """
    folder = PurePosixPath(path).parent
    chosen, missing = [], []
    for row, name in enumerate(names, start=2):  # as a spreadsheet counts: row 1 is the header
        inside = _composed(str(folder / name))
        candidates = places.get(inside) or places.get(_composed(name), [])
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
        values = set(column.dropna().unique())
        if column.notna().all() and values and values <= {0, 1, -1} and len(values) <= 2:
            column = column > 0
        elif column.dtype == object:
            column = column.astype(str)
        tidy[str(name)] = column
    return pd.DataFrame(tidy, index=attributes.index)
