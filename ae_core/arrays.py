"""Spread and principal axes of rows that need not fit in memory, with NumPy alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
OnPart = Callable[[int, int], None]
"""Called with (parts done, parts in all)."""

EXACT_UP_TO = 1024
"""Columns up to which the covariance is formed and solved exactly."""
N_OVERSAMPLES = 16
N_PASSES = 6


def spread(rows: NDArray[Any]) -> float:
    """Root mean square distance of rows (N, D) from their mean: a unit for distances among them."""
    return float(np.sqrt(np.var(rows, axis=0, dtype=np.float64).sum()))


@dataclass(frozen=True)
class Blocks:
    """Rows (n_rows, D), read a block at a time and as often as needed.

    Attributes:
        read: `read(start, stop)` gives rows start..stop - 1 as float32 or float64.
        n_rows: Rows in all.
        n_each: Rows of a block; bounds the memory.
    """

    read: Callable[[int, int], NDArray[Any]]
    n_rows: int
    n_each: int = 65_536

    @classmethod
    def of(cls, rows: NDArray[Any]) -> Blocks:
        """Blocks of an array, perhaps memory-mapped."""
        return cls(lambda start, stop: rows[start:stop], len(rows))

    def __len__(self) -> int:
        return -(-self.n_rows // self.n_each)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for start in range(0, self.n_rows, self.n_each):
            yield self.read(start, min(start + self.n_each, self.n_rows))


@dataclass(frozen=True)
class PrincipalAxes:
    """Where rows lie and along which axes they spread most (Pearson 1901; Bishop 2006, 12.1).

    Attributes:
        mean: float32 (D,).
        axes: Orthonormal rows, by falling variance, float32 (n_axes, D). Each axis points to its
            largest weight, so that a picture or a map is not mirrored from machine to machine.
        variances: Variance along each axis, denominator n - 1, float64 (n_axes,).
        total_variance: Over all D axes.
    """

    mean: Floats
    axes: Floats
    variances: NDArray[np.float64]
    total_variance: float

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of the variance along each axis."""
        total = max(self.total_variance, np.finfo(float).tiny)
        return tuple(float(variance) / total for variance in self.variances)

    @property
    def sigmas(self) -> Floats:
        """Standard deviation along each axis, float32 (n_axes,)."""
        return np.sqrt(self.variances).astype(np.float32)


def principal_axes(
    rows: Blocks | NDArray[Any], n_axes: int, *, on_part: OnPart | None = None
) -> PrincipalAxes:
    """Find the axes of largest variance.

    Exact up to `EXACT_UP_TO` columns (eigenvectors of the covariance, float64). Above that by
    randomised subspace iteration with a fixed random start (Halko, Martinsson and Tropp 2011,
    algorithm 4.4) and a Rayleigh-Ritz step, float32.

    Args:
        rows: float (N, D), N at least 1.
        n_axes: How many, 1 to D.
        on_part: Told of the work.
    """
    blocks = rows if isinstance(rows, Blocks) else Blocks.of(rows)
    sums = [block.sum(axis=0, dtype=np.float64) for block in blocks]
    mean = np.sum(sums, axis=0) / blocks.n_rows  # (D,)
    solve = _exact if mean.size <= EXACT_UP_TO else _randomised
    axes, scatters, total = solve(blocks, mean, n_axes, on_part or (lambda done, total: None))
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    free = max(blocks.n_rows - 1, 1)
    return PrincipalAxes(
        mean.astype(np.float32),
        np.ascontiguousarray(axes, dtype=np.float32),
        np.maximum(scatters, 0) / free,
        max(total, 0.0) / free,
    )


_Solution = tuple[NDArray[Any], NDArray[np.float64], float]
"""Axes as rows, the sum of squares along each, and that over all axes."""


def _exact(blocks: Blocks, mean: NDArray[np.float64], n_axes: int, on_part: OnPart) -> _Solution:
    scatter = np.zeros((mean.size, mean.size))
    for number, block in enumerate(blocks, 1):
        centred = block - mean  # float64
        scatter += centred.T @ centred
        on_part(number, len(blocks))
    values, vectors = np.linalg.eigh(scatter)
    return *_leading(values, vectors, n_axes), float(values.sum())


def _randomised(
    blocks: Blocks, mean: NDArray[np.float64], n_axes: int, on_part: OnPart
) -> _Solution:
    mean32 = mean.astype(np.float32)
    n_columns = min(n_axes + N_OVERSAMPLES, mean.size, blocks.n_rows)
    product = np.random.default_rng(0).standard_normal((mean.size, n_columns), dtype=np.float32)
    for number in range(N_PASSES):
        basis, _ = np.linalg.qr(product)
        product = np.zeros_like(basis)
        small, total = np.zeros((n_columns, n_columns)), 0.0
        for block in blocks:
            centred = np.asarray(block, np.float32) - mean32
            scores = centred @ basis  # (n, n_columns)
            product += centred.T @ scores
            small += scores.T.astype(np.float64) @ scores
            total += float(np.einsum("nd,nd->n", centred, centred).sum(dtype=np.float64))
        on_part(number + 1, N_PASSES)
    values, rotation = np.linalg.eigh(small)
    return *_leading(values, basis @ rotation, n_axes), total


def _leading(
    values: NDArray[np.float64], vectors: NDArray[Any], n_axes: int
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The last columns, which `eigh` sorts upwards, as rows: the largest first."""
    keep = slice(None, -n_axes - 1, -1)
    return vectors.T[keep], values[keep]
