"""The most unusual items of a group, and pairs of items that are the same or nearly so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.neighbours import nearest_others
from ae_core.steering.paths import Codes

N_NEIGHBOURS = 10
MAX_ASKED = 5_000
"""Of a larger group so many items are asked, evenly spaced: each is compared with all codes."""


@dataclass(frozen=True)
class Pair:
    """Two items near each other.

    Attributes:
        first: Row of the one that was asked about.
        second: Row of the item whose code is nearest to it.
        distance: Between their codes, Euclidean.
        is_same: Whether the items themselves are equal, number by number.
    """

    first: int
    second: int
    distance: float
    is_same: bool


def asked_rows(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of a group that are asked about: all, or `MAX_ASKED` evenly spaced ones."""
    if len(group) <= MAX_ASKED:
        return group
    return group[np.linspace(0, len(group) - 1, MAX_ASKED).astype(np.int64)]


def most_unusual(
    codes: Codes, group: NDArray[np.int64], n_wanted: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The items of a group that lie farthest from all others.

    By the mean distance to the 10 nearest codes of all items (the kNN score of Ramaswamy, Rastogi,
    Shim 2000, averaged as in Angiulli and Pizzuti 2002), which is also what support measures.

    Args:
        codes: float32 (N, latent_dim), N at least 2.
        group: Rows, int64 (n,).
        n_wanted: How many.

    Returns:
        Rows, int64 (n_wanted or fewer,), farthest first, and their mean distances, float32.
    """
    rows = asked_rows(group)
    _, distances = nearest_others(codes, rows, min(N_NEIGHBOURS, len(codes) - 1))
    far = distances.mean(axis=1)
    order = np.argsort(-far, kind="stable")[:n_wanted]
    return rows[order], far[order]


def near_duplicates(
    codes: Codes, items: NDArray[Any], group: NDArray[np.int64], n_wanted: int
) -> tuple[Pair, ...]:
    """The pairs of nearest codes that have an item of the group, the nearest first.

    Args:
        codes: float32 (N, latent_dim), N at least 2.
        items: As stored, (N, ...).
        group: Rows, int64 (n,).
        n_wanted: How many pairs.
    """
    rows = asked_rows(group)
    near, distances = nearest_others(codes, rows, 1)
    pairs: dict[tuple[int, int], Pair] = {}
    for place in np.argsort(distances[:, 0], kind="stable"):
        first, second = int(rows[place]), int(near[place, 0])
        if len(pairs) == n_wanted:
            break
        is_same = bool(np.array_equal(items[first], items[second], equal_nan=_has_nan(items)))
        pair = Pair(first, second, float(distances[place, 0]), is_same)
        pairs.setdefault((min(first, second), max(first, second)), pair)
    return tuple(pairs.values())


def _has_nan(items: NDArray[Any]) -> bool:
    return bool(np.issubdtype(items.dtype, np.floating))
