"""Synthetic codes with a map and two colours of any size, in `$ZOETROPE_HOME`."""

from __future__ import annotations

import hashlib

import numpy as np

from ae_core.locations import cache_dir
from ae_core.maps.map import Map, save_array, save_map
from ae_core.maps.plane import fit_plane

LATENT_DIM = 32


def keys(n_items: int) -> tuple[str, str, tuple[str, str]]:
    """Names of the points, of the codes, and of two columns to colour by."""
    name = {
        part: hashlib.sha256(f"benchmark {part} {n_items}".encode()).hexdigest()[:32]
        for part in ("points", "codes", "first", "second")
    }
    return name["points"], name["codes"], (name["first"], name["second"])


def build(n_items: int) -> None:
    """Ten clouds of codes; their map is PCA, the colours are two of the codes' numbers."""
    points, codes_key, colours = keys(n_items)
    random = np.random.default_rng(0)
    centres = random.normal(scale=2, size=(10, LATENT_DIM)).astype(np.float32)
    codes = centres[random.integers(0, 10, n_items)]
    codes += random.standard_normal(codes.shape, dtype=np.float32)
    linear = fit_plane(codes, 2)
    # Without its plane: places are decoded from their neighbours, the dearer way.
    save_map(points, Map(linear.points(codes)))
    save_array(cache_dir() / "codes" / f"{codes_key}.npy", codes)
    for place, key in enumerate(colours):
        save_array(cache_dir() / "derived" / f"{key}.npy", np.ascontiguousarray(codes[:, place]))
