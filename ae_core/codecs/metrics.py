"""How good a codec is, and what its codes are like."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ae_core.codecs.codec import Codec
from ae_core.errors import DataError, LatentInputError
from ae_core.neighbours import nearest

ACTIVE_VARIANCE = 0.01


def mean_squared_error(decoded: Tensor, originals: Tensor) -> float:
    """Mean of squared differences over all numbers of all items; 0 is perfect."""
    return float((decoded - originals).square().mean())


def binary_cross_entropy(pictures: Tensor, originals: Tensor) -> float:
    """Mean over pixels of -t log p - (1 - t) log(1 - p), in nats; grey levels are probabilities.

    Its least possible value is the originals' own entropy, not 0. A wrong pixel of exactly 0 or 1
    costs 100 nats, as in torch.
    """
    return float(torch.nn.functional.binary_cross_entropy(pictures, originals))


MEASURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": functional.mse_loss,
    "bce": functional.binary_cross_entropy,
}
"""Measures of reconstructions that a kind of item may name: (decoded, originals), both
(N, *item.shape), to a scalar, the mean over all numbers."""


def psnr(pictures: Tensor, originals: Tensor) -> float:
    """Peak signal-to-noise ratio in decibels, 10 log10(1 / MSE), MSE over all items at once."""
    error = mean_squared_error(pictures, originals)
    return math.inf if error == 0 else -10 * math.log10(error)


def knn_accuracy(
    train_codes: np.ndarray,
    train_labels: np.ndarray,
    held_out_codes: np.ndarray,
    held_out_labels: np.ndarray,
    *,
    n_neighbours: int = 10,
) -> float:
    """Share of held-out items whose label is the most frequent among their nearest codes.

    Euclidean, codes as they are; a tie goes to the label that sorts first.

    Args:
        train_codes: (N, latent_dim).
        train_labels: (N,).
        held_out_codes: (M, latent_dim).
        held_out_labels: (M,).
        n_neighbours: At least 1, at most N.

    Raises:
        DataError: Fewer codes than neighbours.
    """
    if not 1 <= n_neighbours <= len(train_codes):
        raise DataError(
            f"`n_neighbours` must be 1 to {len(train_codes)}, the codes there are; got "
            f"{n_neighbours}."
        )
    values, labels = np.unique(train_labels, return_inverse=True)
    rows, _ = nearest(held_out_codes, train_codes, n_neighbours)  # (M, n_neighbours)
    votes = (labels[rows][:, :, None] == np.arange(len(values))).sum(axis=1)  # (M, n_values)
    return float((values[votes.argmax(axis=1)] == held_out_labels).mean())


def n_active_units(codes: np.ndarray, *, least_variance: float = ACTIVE_VARIANCE) -> int:
    """Code dimensions in use: variance over items of the (mean) code above a least one.

    Burda, Grosse & Salakhutdinov 2016, section 5.2, where it is 0.01 and codes have a unit prior.

    Args:
        codes: (N, latent_dim).
        least_variance: What a dimension in use has more of.
    """
    return int((codes.var(axis=0) > least_variance).sum())


def zero_share(codes: np.ndarray, *, tolerance: float = 1e-6) -> float:
    """Share of all numbers in all codes that are zero; 0 for dense codes."""
    return float((np.abs(codes) <= tolerance).mean())


def mean_activity(codes: np.ndarray) -> float:
    """Mean of the codes' absolute values."""
    return float(np.abs(codes).mean())


def jacobian_norm(codec: Codec, items: Tensor) -> Tensor:
    """Frobenius norm of the encoder's Jacobian dz/dx at each item, exact.

    One backward pass a code dimension.

    Args:
        codec: Whose (mean) code is differentiated.
        items: float32 (N, *codec.item_shape).

    Returns:
        (N,), not squared.
    """
    if len(items) == 0:
        raise LatentInputError("`items` must hold at least one item; got none.")
    with torch.enable_grad():
        seen = items.detach().requires_grad_()
        codes = codec.encode(seen)  # (N, latent_dim); items do not influence each other
        squares = torch.zeros(len(items), device=items.device)
        for place in range(codes.shape[1]):
            (row,) = torch.autograd.grad(codes[:, place].sum(), seen, retain_graph=True)
            squares += row.flatten(1).square().sum(dim=1)
    return squares.sqrt()
