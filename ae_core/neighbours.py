"""Nearest codes of codes, always exact; and nearest items by what they are themselves.

There is no index to build, keep or share: a query looks at all codes, which for a million codes of
32 numbers takes 30 to 50 ms (`benchmarks.neighbours`), where an approximate index takes minutes to
build. The codes lie in one memory-mapped file that all processes share. Only UMAP, which needs
all neighbours of all of up to 100,000 codes, builds a graph (`ae_core.maps.umap`).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.arrays import Blocks, Floats
from ae_core.errors import LatentInputError

Ints = NDArray[np.int64]

SCAN_UP_TO = 2**20
"""Pairs of query and code up to which our scan is the fastest."""
SCAN_WITHOUT_LIBRARY_UP_TO = 2**25
"""The same, where scikit-learn would have to be imported first: that takes most of a second."""
N_SPARE = 16
"""More candidates than asked for: the scan's rounding may swap nearly equal distances."""
BLOCK_FLOATS = 2**18
"""Numbers read at a time, so many as the processor's cache holds."""
N_DISTANCES = 2**22
"""Distances held at a time; bounds the memory."""


def nearest(queries: Floats, codes: Floats, n_neighbours: int) -> tuple[Ints, Floats]:
    """The codes nearest to each query by Euclidean distance, nearest first.

    Args:
        queries: float32 (M, latent_dim). A query that is one of the codes finds itself first.
        codes: float32 (N, latent_dim), perhaps memory-mapped.
        n_neighbours: 1 to N.

    Returns:
        Rows of `codes`, int64 (M, n_neighbours), and their distances, float32, same shape. Equal
        codes are exactly 0 apart; of equal distances the lower row comes first.

    Raises:
        LatentInputError: Wrong shape, or more neighbours than codes.
    """
    if codes.ndim != 2 or len(codes) == 0:
        raise LatentInputError(
            f"`codes` must have shape (N, latent_dim), N at least 1; got {codes.shape}."
        )
    if queries.ndim != 2 or queries.shape[1] != codes.shape[1]:
        raise LatentInputError(
            f"`queries` must have shape (M, {codes.shape[1]}); got {queries.shape}."
        )
    if not 1 <= n_neighbours <= len(codes):
        raise LatentInputError(f"`n_neighbours` must lie in 1..{len(codes)}; got {n_neighbours}.")
    queries, codes = np.asarray(queries, np.float32), np.asarray(codes, np.float32)
    # One query alone is scanned for however many codes: what scikit-learn copies and the threads it
    # starts are worth it for many.
    if len(queries) == 1 or len(queries) * len(codes) <= _scan_limit():
        rows = _scanned(queries, _in_blocks(codes), n_neighbours)
    elif codes.shape[1] <= 3:
        rows = _from_tree(queries, codes, n_neighbours)
    else:
        rows = _from_scikit_learn(queries, codes, n_neighbours)
    rows.sort(axis=1)  # of equal distances the lower row is to come first
    return _nearest_first(queries, codes, rows, n_neighbours)


def _scan_limit() -> int:
    is_imported = "sklearn.neighbors" in sys.modules
    return SCAN_UP_TO if is_imported else SCAN_WITHOUT_LIBRARY_UP_TO


def nearest_others(codes: Floats, items: Ints, n_neighbours: int) -> tuple[Ints, Floats]:
    """The codes nearest to some of them, each without itself.

    Args:
        codes: float32 (N, latent_dim).
        items: Rows of the codes asked about, int64 (M,).
        n_neighbours: 1 to N - 1.

    Returns, Raises: as `nearest`.
    """
    if not 1 <= n_neighbours < len(codes):
        raise LatentInputError(
            f"`n_neighbours` must lie in 1..{len(codes) - 1}; got {n_neighbours}."
        )
    return leave_out(items, *nearest(codes[items], codes, n_neighbours + 1))


def leave_out(items: Ints, rows: Ints, distances: Floats) -> tuple[Ints, Floats]:
    """Neighbours less one item in each row: (M,) and twice (M, n + 1) give twice (M, n).

    Where equal codes have pushed the item out, the farthest goes.
    """
    is_own = rows == items[:, None]
    is_own[~is_own.any(axis=1), -1] = True
    shape = (len(rows), rows.shape[1] - 1)
    return rows[~is_own].reshape(shape), distances[~is_own].reshape(shape)


def nearest_items(items: NDArray[Any], item: int, n_neighbours: int) -> tuple[Ints, Floats]:
    """The items nearest to one by their stored numbers (pixels, columns), without itself.

    Args:
        items: As stored, (N, ...), perhaps memory-mapped; read in blocks.
        item: Row of the item asked about.
        n_neighbours: How many others, at most N - 1.

    Returns:
        Rows, int64 (n_neighbours,), nearest first, and Euclidean distances in the stored unit,
        float32 (n_neighbours,).

    Raises:
        LatentInputError: No such item, or not so many others.
    """
    n_items = len(items)
    if not 0 <= item < n_items:
        raise LatentInputError(f"`item` must lie in 0..{n_items - 1}; got {item}.")
    if not 1 <= n_neighbours < n_items:
        raise LatentInputError(f"`n_neighbours` must lie in 1..{n_items - 1}; got {n_neighbours}.")
    flat = items.reshape(n_items, -1)
    wanted = flat[item : item + 1].astype(np.float32)
    near = np.sort(_scanned(wanted, _in_blocks(flat), n_neighbours + 1), axis=1)
    some = flat[near[0]].astype(np.float32)
    places, distances = _nearest_first(wanted, some, np.arange(len(some))[None], n_neighbours + 1)
    rows, distances = leave_out(np.array([item]), near[0][places], distances)
    return rows[0], distances[0]


def _in_blocks(codes: NDArray[Any]) -> Blocks:
    """Rows as float32, some that the processor's cache can hold at a time."""
    return Blocks(
        lambda start, stop: codes[start:stop].astype(np.float32, copy=False),
        len(codes),
        max(1, BLOCK_FLOATS // codes.shape[1]),
    )


def _scanned(queries: Floats, blocks: Blocks, n_neighbours: int) -> Ints:
    """The nearest and a few spare, in any order, (M, n_neighbours or more).

    |c - q|^2 = |c|^2 - 2 c q + |q|^2, with the queries' mean for the origin: a single query is
    compared by plain differences, and codes far from 0 lose no digits.
    """
    n_candidates = min(n_neighbours + N_SPARE * (len(queries) > 1), blocks.n_rows)
    near = np.empty((len(queries), n_candidates), np.int64)
    n_each = max(1, N_DISTANCES // blocks.n_rows)
    for first in range(0, len(queries), n_each):
        part = slice(first, first + n_each)
        centre = queries[part].mean(axis=0)
        towards = 2 * (queries[part] - centre).T  # (latent_dim, m)
        squares = np.empty((towards.shape[1], blocks.n_rows), np.float32)
        start = 0
        for block in blocks:
            shifted = block - centre
            stop = start + len(block)
            own = np.einsum("nd,nd->n", shifted, shifted)
            squares[:, start:stop] = (own[:, None] - shifted @ towards).T
            start = stop
        near[part] = np.argpartition(squares, n_candidates - 1, axis=1)[:, :n_candidates]
    return near


def _from_tree(queries: Floats, codes: Floats, n_neighbours: int) -> Ints:
    """Points of a map: a tree is built in half a second for a million of them."""
    from scipy.spatial import cKDTree

    _, rows = cKDTree(codes).query(queries, n_neighbours)
    return np.asarray(rows, np.int64).reshape(len(queries), n_neighbours)


def _from_scikit_learn(queries: Floats, codes: Floats, n_neighbours: int) -> Ints:
    """Very many pairs: compared in blocks on all cores, without keeping the distances."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(algorithm="brute").fit(codes)
    rows: Ints = search.kneighbors(queries, n_neighbours, return_distance=False).astype(np.int64)
    return rows


def _nearest_first(
    queries: Floats, codes: Floats, rows: Ints, n_neighbours: int
) -> tuple[Ints, Floats]:
    """The nearest of the candidates, by plain differences: equal codes are exactly 0 apart.

    Expanded squares leave them some 1e-7 apart, and UMAP takes the smallest distance above 0 for
    an item's own scale.
    """
    distances = np.empty(rows.shape, np.float32)
    n_each = max(1, N_DISTANCES // (rows.shape[1] * codes.shape[1]))
    for start in range(0, len(rows), n_each):
        part = slice(start, start + n_each)
        apart = codes[rows[part]] - queries[part, None]  # (m, n_candidates, latent_dim)
        distances[part] = np.sqrt(np.einsum("mkd,mkd->mk", apart, apart))
    order = np.argsort(distances, axis=1, kind="stable")[:, :n_neighbours]
    return np.take_along_axis(rows, order, 1), np.take_along_axis(distances, order, 1)
