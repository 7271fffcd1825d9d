"""Two maps of the same items: laid over each other, and compared neighbour by neighbour."""

from __future__ import annotations

import hashlib

import numpy as np

from ae_core.arrays import spread
from ae_core.errors import LatentInputError
from ae_core.maps.alignment import placed_in_both, rotated_onto
from ae_core.maps.map import Floats, Map, load_map, save_map
from ae_core.neighbours import nearest_others

N_NEIGHBOURS = 15


def laid_over(points: Floats, reference: Floats) -> Floats:
    """Turn, mirror, scale and shift a map to lie as near as possible to another.

    Procrustes analysis (Gower 1975) with both maps scaled to the reference's size: a t-SNE map has
    no unit of its own. Distances within the map keep their proportions.

    Args:
        points: float32 (N, k); rows of NaN stay so.
        reference: float32 (N, k), row by row the same items. Those that have a point on both maps
            decide.

    Returns:
        float32 (N, k).

    Raises:
        LatentInputError: The shapes differ, or no item has a point on both.
    """
    both = placed_in_both(points, reference)
    sizes = [spread(each[both]) for each in (points, reference)]
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


def changed_neighbours(first: Floats, second: Floats, n_neighbours: int = N_NEIGHBOURS) -> Floats:
    """Share of each item's nearest points on one map that are not among those on the other.

    Args:
        first: float32 (N, k).
        second: float32 (N, k), row by row the same items.
        n_neighbours: How many; lowered where fewer other items are on both maps.

    Returns:
        float32 (N,) in [0, 1]; 0 where the surroundings stayed, NaN for items that one of the maps
        has no point for. Only items on both maps count as neighbours.

    Raises:
        LatentInputError: The shapes differ, or fewer than 2 items are on both maps.
    """
    both = placed_in_both(first, second)
    n_both = int(np.count_nonzero(both))
    if n_both < 2:
        raise LatentInputError(
            f"`first` and `second` must share at least 2 items; got {n_both}: map more items."
        )
    n_neighbours = min(n_neighbours, n_both - 1)
    everyone = np.arange(n_both)
    near = [nearest_others(points[both], everyone, n_neighbours)[0] for points in (first, second)]
    kept = (near[0][:, :, None] == near[1][:, None, :]).any(axis=2).sum(axis=1)
    changed = np.full(len(first), np.nan, np.float32)
    changed[both] = 1 - kept / n_neighbours
    return changed
