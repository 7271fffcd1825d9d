"""The on-disk form of a data set: `items.npy`, `attributes.parquet`, `about.json` in one folder."""

import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from ae_core.config import Settings
from ae_core.data.items import AnyItem, ItemKind, with_item
from ae_core.errors import DataError, MissingFileError, UnreadableFileError
from ae_core.locations import atomic_folder, write_atomically
from ae_core.reading import (
    map_array,
    read_once,
    read_settings,
    require_plain_file,
    require_printable,
)

if TYPE_CHECKING:
    import pandas as pd

SPLIT_COLUMN = "split"
ATTRIBUTES = "attributes.parquet"
HELD_OUT_SHARE = 0.1
_CHUNK = 4096


class About(Settings):
    """`about.json`: what the data set is and where it comes from."""

    name: str = Field(description="Name of the data set, and of its folder.")
    title: str = Field(description="Name for people.")
    description: str = Field("", description="One sentence on the items.")
    n_items: int = Field(ge=1, description="How many items.")
    item: AnyItem = Field(description="What an item is.")
    fingerprint: str = Field(description="BLAKE2 of all item bytes.")
    source: str = Field("", description="Where the items come from.")
    licence: str = Field("", description="Terms of use.")
    has_split: bool = Field(
        True, description="Whether an attribute `split` says what is held out; true: look."
    )

    @property
    def n_fitted(self) -> int:
        """About how many items models are fitted on; an attribute `split` may say otherwise."""
        return max(1, round((1 - HELD_OUT_SHARE) * self.n_items))

    @model_validator(mode="before")
    @classmethod
    def _with_item(cls, values: object) -> object:
        return with_item(values)


class DataSet:
    """Items and what is known about them.

    Attributes:
        items: Stored form of `about.item`, (N, ...), usually memory-mapped, never written to.
        about: Name, kind of item, fingerprint, source.
    """

    def __init__(
        self,
        items: np.ndarray,
        attributes: "pd.DataFrame | Callable[[], pd.DataFrame]",
        about: About,
    ) -> None:
        """Join items and attributes.

        Args:
            items: Stored form of `about.item`, (N, ...).
            attributes: One row an item, or what reads them when they are first asked for: pages
                that need none need not wait for pandas.
            about: What the set is.

        Raises:
            DataError: The items are not what `about` says.
        """
        expected, dtype = (about.n_items, *about.item.shape), about.item.stored_dtype
        if items.shape != expected or items.dtype != dtype:
            raise DataError(
                f"`items` of {about.name!r} must be {dtype} of shape {expected}; got "
                f"{items.dtype} {items.shape}: add the data set again."
            )
        self.items = items
        self.about = about
        self._attributes = attributes

    @functools.cached_property
    def attributes(self) -> "pd.DataFrame":
        """One row an item: bool, text or number columns.

        Raises:
            DataError: Their file is broken, or has not a row an item.
        """
        found = self._attributes() if callable(self._attributes) else self._attributes
        if len(found) != self.about.n_items:
            raise DataError(
                f"`attributes` of {self.about.name!r} must have a row an item "
                f"({self.about.n_items}); got {len(found)}: add the data set again."
            )
        return found

    @property
    def name(self) -> str:
        return self.about.name

    def visible_attributes(self) -> list[str]:
        """Attribute names that say something about items (not the split)."""
        return [name for name in self.attributes.columns if name != SPLIT_COLUMN]

    def drawn(self, rows: np.ndarray) -> np.ndarray:
        """Items drawn for reading: uint8 (n, C, h, w) with C 1 or 3.

        Args:
            rows: int64 indices.
        """
        return self.about.item.drawn(np.array(self.items[rows]))

    def split(self) -> tuple[np.ndarray, np.ndarray]:
        """Indices to fit on and indices held out, both int64, ascending, disjoint.

        A `split` attribute ("train" / "held_out") decides where there is one; else one item in ten
        is held out by a fixed shuffle, the same in every process and version; so it is where that
        attribute leaves one part empty, as in the first items of a larger set.
        """
        held_out = np.zeros(len(self.items), dtype=bool)
        if self.about.has_split and SPLIT_COLUMN in self.attributes:
            held_out = (self.attributes[SPLIT_COLUMN] == "held_out").to_numpy()
        if held_out.all() or not held_out.any():
            held_out = held_out_rows(len(self.items))
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)

    def head(self, n_items: int) -> "DataSet":
        """The first items as a data set of its own, with a fingerprint of its own."""
        n_items = min(n_items, len(self.items))
        items = self.items[:n_items]
        changed = {"n_items": n_items, "fingerprint": fingerprint_items(items)}
        about = self.about.model_copy(update=changed)
        return DataSet(items, lambda: self.attributes.iloc[:n_items], about)


def held_out_rows(n_items: int) -> np.ndarray:
    """One item in ten by a fixed shuffle, the same in every version: bool (n_items,)."""
    order = np.random.Generator(np.random.Philox(key=20_061)).permutation(n_items)
    held_out = np.zeros(n_items, dtype=bool)
    held_out[order[: max(1, round(HELD_OUT_SHARE * n_items))]] = True
    return held_out


def fingerprint_items(items: np.ndarray) -> str:
    """BLAKE2b (16 bytes, hex) of shape and bytes of stored items, read in chunks."""
    digest = hashlib.blake2b(repr(items.shape).encode(), digest_size=16)
    for start in range(0, len(items), _CHUNK):
        digest.update(np.ascontiguousarray(items[start : start + _CHUNK]).tobytes())
    return digest.hexdigest()


def make_data_set(
    name: str,
    items: np.ndarray,
    item: ItemKind,
    attributes: "pd.DataFrame",
    *,
    title: str,
    description: str = "",
    source: str = "",
    licence: str = "",
) -> DataSet:
    """A data set in memory, with its fingerprint; `items` are the stored form of `item`.

    Raises:
        DataError: Items and attributes do not fit each other.
    """
    about = About(
        name=name,
        title=title,
        description=description,
        n_items=len(items),
        item=item,  # type: ignore[arg-type]  # one of the kinds, by pydantic's own check
        fingerprint=fingerprint_items(items),
        source=source,
        licence=licence,
        has_split=SPLIT_COLUMN in attributes,
    )
    return DataSet(items, attributes.reset_index(drop=True), about)


def write_data_set(folder: Path, data_set: DataSet) -> None:
    """Write a whole data set or nothing; see `atomic_folder`.

    Raises:
        DataError: The folder exists already.
        OSError: The disk is full; nothing is left behind.
    """
    with new_folder(folder) as temporary:
        np.save(temporary / "items.npy", data_set.items)
        write_attributes(temporary, data_set.attributes)
        write_about(temporary, data_set.about)


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill that becomes a data set when it is whole; see `atomic_folder`.

    Raises:
        DataError: The folder exists already.
        OSError: The disk is full; nothing is left behind.
    """
    try:
        with atomic_folder(folder) as temporary:
            yield temporary
    except FileExistsError as error:
        raise DataError(
            f"`name`: a data set {folder.name!r} exists already: choose another name, or remove it "
            "first."
        ) from error


def write_attributes(folder: Path, attributes: "pd.DataFrame") -> None:
    """Write one row an item, in the order of the items."""
    attributes.reset_index(drop=True).to_parquet(folder / ATTRIBUTES)


def write_about(folder: Path, about: About) -> None:
    """Write what the data set is; the last of its files."""
    write_atomically(folder / "about.json", about.model_dump_json(indent=2))


def read_about(folder: Path) -> About:
    """What a stored data set says of itself.

    Raises:
        DataError: It is missing or cannot be read.
    """
    try:
        require_printable(folder)
        return read_once(folder / "about.json", _about_of)
    except MissingFileError as error:
        raise DataError(
            f"Data set {folder.name!r} has no about.json: it was not added completely; remove its "
            "folder and add it again."
        ) from error
    except UnreadableFileError as error:
        raise DataError(
            f"Data set {folder.name!r} cannot be opened: {error}. Add the data again."
        ) from error


def _about_of(path: Path) -> About:
    return read_settings(path, About)


def read_data_set(folder: Path) -> DataSet:
    """Open a stored data set; items and attributes stay on disk until they are asked for.

    Raises:
        DataError: A file is missing, broken, or contradicts another.
    """
    about = read_about(folder)
    try:
        items = map_array(folder / "items.npy")
    except UnreadableFileError as error:
        raise _broken(about, error) from error
    return DataSet(items, functools.partial(_read_attributes, folder, about), about)


def _read_attributes(folder: Path, about: About) -> "pd.DataFrame":
    import pandas as pd

    path = folder / ATTRIBUTES
    try:
        require_plain_file(path)
        attributes = pd.read_parquet(path)
    # Whatever pyarrow's and pandas' parsers meet in a damaged file, they raise.
    except Exception as error:
        raise _broken(about, error) from error
    if attributes.columns.empty:  # a table without columns does not remember its rows
        return pd.DataFrame(index=range(about.n_items))
    return attributes


def _broken(about: About, error: Exception) -> DataError:
    return DataError(
        f"Data set {about.name!r} is broken ({error}): remove its folder and add it again."
    )
