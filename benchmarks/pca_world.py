"""Data of one's own with a PCA checkpoint, where nothing has to be trained: for maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ae_core.codecs.checkpoints import find_checkpoint, save_checkpoint
from ae_core.codecs.codes import codes_for
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.pca import fit_pca
from ae_core.data.catalogue import load_data_set
from ae_core.data.own_files import add_arrays
from ae_core.locations import checkpoints_dir
from ae_core.maps.map import Floats


def add_with_pca(folder: Path, name: str, latent_dim: int, **arrays: np.ndarray) -> Floats:
    """Add a data set and its PCA checkpoint "NAME-pca" to `$ZOETROPE_HOME`, and encode it.

    Args:
        folder: Where the archive that is added is written.
        name: Of the data set.
        latent_dim: Axes of the PCA.
        arrays: What the archive holds, as on the Data page: `images`, `labels`, ...

    Returns:
        Codes, float32 (N, latent_dim).
    """
    archive = folder / f"{name}.npz"
    np.savez(archive, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes them for a flag
    add_arrays(archive, name)
    return add_pca(f"{name}-pca", name, latent_dim)


def add_pca(name: str, data_name: str, latent_dim: int) -> Floats:
    """Fit a PCA checkpoint to a data set; the codes of its items, float32 (N, latent_dim)."""
    data = load_data_set(data_name)
    codec = fit_pca(data, data.split()[0], latent_dim)
    config = CheckpointConfig(
        codec="pca", name=name, data=data_name, data_fingerprint=data.about.fingerprint,
        item=data.about.item, latent_dim=latent_dim,
    )  # fmt: skip
    save_checkpoint(checkpoints_dir() / config.name, config, codec)
    return np.array(codes_for(find_checkpoint(config.name), data))
