"""Two maps of the same items: laid over each other, and compared neighbour by neighbour."""

from __future__ import annotations

import hashlib

import numpy as np

from ae_core.alignment import rotated_onto
from ae_core.errors import LatentInputError
from ae_core.maps import Floats, Map, load_map, save_map


def laid_over(points: Floats, reference: Floats) -> Floats:
    """Turn, mirror, scale and shift a map to lie as near as possible to another.

    Procrustes analysis (Gower 1975) with both maps scaled to the reference's size: a t-SNE map has
    no unit of its own. Distances within the map keep their proportions.

    Args:
        points: float32 (N, k).
        reference: float32 (N, k), row by row the same items.

    Returns:
        float32 (N, k).

    Raises:
        LatentInputError: The shapes differ.
    """
    sizes = [float(np.sqrt(np.var(each, axis=0, dtype=np.float64).sum())) for each in
             (points, reference)]  # fmt: skip
    return rotated_onto(np.asarray(points) * (sizes[1] / max(sizes[0], 1e-12)), reference)


def aligned_key(map_key: str, reference_key: str) -> str:
    """Make and keep a map laid over another one; its name on disk.

    Raises:
        LatentInputError: One is not in the cache any more, or their shapes differ.
    """
    key = hashlib.sha256(f"{map_key} over {reference_key}".encode()).hexdigest()[:32]
    if load_map(key) is None:
        made, reference = load_map(map_key), load_map(reference_key)
        if made is None or reference is None:
            raise LatentInputError("A map is not in the cache any more: reload the page.")
        save_map(key, Map(laid_over(made.points, reference.points), made.about))
    return key


def changed_neighbours(first: Floats, second: Floats, n_neighbours: int = 15) -> Floats:
    """Share of each item's nearest points on one map that are not among those on the other.

    Args:
        first: float32 (N, 2 or 3).
        second: float32 (N, 2 or 3), row by row the same items.
        n_neighbours: At most N - 1.

    Returns:
        float32 (N,) in [0, 1]; 0 where the surroundings stayed.

    Raises:
        LatentInputError: Different numbers of items, or too few.
    """
    from scipy.spatial import cKDTree

    if len(first) != len(second) or len(first) <= n_neighbours:
        raise LatentInputError(
            f"`first` and `second` must have the same number of rows, more than {n_neighbours}; "
            f"got {len(first)} and {len(second)}."
        )
    near = []
    for points in (first, second):
        _, rows = cKDTree(points).query(points, n_neighbours + 1)
        near.append(_without_self(rows))
    both = (near[0][:, :, None] == near[1][:, None, :]).any(axis=2).sum(axis=1)
    return (1 - both / n_neighbours).astype(np.float32)


def _without_self(rows: np.ndarray) -> np.ndarray:
    """Each row's items less the item itself, which ties may have put anywhere."""
    own = rows == np.arange(len(rows))[:, None]
    own[~own.any(axis=1), -1] = True
    return rows[~own].reshape(len(rows), -1)
