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
        axes: Orthonormal rows, float32 (n_components, latent_dim).
        shares: Share of the codes' variance along each axis, (n_components,).
    """

    mean: Floats
    axes: Floats
    shares: tuple[float, ...]

    def points(self, codes: Floats) -> Floats:
        """Points of codes (N, latent_dim): float32 (N, n_components)."""
        return np.ascontiguousarray((codes - self.mean) @ self.axes.T, dtype=np.float32)


def fit_plane(codes: Floats, n_components: int) -> Plane:
    """The plane of largest variance of codes (N, latent_dim), `n_components` axes of it."""
    fitted = principal_axes(codes, n_components)
    return Plane(fitted.mean, fitted.axes, fitted.shares)
