"""Numbers for each item that a map can be coloured by, and codes of bare pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.codecs.codes import as_floats, codes_for, codes_key
from ae_core.data.catalogue import load_data_set
from ae_core.data.store import DataSet
from ae_core.locations import cache_dir
from ae_core.maps.map import Floats, save_array
from ae_core.processes.progress import Progress

Kind = Literal["reconstruction error", "support"]
KINDS: tuple[Kind, ...] = ("reconstruction error", "support")
N_PIXEL_AXES = 50
_BATCH = 512


def derived_key(kind: Kind, codes_key: str) -> str:
    """Name of a column on disk; `codes_key` stands for checkpoint and data."""
    return hashlib.sha256(f"{kind}/{codes_key}/1".encode()).hexdigest()[:32]


def derived_path(key: str) -> Path:
    """Where a column lies."""
    return cache_dir() / "derived" / f"{key}.npy"


def column_limits(key: str) -> tuple[float, float]:
    """Where a colour scale of a kept column begins and ends: the farthest percent is left out."""
    values = np.load(derived_path(key), mmap_mode="r", allow_pickle=False)
    low, high = (float(limit) for limit in np.nanpercentile(values, (1, 99)))
    return low, max(high, low + 1e-9)


def make_column(kind: Kind, checkpoint: str, data: str, key: str, on_progress: Progress) -> None:
    """Compute a column for all items of a data set and keep it.

    Raises:
        AeCoreError: Checkpoint or data are missing or do not fit each other.
    """
    save_array(derived_path(key), _COLUMNS[kind](checkpoint, load_data_set(data), on_progress))


def reconstruction_errors(checkpoint: str, data_set: DataSet, on_progress: Progress) -> Floats:
    """Mean squared error of each item's reconstruction, pixels in [0, 1]; float32 (N,)."""
    import torch

    found = find_checkpoint(checkpoint)
    codes = codes_for(found, data_set)
    codec = load_codec(found)
    errors = np.empty(len(codes), np.float32)
    with torch.inference_mode():
        for start in range(0, len(codes), _BATCH):
            on_progress("measuring reconstructions", start / len(codes))
            part = slice(start, start + _BATCH)
            pictures = codec.decode(torch.from_numpy(np.array(codes[part])))
            squares = (pictures - as_floats(data_set.items[part])) ** 2
            errors[part] = squares.flatten(1).mean(1).numpy()
    return errors


def supports(checkpoint: str, data_set: DataSet, on_progress: Progress) -> Floats:
    """Support percentile of each item's code (`ae_core.steering.support`); float32 (N,)."""
    from ae_core.steering.support import support_for

    found = find_checkpoint(checkpoint)
    codes = codes_for(found, data_set)
    support = support_for(codes, data_set, codes_key(found, data_set))
    result = np.empty(len(codes), np.float32)
    for start in range(0, len(codes), 2_000):
        on_progress("measuring support", start / len(codes))
        part = slice(start, start + 2_000)
        result[part] = support.percentile(np.array(codes[part]))
    return result


_COLUMNS: dict[Kind, Callable[[str, DataSet, Progress], Floats]] = {
    "reconstruction error": reconstruction_errors,
    "support": supports,
}


def pixels_path(data_set: DataSet) -> Path:
    """Where the pixel codes of a data set lie."""
    text = f"pixels/{N_PIXEL_AXES}/{data_set.about.fingerprint}/1"
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    return cache_dir() / "codes" / f"{key}.npy"


def make_pixel_codes(data: str, on_progress: Progress) -> None:
    """Items themselves as short codes: their first 50 principal components.

    The usual first step before t-SNE and UMAP of pictures (van der Maaten and Hinton 2008,
    section 4.2); a PCA map of these codes is the PCA map of the pixels.
    """
    import torch

    from ae_core.codecs.pca import fit_pca

    data_set = load_data_set(data)
    train, _ = data_set.split()
    n_axes = min(N_PIXEL_AXES, int(np.prod(data_set.items.shape[1:])), len(train) - 1)
    codec = fit_pca(
        data_set.items, train, n_axes,
        on_progress=lambda done, total: on_progress("PCA of the pixels", 0.7 * done / total),
    )  # fmt: skip
    codes = np.empty((len(data_set.items), n_axes), np.float32)
    with torch.inference_mode():
        for start in range(0, len(codes), _BATCH):
            on_progress("PCA of the pixels", 0.7 + 0.3 * start / len(codes))
            part = slice(start, start + _BATCH)
            codes[part] = codec.encode(as_floats(data_set.items[part])).numpy()
    save_array(pixels_path(data_set), codes)
