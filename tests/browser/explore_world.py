"""A world for browser tests of the map: 24,000 small pictures, PCA codes, maps already made.

And 300 other pictures, which the same checkpoints fit.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ae_core.maps.map import Map, save_map
from ae_core.maps.plane import fit_plane
from ae_core.maps.projection import ProjectionSettings, fingerprint_of, projection_key
from benchmarks.pca_world import add_pca, add_with_pca

N_ITEMS = 24_000
NAME, OTHER = "blots", "specks"


def build(folder: Path) -> None:
    """Make data, PCA checkpoints, codes and a map under UMAP's name, in `$ZOETROPE_HOME`.

    The map called UMAP is a turned PCA: what UMAP itself makes is tested without a browser, and
    compiling it would cost this test a minute.
    """
    random = np.random.default_rng(0)
    kinds = random.integers(0, 4, N_ITEMS)
    patterns = random.integers(0, 256, (4, 8, 8))
    noise = random.normal(scale=30, size=(N_ITEMS, 8, 8))
    items = np.clip(patterns[kinds] + noise, 0, 255).astype(np.uint8)
    codes = add_with_pca(folder, NAME, 8, train_images=items, train_labels=kinds)
    turned = fit_plane(codes, 2).points(codes) @ np.array([[0.6, 0.8], [-0.8, 0.6]], np.float32)
    key = projection_key(fingerprint_of(codes), ProjectionSettings(method="umap"))
    save_map(key, Map(np.ascontiguousarray(turned), {"n_fitted": N_ITEMS}))
    add_pca(f"{NAME}-pca-2", NAME, 2)
    others = random.integers(0, 256, (300, 8, 8), np.uint8)
    add_with_pca(folder, OTHER, 8, train_images=others, train_labels=np.zeros(300, np.int64))
