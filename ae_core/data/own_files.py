"""A person's own pictures: NumPy archives and zips of pictures become data sets.

Zip files follow the `imagefolder` convention: pictures anywhere in the archive, and optionally a
`metadata.csv` in any folder, which says more about them. All that is understood: docs/formats.md.
"""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from ae_core.config import check_name
from ae_core.data.catalogue import EMBEDDED, load_data_set
from ae_core.data.items import Picture
from ae_core.data.picture_tables import match_tables
from ae_core.data.pictures import read_picture
from ae_core.data.store import SPLIT_COLUMN, DataSet, make_data_set, write_data_set
from ae_core.errors import DataError
from ae_core.locations import cache_dir, data_dir
from ae_core.processes.progress import Progress, silent

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})
SMALLEST_SIDE, LARGEST_SIDE = 8, 128
MIN_ITEMS = 20
MAX_ITEMS = 1_000_000
# A guard against archives made to explode: the largest files, unpacked, that are opened.
MAX_PICTURE_BYTES = 64 * 2**20
MAX_TABLE_BYTES = 512 * 2**20

# What damaged and encrypted archives make of `zipfile`.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError)


def uploads_dir() -> Path:
    """Where a page puts an uploaded file for a task to read; the task deletes it."""
    return cache_dir() / "uploads"


def add_upload(on_progress: Progress, *, path: str, name: str, size: int) -> None:
    """Task "add": `add_file`, and the file is deleted afterwards if it is an upload."""
    source = Path(path)
    try:
        add_file(source, name, size=size, on_progress=on_progress)
    finally:
        if source.is_relative_to(uploads_dir()):
            source.unlink(missing_ok=True)


def add_file(path: Path, name: str, *, size: int = 64, on_progress: Progress = silent) -> DataSet:
    """Add a `.npz` or `.zip` file, whichever it is; see `add_arrays` and `add_zip`."""
    adders = {".npz": add_arrays, ".zip": add_zip}
    adder = adders.get(path.suffix.lower())
    if adder is None:
        raise DataError(
            f"`file` must be a .npz archive of arrays or a .zip of pictures; got {path.name!r}."
        )
    return adder(path, name, size=size, on_progress=on_progress)


def add_arrays(path: Path, name: str, *, size: int = 64, on_progress: Progress = silent) -> DataSet:
    """Add pictures from a NumPy archive.

    Understood: `images` (with `labels`), or `train_images` and `test_images` (with
    `train_labels`, `test_labels`), uint8 (N, H, W), (N, H, W, 3) or (N, 3, H, W); every further
    one-dimensional array of N flags, numbers or texts becomes an attribute.

    Args:
        path: The `.npz` file.
        name: Name of the new data set.
        size: Not used: arrays keep their size. Here so that both adders are called alike.
        on_progress: Told how far it is; may raise to stop it.

    Raises:
        DataError: Not such an archive, pickled objects inside, wrong dtype or shape, values that
            are no attributes, name taken.
    """
    check_new_name(name)
    arrays = _read_archive(path)
    parts = [("train", "train_images"), ("held_out", "test_images")]
    if "images" in arrays:
        parts = [("", "images")]
    elif "train_images" not in arrays:
        raise DataError(
            f"{path.name!r} must hold an array `images`, or `train_images` and `test_images`; "
            f"it holds {', '.join(sorted(arrays)) or 'nothing'}."
        )
    present = [(split, key) for split, key in parts if key in arrays]
    blocks = [_as_items(arrays[key], key) for _, key in present]
    if len({block.shape[1:] for block in blocks}) > 1:
        raise DataError(f"The pictures of {path.name!r} differ in shape between its arrays.")
    items = np.concatenate(blocks)
    attributes = _array_attributes(arrays, present, [len(block) for block in blocks])
    return _store(name, items, attributes, source=path.name, on_progress=on_progress)


def add_zip(path: Path, name: str, *, size: int = 64, on_progress: Progress = silent) -> DataSet:
    """Add the pictures of a zip file, cropped to a centred square and resized.

    Args:
        path: The `.zip` file; pictures anywhere in it, and optionally `metadata.csv` files.
        name: Name of the new data set.
        size: Side of the stored pictures in pixels, 8 to 128.
        on_progress: Told how far it is; may raise to stop it.

    Raises:
        DataError: Not a zip, no or too few pictures, a broken picture (named), metadata that does
            not fit, name taken. Nothing is stored then.
    """
    check_new_name(name)
    if not SMALLEST_SIDE <= size <= LARGEST_SIDE:
        raise DataError(f"`size` must be {SMALLEST_SIDE} to {LARGEST_SIDE} pixels; got {size}.")
    with _open_zip(path) as archive:
        members = _picture_members(archive, path.name)
        tables = _unpack_tables(archive)
        if tables:
            members, attributes = match_tables(members, tables)
        else:
            attributes = _folder_labels(members)
        items = np.empty((len(members), 3, size, size), dtype=np.uint8)
        for index, member in enumerate(members):
            content = _unpack(archive, member, max_bytes=MAX_PICTURE_BYTES)
            try:
                items[index] = read_picture(content, member, item_shape=(3, size, size))
            except DataError as error:
                raise DataError(f"{error} Nothing was stored.") from error
            if index % 100 == 99:
                on_progress("reading pictures", (index + 1) / len(members))
    if _is_grey(items):
        items = items[:, :1]
    return _store(name, items, attributes, source=path.name, on_progress=on_progress)


def check_new_name(name: str) -> None:
    """Refuse a name that cannot be a folder's, or that a data set has already.

    Raises:
        DataError: The name is taken.
        ConfigError: It has other characters than a-z, 0-9, '.', '-', '_'.
    """
    check_name(name)
    if name in EMBEDDED or (data_dir() / name).exists():
        raise DataError(
            f"`name`: a data set {name!r} exists already: choose another name, or remove it first."
        )


def _store(
    name: str,
    items: np.ndarray,
    attributes: pd.DataFrame,
    *,
    source: str,
    on_progress: Progress,
) -> DataSet:
    if not MIN_ITEMS <= len(items) <= MAX_ITEMS:
        raise DataError(
            f"A data set needs {MIN_ITEMS} to {MAX_ITEMS:,} items; {source!r} has {len(items):,}."
        )
    made = make_data_set(
        name,
        items,
        Picture.of(items),
        attributes,
        title=name,
        source=source,
        licence="your own file",
    )
    write_data_set(data_dir() / name, made)
    on_progress("stored", 1.0)
    return load_data_set(name)


# --- NumPy archives -------------------------------------------------------------------------


def _read_archive(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as archive:
            members = {key: archive[key] for key in archive.files}
    except FileNotFoundError as error:
        raise DataError(f"There is no file {str(path)!r}: check its name.") from error
    except MemoryError as error:
        raise DataError(
            f"{path.name!r} does not fit into memory ({error}): add fewer pictures at once."
        ) from error
    except (*_UNREADABLE, ValueError) as error:
        raise DataError(
            f"{path.name!r} cannot be read as a NumPy archive ({error}): write it with "
            "np.savez(file, images=..., labels=...), without Python objects."
        ) from error
    return {key: member for key, member in members.items() if isinstance(member, np.ndarray)}


def _as_items(array: np.ndarray, key: str) -> np.ndarray:
    """uint8 (N, C, H, W) from the usual layouts."""
    if array.dtype != np.uint8:
        raise DataError(
            f"`{key}` must be uint8 (0 to 255); got {array.dtype}: multiply by 255 and convert."
        )
    if array.ndim == 3:
        array = array[:, None]
    elif array.ndim == 4 and array.shape[-1] in (1, 3) and array.shape[1] not in (1, 3):
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1] not in (1, 3):
        raise DataError(
            f"`{key}` must have shape (N, H, W), (N, H, W, 3) or (N, 3, H, W); got {array.shape}."
        )
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in array.shape[2:]):
        raise DataError(
            f"`{key}`: pictures must be {SMALLEST_SIDE} to {LARGEST_SIDE} pixels a side; got "
            f"{array.shape[2]} x {array.shape[3]}: resize them first."
        )
    return np.ascontiguousarray(array)


def _array_attributes(
    arrays: dict[str, np.ndarray], present: list[tuple[str, str]], lengths: list[int]
) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    prefixes = [key.removesuffix("images") for _, key in present]  # "", "train_", "test_"
    suffixes = {
        key.removeprefix(prefix)
        for prefix in prefixes
        for key in arrays
        if key.startswith(prefix) and not key.endswith("images")
    }
    for suffix in sorted(suffixes):
        found = [arrays.get(prefix + suffix) for prefix in prefixes]
        fits = [
            values is not None and values.shape == (length,)
            for values, length in zip(found, lengths, strict=True)
        ]
        if all(fits):
            columns["label" if suffix == "labels" else suffix] = _as_column(
                [values for values in found if values is not None], suffix
            )
        elif suffix == "labels":
            raise DataError(
                f"`labels` must be one value a picture ({lengths}); got shapes "
                f"{[None if values is None else values.shape for values in found]}."
            )
    attributes = pd.DataFrame(columns, index=range(sum(lengths)))
    if "label" in attributes:
        # Classes, not quantities: pictures of 7 are not "more" than pictures of 1.
        attributes["label"] = attributes["label"].astype(str)
    if present[0][0]:
        splits = [split for split, _ in present]
        if len(splits) == 2:
            attributes[SPLIT_COLUMN] = np.repeat(splits, lengths)
    return attributes


def _as_column(parts: list[np.ndarray], key: str) -> pd.Series:
    """Flags, numbers or text, which is all that a page, a question and a table on disk can hold."""
    for values in parts:
        kind, n_bytes = values.dtype.kind, values.dtype.itemsize
        if kind not in "biufU" or (kind == "f" and n_bytes > 8):
            raise DataError(
                f"`{key}` must be bool, integers, floats of at most 64 bits, or text; got "
                f"{values.dtype}: convert it, for example with .astype(float) or .astype(str), or "
                "leave it out."
            )
    try:
        return pd.Series(np.concatenate(parts))
    except UnicodeEncodeError as error:
        raise DataError(
            f"`{key}` holds text that is no Unicode ({error}): replace these characters."
        ) from error


# --- Zip files ------------------------------------------------------------------------------


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise DataError(
            f"{path.name!r} cannot be read as a zip file ({error}): pack the pictures again."
        ) from error


def _picture_members(archive: zipfile.ZipFile, file_name: str) -> list[str]:
    members = [
        info.filename
        for info in archive.infolist()
        if not info.is_dir()
        and PurePosixPath(info.filename).suffix.lower() in PICTURE_SUFFIXES
        and "__MACOSX" not in info.filename
    ]
    if not members:
        raise DataError(
            f"{file_name!r} holds no pictures: it needs files ending in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}."
        )
    if len(members) > MAX_ITEMS:
        raise DataError(f"{file_name!r} holds {len(members):,} pictures; at most {MAX_ITEMS:,}.")
    return sorted(set(members))


def _folder_labels(members: list[str]) -> pd.DataFrame:
    """The folder a picture lies in is its label, where there is more than one folder."""
    folders = [PurePosixPath(member).parent.name for member in members]
    if len(set(folders)) < 2:
        return pd.DataFrame(index=range(len(members)))
    return pd.DataFrame({"label": folders})


def _unpack_tables(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Every metadata.csv, by its path in the zip."""
    paths = [path for path in archive.namelist() if PurePosixPath(path).name == "metadata.csv"]
    return {path: _unpack(archive, path, max_bytes=MAX_TABLE_BYTES) for path in sorted(set(paths))}


def _unpack(archive: zipfile.ZipFile, member: str, *, max_bytes: int) -> bytes:
    if archive.getinfo(member).file_size > max_bytes:
        raise DataError(
            f"{member!r} has {archive.getinfo(member).file_size >> 20:,} MiB unpacked; at most "
            f"{max_bytes >> 20}: make it smaller. Nothing was stored."
        )
    try:
        return archive.read(member)
    except _UNREADABLE as error:
        raise DataError(
            f"{member!r} cannot be unpacked ({error}): pack the zip again, without a password. "
            "Nothing was stored."
        ) from error


def _is_grey(items: np.ndarray) -> bool:
    return all(bool((block == block[:, :1]).all()) for block in _blocks(items, 1024))


def _blocks(items: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
