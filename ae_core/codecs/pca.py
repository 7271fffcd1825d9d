"""PCA as a codec, so that it stands beside every model at no extra code."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ae_core.codecs.codec import Codec
from ae_core.errors import DataError, LatentInputError

Progress = Callable[[int, int], None]

# Up to this many pixels the covariance is formed and solved exactly.
EXACT_PIXELS = 1024
_CHUNK = 2048
_N_OVERSAMPLES = 16
_N_PASSES = 6


class PcaCodec(Codec):
    """The best linear codec: projection on the leading principal axes of the fitted items.

    Attributes:
        mean: float32 (D,) with D = C * H * W.
        components: float32 (latent_dim, D), orthonormal rows, by falling variance.
        variances: float32 (latent_dim,), variance of the fitted items along each axis.
        total_variance: float32 (), over all axes.
    """

    mean: Tensor
    components: Tensor
    variances: Tensor
    total_variance: Tensor

    def __init__(self, item_shape: tuple[int, int, int], latent_dim: int) -> None:
        super().__init__()
        n_pixels = int(np.prod(item_shape))
        if not 1 <= latent_dim <= n_pixels:
            raise LatentInputError(
                f"`latent_dim` must be 1 to {n_pixels}, the pixels of an item; got {latent_dim}."
            )
        self.item_shape = item_shape
        self.latent_dim = latent_dim
        self.register_buffer("mean", torch.zeros(n_pixels))
        self.register_buffer("components", torch.zeros(latent_dim, n_pixels))
        self.register_buffer("variances", torch.zeros(latent_dim))
        self.register_buffer("total_variance", torch.zeros(()))

    def encode(self, items: Tensor) -> Tensor:
        return (items.flatten(1) - self.mean) @ self.components.T  # (N, latent_dim)

    def decode(self, codes: Tensor) -> Tensor:
        flat = torch.addmm(self.mean, codes, self.components)  # (N, D)
        return flat.clamp(0, 1).unflatten(1, self.item_shape)

    def truncated(self, latent_dim: int) -> "PcaCodec":
        """The codec of the leading `latent_dim` axes: PCA is nested, nothing is fitted again."""
        if latent_dim > self.latent_dim:
            raise LatentInputError(
                f"`latent_dim` ({latent_dim}) is more than the {self.latent_dim} fitted axes."
            )
        smaller = PcaCodec(self.item_shape, latent_dim).to(self.mean.device)
        smaller.load_state_dict(
            {
                "mean": self.mean,
                "components": self.components[:latent_dim],
                "variances": self.variances[:latent_dim],
                "total_variance": self.total_variance,
            }
        )
        return smaller.eval()


def fit_pca(
    items: np.ndarray,
    indices: np.ndarray,
    latent_dim: int,
    *,
    on_progress: Progress | None = None,
) -> PcaCodec:
    """Fit PCA to uint8 items, reading them in chunks: memory does not grow with their number.

    Exact (eigenvectors of the covariance) up to 1,024 pixels; above that by randomised subspace
    iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4) with fixed random start.

    Args:
        items: uint8 (N, C, H, W).
        indices: int64 rows to fit on, more than `latent_dim`.
        latent_dim: Axes to keep.
        on_progress: Told (passes done, passes in all).

    Raises:
        DataError: Fewer rows than axes.
        LatentInputError: More axes than pixels.
    """
    if len(indices) <= latent_dim:
        raise DataError(
            f"PCA at code size {latent_dim} needs more than {latent_dim} items; got "
            f"{len(indices)}: add items or choose a smaller code."
        )
    codec = PcaCodec(tuple(items.shape[1:]), latent_dim)
    mean, total_variance = _moments(items, indices)
    solve = _exact_axes if mean.size <= EXACT_PIXELS else _randomised_axes
    components, variances = solve(items, indices, mean, latent_dim, on_progress)
    components *= _signs(components)[:, None]
    codec.load_state_dict(
        {
            "mean": torch.tensor(mean, dtype=torch.float32),
            "components": torch.tensor(np.ascontiguousarray(components), dtype=torch.float32),
            "variances": torch.tensor(variances, dtype=torch.float32),
            "total_variance": torch.tensor(total_variance, dtype=torch.float32),
        }
    )
    return codec.eval()


def _signs(components: np.ndarray) -> np.ndarray:
    """+-1 an axis, so that its largest entry is positive: the same picture on every machine."""
    largest = np.abs(components).argmax(axis=1)
    return np.sign(components[np.arange(len(components)), largest])


def _flat(items: np.ndarray, rows: np.ndarray, dtype: type) -> np.ndarray:
    """Rows as (n, D) in [0, 1]."""
    return items[rows].reshape(len(rows), -1).astype(dtype) / dtype(255)


def _moments(items: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, float]:
    """Mean (D,) float64 and total variance (denominator n - 1, as scikit-learn's)."""
    total = np.zeros(int(np.prod(items.shape[1:])))
    squares = np.zeros_like(total)
    for part in _parts(indices):
        flat = _flat(items, part, np.float32)
        total += flat.sum(axis=0, dtype=np.float64)
        squares += np.einsum("nd,nd->d", flat, flat).astype(np.float64)
    mean = total / len(indices)
    return mean, float((squares - len(indices) * mean**2).sum() / (len(indices) - 1))


def _parts(indices: np.ndarray) -> list[np.ndarray]:
    return [indices[start : start + _CHUNK] for start in range(0, len(indices), _CHUNK)]


def _exact_axes(
    items: np.ndarray,
    indices: np.ndarray,
    mean: np.ndarray,
    latent_dim: int,
    on_progress: Progress | None,
) -> tuple[np.ndarray, np.ndarray]:
    covariance = np.zeros((mean.size, mean.size))
    parts = _parts(indices)
    for number, part in enumerate(parts, 1):
        centred = _flat(items, part, np.float64) - mean
        covariance += centred.T @ centred
        if on_progress is not None:
            on_progress(number, len(parts))
    values, vectors = np.linalg.eigh(covariance / (len(indices) - 1))
    keep = slice(None, -latent_dim - 1, -1)  # eigh sorts upwards
    return vectors.T[keep], np.maximum(values[keep], 0)


def _randomised_axes(
    items: np.ndarray,
    indices: np.ndarray,
    mean: np.ndarray,
    latent_dim: int,
    on_progress: Progress | None,
) -> tuple[np.ndarray, np.ndarray]:
    mean32 = mean.astype(np.float32)
    n_axes = min(latent_dim + _N_OVERSAMPLES, mean.size, len(indices))
    basis = np.random.default_rng(0).standard_normal((mean.size, n_axes), dtype=np.float32)
    for number in range(_N_PASSES):
        basis, _ = np.linalg.qr(basis)
        product = np.zeros_like(basis)
        small = np.zeros((n_axes, n_axes))
        for part in _parts(indices):
            centred = _flat(items, part, np.float32) - mean32
            scores = centred @ basis  # (n, n_axes)
            product += centred.T @ scores
            small += scores.T.astype(np.float64) @ scores
        if on_progress is not None:
            on_progress(number + 1, _N_PASSES)
        last_basis, basis = basis, product
    values, rotation = np.linalg.eigh(small / (len(indices) - 1))  # Rayleigh-Ritz
    keep = slice(None, -latent_dim - 1, -1)
    return (last_basis @ rotation).T[keep], np.maximum(values[keep], 0)
