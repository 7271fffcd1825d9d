"""A world for browser tests of the map: 24,000 small pictures, PCA codes, maps already made."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ae_core.checkpoints import find_checkpoint, save_checkpoint
from ae_core.codes import codes_for
from ae_core.config import CheckpointConfig
from ae_core.data.catalogue import load_data_set
from ae_core.data.own_files import add_arrays
from ae_core.locations import checkpoints_dir
from ae_core.maps import Map, fit_linear, save_map
from ae_core.models.pca import fit_pca
from ae_core.projection import ProjectionSettings, fingerprint_of, projection_key

N_ITEMS = 24_000
NAME = "blots"


def build(folder: Path) -> None:
    """Make data, a PCA checkpoint, codes and a map under UMAP's name, in `$ZOETROPE_HOME`.

    The map called UMAP is a turned PCA: what UMAP itself makes is tested without a browser, and
    compiling it would cost this test a minute.
    """
    random = np.random.default_rng(0)
    kinds = random.integers(0, 4, N_ITEMS)
    patterns = random.integers(0, 256, (4, 8, 8))
    noise = random.normal(scale=30, size=(N_ITEMS, 8, 8))
    items = np.clip(patterns[kinds] + noise, 0, 255).astype(np.uint8)
    np.savez(folder / "blots.npz", train_images=items, train_labels=kinds)
    add_arrays(folder / "blots.npz", NAME)
    data = load_data_set(NAME)
    codec = fit_pca(data.items, data.split()[0], 8)
    config = CheckpointConfig(
        codec="pca", name="blots-pca", data=NAME, data_fingerprint=data.about.fingerprint,
        item_shape=data.about.item_shape, latent_dim=8,
    )  # fmt: skip
    save_checkpoint(checkpoints_dir() / "blots-pca", config, codec)
    codes = codes_for(find_checkpoint("blots-pca"), data)
    turned = fit_linear(codes, 2).points(codes) @ np.array([[0.6, 0.8], [-0.8, 0.6]], np.float32)
    key = projection_key(fingerprint_of(codes), ProjectionSettings(method="umap"))
    save_map(key, Map(np.ascontiguousarray(turned), {"n_fitted": N_ITEMS}))
