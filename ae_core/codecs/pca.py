"""PCA as a codec, so that it stands beside every model at no extra code."""

import numpy as np
import torch
from torch import Tensor

from ae_core.arrays import Blocks, principal_axes
from ae_core.codecs.codec import Codec
from ae_core.data.items import ItemKind
from ae_core.data.store import DataSet
from ae_core.errors import DataError, LatentInputError
from ae_core.processes.progress import Progress, silent

_CHUNK = 2048


class PcaCodec(Codec):
    """The best linear codec: projection on the leading principal axes of the fitted items.

    Attributes:
        mean: float32 (D,), D numbers of an item.
        components: float32 (latent_dim, D), orthonormal rows, by falling variance.
        variances: float32 (latent_dim,), variance of the fitted items along each axis.
        total_variance: float32 (), over all axes.
    """

    mean: Tensor
    components: Tensor
    variances: Tensor
    total_variance: Tensor

    def __init__(self, item: ItemKind, latent_dim: int) -> None:
        super().__init__()
        if not 1 <= latent_dim <= item.n_numbers:
            raise LatentInputError(
                f"`latent_dim` must be 1 to {item.n_numbers}, the numbers of an item; got "
                f"{latent_dim}."
            )
        self.item = item
        self.latent_dim = latent_dim
        self.register_buffer("mean", torch.zeros(item.n_numbers))
        self.register_buffer("components", torch.zeros(latent_dim, item.n_numbers))
        self.register_buffer("variances", torch.zeros(latent_dim))
        self.register_buffer("total_variance", torch.zeros(()))

    def encode(self, items: Tensor) -> Tensor:
        return (items.flatten(1) - self.mean) @ self.components.T  # (N, latent_dim)

    def decode(self, codes: Tensor) -> Tensor:
        flat = torch.addmm(self.mean, codes, self.components)  # (N, D)
        return self.item.clip(flat.unflatten(1, self.item_shape))

    def truncated(self, latent_dim: int) -> "PcaCodec":
        """The codec of the leading `latent_dim` axes: PCA is nested, nothing is fitted again."""
        if latent_dim > self.latent_dim:
            raise LatentInputError(
                f"`latent_dim` ({latent_dim}) is more than the {self.latent_dim} fitted axes."
            )
        smaller = PcaCodec(self.item, latent_dim).to(self.mean.device)
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
    data_set: DataSet,
    indices: np.ndarray,
    latent_dim: int,
    *,
    on_progress: Progress = silent,
) -> PcaCodec:
    """Fit PCA to items of a data set, in chunks: memory does not grow with their number.

    Solved by `ae_core.arrays.principal_axes`.

    Args:
        data_set: Whose items.
        indices: int64 rows to fit on, more than `latent_dim`.
        latent_dim: Axes to keep.
        on_progress: Told how far it is; may raise to stop it.

    Raises:
        DataError: Fewer rows than axes.
        LatentInputError: More axes than an item has numbers.
    """
    if len(indices) <= latent_dim:
        raise DataError(
            f"PCA at code size {latent_dim} needs more than {latent_dim} items; got "
            f"{len(indices)}: add items or choose a smaller code."
        )
    item = data_set.about.item
    codec = PcaCodec(item, latent_dim)
    blocks = Blocks(
        lambda start, stop: item.floats(data_set.items[indices[start:stop]]).flatten(1).numpy(),
        len(indices),
        _CHUNK,
    )
    fitted = principal_axes(
        blocks, latent_dim, on_part=lambda done, n: on_progress("fitting PCA", done / n)
    )
    codec.load_state_dict(
        {
            "mean": torch.from_numpy(fitted.mean),
            "components": torch.from_numpy(fitted.axes),
            "variances": torch.tensor(fitted.variances, dtype=torch.float32),
            "total_variance": torch.tensor(fitted.total_variance, dtype=torch.float32),
        }
    )
    return codec.eval()
