"""Items themselves as short codes: a map of the pixels, beside that of a model's codes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ae_core.codecs.codes import float_batches
from ae_core.data.catalogue import load_data_set
from ae_core.data.store import DataSet
from ae_core.locations import cache_dir
from ae_core.maps.map import save_array
from ae_core.processes.progress import Progress, stretch

N_PIXEL_AXES = 50


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
    n_axes = min(N_PIXEL_AXES, data_set.about.item.n_numbers, len(train) - 1)
    codec = fit_pca(
        data_set, train, n_axes,
        on_progress=stretch(on_progress, 0, 0.7),
    )  # fmt: skip
    codes = np.empty((len(data_set.items), n_axes), np.float32)
    with torch.inference_mode():
        for part, items in float_batches(data_set):
            on_progress("PCA of the pixels", 0.7 + 0.3 * part.start / len(codes))
            codes[part] = codec.encode(items).numpy()
    save_array(pixels_path(data_set), codes)
