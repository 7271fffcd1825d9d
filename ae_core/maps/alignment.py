"""Turning one map to lie like another, so that it moves from epoch to epoch instead of jumping."""

import numpy as np

from ae_core.arrays import principal_axes
from ae_core.errors import LatentInputError


def rotated_onto(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Centre points and turn or mirror them to lie as near as possible to a reference.

    The orthogonal Procrustes problem (Schönemann 1966). No scaling: sizes stay comparable.

    Args:
        points: float (N, k); rows of NaN stay so.
        reference: float (N, k), row by row the same items. Items that have a point in both decide
            how all are turned.

    Returns:
        float32 (N, k), around the reference's mean.

    Raises:
        LatentInputError: The shapes differ, or no item has a point in both.
    """
    from scipy.linalg import orthogonal_procrustes  # no page waits for scipy before its map

    both = placed_in_both(points, reference)
    centre = reference[both].mean(axis=0)
    centred = points - points[both].mean(axis=0)
    turn, _ = orthogonal_procrustes(centred[both], reference[both] - centre)
    return np.asarray(centred @ turn + centre, dtype=np.float32)


def placed_in_both(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Which rows of two maps (N, k) are free of NaN in both, bool (N,).

    Raises:
        LatentInputError: The shapes differ, or there is no such row.
    """
    if points.shape != reference.shape:
        raise LatentInputError(
            f"`points` {points.shape} and `reference` {reference.shape} must have the same shape: "
            "the same items, as many axes."
        )
    both: np.ndarray = np.isfinite(points).all(axis=1) & np.isfinite(reference).all(axis=1)
    if not both.any():
        raise LatentInputError(
            "`points` and `reference` have no item in common: choose two maps that show the same "
            "items."
        )
    return both


def main_axes(codes: np.ndarray) -> np.ndarray:
    """Codes (N, latent_dim) on their two axes of largest variance, float32 (N, 2).

    A code of one number gets a second axis of zeros.
    """
    fitted = principal_axes(codes, min(2, codes.shape[1]))
    points = np.asarray((codes - fitted.mean) @ fitted.axes.T, dtype=np.float32)
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))


def aligned_main_axes(codes: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """`main_axes`, turned onto the points of the frame before, where there is one."""
    points = main_axes(codes)
    return points if before is None else rotated_onto(points, before)
