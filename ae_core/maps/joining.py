"""Maps of many items: fitted on some of them, which the rest then join."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ae_core.arrays import Floats
from ae_core.maps.method import MapSettings
from ae_core.neighbours import nearest
from ae_core.processes.progress import Progress, silent


def items_to_fit(n_items: int, settings: MapSettings) -> NDArray[np.int64] | None:
    """Items to fit on, ascending, or None for all."""
    if n_items <= settings.max_fitted:
        return None
    random = np.random.default_rng(settings.seed)
    return np.sort(random.choice(n_items, settings.max_fitted, replace=False))


def join_rest(
    codes: Floats, fitted: NDArray[np.int64], points: Floats, on_progress: Progress
) -> Floats:
    """Points of all codes (N, latent_dim), from those of the fitted ones."""
    rest = np.setdiff1d(np.arange(len(codes)), fitted)
    everyone = np.empty((len(codes), points.shape[1]), np.float32)
    everyone[fitted] = points
    everyone[rest] = join_map(codes[rest], codes[fitted], points, on_progress)
    return everyone


def join_map(
    new_codes: Floats, codes: Floats, points: Floats, on_progress: Progress = silent
) -> Floats:
    """Place new codes on a finished map: the median point of their 10 nearest mapped codes.

    The median, not the mean: neighbours in two islands must not put an item into the sea between
    (Poličar et al. 2019, "Embedding to reference t-SNE space", section 3). The libraries' own
    transforms would go on from there, need the fitted model, which only pickle can keep, and on
    MNIST place new items no better (`benchmarks.joining`).

    Args:
        new_codes: float32 (M, latent_dim).
        codes: Codes on the map, float32 (N, latent_dim).
        points: Their points, float32 (N, n_components).
        on_progress: Told how far it is; may raise to stop it.

    Returns:
        float32 (M, n_components).
    """
    joined = np.empty((len(new_codes), points.shape[1]), np.float32)
    for start in range(0, len(new_codes), 20_000):
        on_progress("placing the remaining items", start / len(new_codes))
        part = slice(start, start + 20_000)
        rows, _ = nearest(new_codes[part], codes, min(10, len(codes)))
        joined[part] = np.median(points[rows], axis=1)
    return joined
