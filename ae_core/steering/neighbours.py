"""Nearest items, in code space or in pixel space."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import LatentInputError

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

EXACT_UP_TO = 100_000
"""Codes up to which all distances are computed; above, pynndescent's graph (recall about 0.98)."""


class NeighbourIndex:
    """Nearest codes of codes by Euclidean distance, exact up to `EXACT_UP_TO` codes."""

    def __init__(self, codes: Floats, exact_up_to: int = EXACT_UP_TO) -> None:
        """Index codes, float32 (N, latent_dim); the work is done at the first question."""
        if codes.ndim != 2 or len(codes) == 0:
            raise LatentInputError(
                f"`codes` must have shape (N, latent_dim), N at least 1; got {codes.shape}."
            )
        self.codes = np.asarray(codes, dtype=np.float32)
        self.is_exact = len(codes) <= exact_up_to

    def nearest(self, queries: Floats, n_neighbours: int) -> tuple[Ints, Floats]:
        """The nearest codes of each query, nearest first.

        Args:
            queries: float32 (M, latent_dim). A query that is itself indexed finds itself first.
            n_neighbours: At most the number of codes.

        Returns:
            Rows of the codes, int64 (M, n_neighbours), and their distances, float32, same shape.

        Raises:
            LatentInputError: Wrong shape, or more neighbours than codes.
        """
        if queries.ndim != 2 or queries.shape[1] != self.codes.shape[1]:
            raise LatentInputError(
                f"`queries` must have shape (M, {self.codes.shape[1]}); got {queries.shape}."
            )
        if not 1 <= n_neighbours <= len(self.codes):
            raise LatentInputError(
                f"`n_neighbours` must lie in 1..{len(self.codes)}; got {n_neighbours}."
            )
        queries = np.asarray(queries, dtype=np.float32)
        if len(queries) <= 32 and self.is_exact:
            return self._nearest_of_few(queries, n_neighbours)
        if self.is_exact:
            rows = self._search.kneighbors(queries, n_neighbours, return_distance=False)
        else:
            rows, _ = self._graph.query(queries, k=n_neighbours)
        return self._with_distances(queries, rows.astype(np.int64))

    def _with_distances(self, queries: Floats, rows: Ints) -> tuple[Ints, Floats]:
        """Rows, nearest first, and distances from plain differences: equal codes are 0 apart.

        The libraries expand the square, which leaves them some 1e-7 apart, and UMAP takes the
        smallest distance above 0 for an item's own scale.
        """
        distances = np.empty(rows.shape, np.float32)
        for k in range(rows.shape[1]):  # a column at a time: all differences may be gigabytes
            apart = self.codes[rows[:, k]] - queries  # (M, latent_dim)
            distances[:, k] = np.sqrt(np.einsum("md,md->m", apart, apart))
        order = np.argsort(distances, axis=1, kind="stable")
        return np.take_along_axis(rows, order, 1), np.take_along_axis(distances, order, 1)

    def _nearest_of_few(self, queries: Floats, n_neighbours: int) -> tuple[Ints, Floats]:
        """A handful of queries: plain differences, no library to import, no cancellation."""
        rows = np.empty((len(queries), n_neighbours), np.int64)
        distances = np.empty((len(queries), n_neighbours), np.float32)
        for i, query in enumerate(queries):
            squares = np.einsum("nd,nd->n", *[self.codes - query] * 2)  # (N,)
            near = np.argpartition(squares, n_neighbours - 1)[:n_neighbours]
            rows[i] = near[np.lexsort((near, squares[near]))]
            distances[i] = np.sqrt(squares[rows[i]])
        return rows, distances

    @cached_property
    def _search(self) -> Any:
        from sklearn.neighbors import NearestNeighbors

        return NearestNeighbors(algorithm="brute").fit(self.codes)

    @cached_property
    def _graph(self) -> Any:
        from pynndescent import NNDescent

        graph = NNDescent(self.codes, n_neighbors=30, random_state=0, low_memory=True)
        graph.prepare()
        return graph


def nearest_items(items: NDArray[np.uint8], item: int, n_neighbours: int) -> tuple[Ints, Floats]:
    """The items nearest to one in pixel space, without itself, exact.

    Args:
        items: uint8 (N, C, H, W), perhaps memory-mapped; read in blocks.
        item: Row of the item asked about.
        n_neighbours: How many others, at most N - 1.

    Returns:
        Rows, int64 (n_neighbours,), nearest first, and Euclidean distances of items in [0, 1],
        float32 (n_neighbours,).

    Raises:
        LatentInputError: No such item, or not so many others.
    """
    n_items = len(items)
    if not 0 <= item < n_items:
        raise LatentInputError(f"`item` must lie in 0..{n_items - 1}; got {item}.")
    if not 1 <= n_neighbours < n_items:
        raise LatentInputError(f"`n_neighbours` must lie in 1..{n_items - 1}; got {n_neighbours}.")
    wanted = items[item].reshape(-1).astype(np.float32)
    squares = np.empty(n_items, np.float32)
    block = max(1, 16_000_000 // max(wanted.size, 1))
    for start in range(0, n_items, block):
        part = items[start : start + block].reshape(-1, wanted.size).astype(np.float32)
        part -= wanted
        squares[start : start + block] = np.einsum("nd,nd->n", part, part)
    squares[item] = np.inf
    near = np.argpartition(squares, n_neighbours - 1)[:n_neighbours]
    near = near[np.lexsort((near, squares[near]))]
    far = np.sqrt(squares[near]) / np.float32(255)
    return near.astype(np.int64), far.astype(np.float32)
