"""The plane of largest variance: a PCA map, and where t-SNE and UMAP start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ae_core.arrays import Floats, principal_axes


@dataclass(frozen=True)
class Plane:
    """The plane of a PCA map: `code = mean + point @ axes`, `point = (code - mean) @ axes.T`.

    Attributes:
        mean: float32 (latent_dim,).
        axes: Orthonormal rows, float32 (n_components, latent_dim); of zeros where the map has
            more axes than a code has numbers.
        shares: Share of the codes' variance along each axis that is not zero.
    """

    mean: Floats
    axes: Floats
    shares: tuple[float, ...]

    def points(self, codes: Floats) -> Floats:
        """Points of codes (N, latent_dim): float32 (N, n_components)."""
        return np.ascontiguousarray((codes - self.mean) @ self.axes.T, dtype=np.float32)


def fit_plane(codes: Floats, n_components: int) -> Plane:
    """The plane of largest variance of codes (N, latent_dim), `n_components` axes of it."""
    n_axes = min(n_components, codes.shape[1])
    fitted = principal_axes(codes, n_axes)
    axes = np.pad(fitted.axes, ((0, n_components - n_axes), (0, 0)))
    return Plane(fitted.mean, axes, fitted.shares)


def plane_points(codes: Floats, n_components: int) -> tuple[Floats, Plane]:
    """A PCA map's points, float32 (N, n_components), and its plane.

    A code of one number has one axis; its points are spread along the second into a strip, as
    thick as items are dense. `plane` takes a point back to its code all the same.
    """
    plane = fit_plane(codes, n_components)
    points = plane.points(codes)
    if codes.shape[1] == 1:
        points[:, 1] = strip_heights(points[:, 0])
    return points, plane


N_BINS = 200
STRIP_SHARE = 0.15
"""The strip's greatest half thickness, as a share of its length."""


def strip_heights(values: Floats) -> Floats:
    """Places across a strip of points whose thickness shows their density.

    A sina plot (Sidiropoulos et al. 2018): height_i = u_i * density(value_i), the density a
    histogram of `N_BINS` bins smoothed by a Gaussian of 2.5 bins, and u_i in [-1, 1) not random
    but evenly spread over neighbours: multiples of the golden ratio, modulo 1, by rank.

    Args:
        values: float32 (N,), N at least 1.

    Returns:
        float32 (N,) within `STRIP_SHARE` of the values' range; within 1 where all are equal.
    """
    low, high = float(values.min()), float(values.max())
    length = high - low or 1.0 / STRIP_SHARE
    bins = np.minimum(((values - low) / length * N_BINS).astype(int), N_BINS - 1)
    offsets = np.arange(-8, 9)
    kernel = np.exp(-0.5 * (offsets / 2.5) ** 2)
    density = np.convolve(np.bincount(bins, minlength=N_BINS), kernel, mode="same")
    ranks = np.empty(len(values), np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    across = 2 * (ranks * 0.6180339887498949 % 1) - 1
    heights = STRIP_SHARE * length * across * density[bins] / density[bins].max()
    return np.asarray(heights, dtype=np.float32)
