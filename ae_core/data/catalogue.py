"""The data sets there are: the embedded ones and those that a person added."""

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ae_core.data.items import Picture, rows_of_table
from ae_core.data.store import (
    ATTRIBUTES,
    SPLIT_COLUMN,
    About,
    DataSet,
    held_out_rows,
    make_data_set,
    read_about,
    read_data_set,
    write_data_set,
)
from ae_core.data.trash import Removed, put_away
from ae_core.errors import DataError
from ae_core.locations import cache_dir, data_dir
from ae_core.processes.progress import Progress, silent
from ae_core.reading import read_each, subfolders

N_FACES = 20_000
N_PREVIEW = 512
FACES_SEED = 0
# Part of the cache folder's name: raise it when the renderer draws differently.
FACES_VERSION = 1


def _make_digits(_: Progress) -> DataSet:
    import pandas as pd
    from sklearn.datasets import load_digits

    digits = load_digits()
    items = np.round(digits.images * (255 / 16)).astype(np.uint8)[:, None]  # (1797, 1, 8, 8)
    attributes = pd.DataFrame({"digit": pd.Series(digits.target).astype(str)})
    return make_data_set(
        "digits",
        items,
        Picture.of(items),
        attributes,
        title="Digits",
        description="1,797 handwritten digits, 8 x 8 pixels.",
        source="scikit-learn load_digits (UCI Optical Recognition of Handwritten Digits)",
        licence="CC BY 4.0",
    )


def _make_faces(on_progress: Progress, n_items: int = N_FACES) -> DataSet:
    from ae_core.data.faces.portraits import render_faces

    items, attributes = render_faces(n_items, seed=FACES_SEED, on_progress=on_progress)
    return make_data_set(
        "faces",
        items,
        Picture.of(items),
        attributes,
        title="Faces",
        description="Drawn faces, 64 x 64 pixels, with the truth about each.",
        source=f"Zoetrope's own renderer, seed {FACES_SEED}",
        licence="Apache-2.0",
    )


def _make_wine(_: Progress) -> DataSet:
    from sklearn.datasets import load_wine

    return _table(
        "wine",
        load_wine(as_frame=True),
        title="Wine",
        description="178 Italian wines of three cultivars by 13 chemical measurements.",
        source="scikit-learn load_wine (UCI Wine)",
    )


def _make_breast_cancer(_: Progress) -> DataSet:
    from sklearn.datasets import load_breast_cancer

    return _table(
        "breast-cancer",
        load_breast_cancer(as_frame=True),
        title="Breast cancer",
        description="569 tumours, malignant or benign, by 30 measurements of their cell nuclei.",
        source="scikit-learn load_breast_cancer (UCI Breast Cancer Wisconsin, Diagnostic)",
    )


def _table(name: str, bunch: Any, **about: str) -> DataSet:
    """A table of scikit-learn: its columns are items and attributes, its class an attribute."""
    table = bunch.data.reset_index(drop=True)
    attributes = table.copy()
    attributes.insert(0, "class", bunch.target_names[bunch.target])
    held_out = held_out_rows(len(table))
    attributes[SPLIT_COLUMN] = np.where(held_out, "held_out", "train")
    row, items = rows_of_table(table, np.flatnonzero(~held_out))
    return make_data_set(name, items, row, attributes, licence="CC BY 4.0", **about)


_EMBEDDED: dict[str, Callable[[Progress], DataSet]] = {
    "faces": _make_faces,
    "digits": _make_digits,
    "wine": _make_wine,
    "breast-cancer": _make_breast_cancer,
}
EMBEDDED = tuple(_EMBEDDED)


def _folder(name: str) -> Path:
    if not is_embedded(name):
        return data_dir() / name
    if name == "faces":
        return cache_dir() / "data" / f"faces-v{FACES_VERSION}-{FACES_SEED}-{N_FACES}"
    return cache_dir() / "data" / name


def is_embedded(name: str) -> bool:
    """Whether a name is that of a set that comes with the project, and not of a person's own.

    A folder of such a name that is no data set does not take the place of the embedded one.
    """
    if name not in _EMBEDDED:
        return False
    try:
        read_about(data_dir() / name)
    except DataError:
        return True
    return False


def list_data_sets() -> list[str]:
    """Names of all data sets that can be opened: embedded ones first, then a person's, by name."""
    own = [about.name for about in _read_own()[0]]
    return [*EMBEDDED, *(name for name in own if name not in _EMBEDDED)]


def newest_data_sets() -> list[str]:
    """Names of all data sets that can be opened: a person's own first, those added last first."""
    own = [name for name in list_data_sets() if not is_embedded(name)]
    own.sort(key=lambda name: (data_dir() / name / "about.json").stat().st_mtime, reverse=True)
    return [*own, *(name for name in EMBEDDED if is_embedded(name))]


def list_broken_data_sets() -> dict[str, str]:
    """Folders among a person's data that cannot be opened: name to what is wrong."""
    return _read_own()[1]


def _read_own() -> tuple[list[About], dict[str, str]]:
    def named(folder: Path) -> About:  # it may be a copy of another's: its own name counts
        return read_about(folder).model_copy(update={"name": folder.name})

    return read_each(subfolders(data_dir()), named)


def is_ready(name: str) -> bool:
    """Whether `load_data_set` will be quick: the data set lies on disk."""
    return (_folder(name) / "about.json").is_file()


def prepare_data_set(on_progress: Progress, *, data: str) -> None:
    """Task "prepare": make the embedded data set `data` before somebody needs it.

    Raises:
        DataError: It could not be kept: whoever wants it would have it made again and again.
    """
    load_data_set(data, on_progress=on_progress)
    if not is_ready(data):
        raise DataError(
            f"Data set {data!r} could not be kept: see that {cache_dir()} can be written to and "
            "its disk has space, then start it again."
        )


def attributes_stamp(name: str) -> int:
    """Changes when the attributes of a data set do, which its fingerprint does not; 0: none yet."""
    try:
        return (_folder(name) / ATTRIBUTES).stat().st_mtime_ns
    except OSError:
        return 0


def load_data_set(name: str, *, on_progress: Progress = silent) -> DataSet:
    """Open a data set; an embedded one is made on first use and kept in the cache.

    Args:
        name: One of `list_data_sets()`.
        on_progress: Told how far it is while an embedded set is made; may raise to stop it.

    Raises:
        DataError: There is no such data set, or its files are broken.
    """
    folder = _folder(name)
    if is_embedded(name):
        return _cached(folder, lambda: _EMBEDDED[name](on_progress))
    if not folder.is_dir():
        raise DataError(
            f"`data`: there is no data set {name!r}; there are {', '.join(list_data_sets())}: "
            "add it on the Data page or with `python -m ae_core add`."
        )
    return read_data_set(folder)


def _cached(folder: Path, make: Callable[[], DataSet]) -> DataSet:
    """What the cache holds, else what `make` puts there; where nothing can be kept, in memory.

    Nothing there is a person's, so a broken copy makes room for another. What is not there is not
    removed: another process may just be putting it there; its copy is bit-identical.
    """
    if folder.exists():
        try:
            return read_data_set(folder)
        except DataError:
            shutil.rmtree(folder, ignore_errors=True)
    made = make()
    try:
        write_data_set(folder, made)
    except DataError:  # somebody was faster
        pass
    except OSError:  # a full disk, or a folder that may not be written
        return made
    return read_data_set(folder)


def preview_data_set(name: str) -> DataSet:
    """A quick, small stand-in: the first items of the set, at once, also on the first start.

    The items are the same as the first ones of `load_data_set(name)`.
    """
    if name != "faces" or is_ready(name):
        return load_data_set(name).head(N_PREVIEW)
    folder = cache_dir() / "data" / f"faces-v{FACES_VERSION}-{FACES_SEED}-{N_PREVIEW}"
    return _cached(folder, _drawn_preview)


@functools.cache
def _drawn_preview() -> DataSet:
    """Drawn once in a process: where it cannot be kept, every page would draw it."""
    return _make_faces(silent, N_PREVIEW)


def about_data_set(name: str) -> About:
    """What a data set is, without opening its items (the preview's, until it is made).

    Raises:
        DataError: There is no such data set, or its about.json is broken.
    """
    folder = _folder(name)
    if is_embedded(name) and not is_ready(name):
        return preview_data_set(name).about
    if not folder.is_dir():
        return load_data_set(name).about
    return read_about(folder)


def remove_data_set(name: str) -> Removed:
    """Move a data set that a person added into the trash; `ae_core.removal` asks who uses it.

    Raises:
        DataError: It is embedded, or does not exist.
    """
    if is_embedded(name) or data_dir() / name not in subfolders(data_dir()):
        raise DataError(f"`name`: only a data set of your own can be removed; got {name!r}.")
    try:
        return put_away(_folder(name), "data set")
    except FileNotFoundError as error:
        raise DataError(f"Data set {name!r} was just removed by somebody else.") from error
