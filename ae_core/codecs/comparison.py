"""What a network buys over PCA: held-out errors of both, and PCA's curve over the code size."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from ae_core.codecs.checkpoints import Checkpoint, load_codec
from ae_core.codecs.codes import check_items, float_batches
from ae_core.codecs.data_pca import find_codec
from ae_core.codecs.partner import pca_partner
from ae_core.config import Settings
from ae_core.data.catalogue import load_data_set
from ae_core.data.items import NamedError
from ae_core.data.store import DataSet
from ae_core.errors import UnreadableFileError
from ae_core.locations import cache_dir, write_atomically
from ae_core.processes.progress import Progress, silent, stretch
from ae_core.reading import read_settings

if TYPE_CHECKING:
    from torch import Tensor

    from ae_core.codecs.codec import Codec
    from ae_core.codecs.pca import PcaCodec


# Enough for a standard error of about 1 % of the mean; more would only take longer.
MAX_ITEMS = 1000
# PCA's curve goes on to this many times the model's code size.
CURVE_REACH = 4
MAX_AXES = 256
_BATCH = 100
_VERSION = 2


class Comparison(Settings):
    """Errors on the same held-out items; all are mean squared errors a number of an item."""

    n_items: int = Field(description="Held-out items measured.")
    model_mse: float = Field(description="The model's error.")
    model_standard_error: float = Field(description="Its standard error over items.")
    pca_mse: float = Field(description="PCA's error at the same code size.")
    pca_standard_error: float = Field(description="Its standard error over items.")
    curve: tuple[float, ...] = Field(description="PCA's error with 0, 1, 2, ... axes.")
    model_parts: tuple[NamedError, ...] = Field((), description="The model's, of each named part.")
    pca_parts: tuple[NamedError, ...] = Field((), description="PCA's, of the same parts.")

    @property
    def equal_axes(self) -> int | None:
        """Fewest PCA axes that do as well as the model; none within the curve's reach."""
        good = np.flatnonzero(np.asarray(self.curve) <= self.model_mse)
        return int(good[0]) if len(good) else None


def _path(checkpoint: Checkpoint, data_set: DataSet) -> Path:
    parts = f"{_VERSION}/{MAX_ITEMS}/{checkpoint.fingerprint}/{data_set.about.fingerprint}"
    key = hashlib.blake2b(parts.encode(), digest_size=12).hexdigest()
    return cache_dir() / "comparisons" / f"{key}.json"


def cached_comparison(checkpoint: Checkpoint, data_set: DataSet) -> Comparison | None:
    """A comparison that was made before, else nothing."""
    try:
        return read_settings(_path(checkpoint, data_set), Comparison)
    except UnreadableFileError:
        return None


def held_out_sample(data_set: DataSet, n_items: int = MAX_ITEMS) -> np.ndarray:
    """int64 indices of held-out items, at most `n_items`, spread evenly, always the same."""
    _, held_out = data_set.split()
    if len(held_out) <= n_items:
        return held_out
    return held_out[np.linspace(0, len(held_out) - 1, n_items).astype(int)]


def compare_with_pca(
    checkpoint: Checkpoint, data_set: DataSet, *, on_progress: Progress = silent
) -> Comparison:
    """Measure a checkpoint and its PCA partner on held-out items, and keep the result.

    Raises:
        DataError: The items have another shape than the codec's.
    """
    check_items(checkpoint, data_set)
    found = cached_comparison(checkpoint, data_set)
    if found is not None:
        return found
    rows = held_out_sample(data_set)
    n_axes = curve_axes(checkpoint, data_set)
    model = errors(load_codec(checkpoint), data_set, rows, on_progress=stretch(on_progress, 0, 0.4))
    partner = errors(
        load_codec(pca_partner(checkpoint)),
        data_set,
        rows,
        on_progress=stretch(on_progress, 0.4, 0.8),
    )
    fitting = stretch(on_progress, 0.8, 1)
    long = pca_partner(checkpoint, latent_dim=n_axes, on_progress=fitting)
    item = data_set.about.item
    made = Comparison(
        n_items=len(rows),
        model_mse=float(model.of_items.mean()),
        model_standard_error=_standard_error(model.of_items),
        pca_mse=float(partner.of_items.mean()),
        pca_standard_error=_standard_error(partner.of_items),
        model_parts=tuple(item.named_errors(model.of_numbers)),
        pca_parts=tuple(item.named_errors(partner.of_numbers)),
        curve=tuple(pca_curve(load_codec(long), data_set, rows)),  # type: ignore[arg-type]
    )
    on_progress("measured", 1.0)
    write_atomically(_path(checkpoint, data_set), made.model_dump_json())
    return made


def compare_by_name(on_progress: Progress, *, checkpoint: str, data: str) -> None:
    """Task "compare": `compare_with_pca`."""
    compare_with_pca(find_codec(checkpoint), load_data_set(data), on_progress=on_progress)


def curve_axes(checkpoint: Checkpoint, data_set: DataSet) -> int:
    """Axes of PCA's curve: a few times the code size, as far as items and their numbers allow."""
    train, _ = data_set.split()
    wanted = min(CURVE_REACH * checkpoint.config.latent_dim, MAX_AXES)
    most = min(wanted, data_set.about.item.n_numbers, len(train) - 1)
    return max(checkpoint.config.latent_dim, most)


@dataclass(frozen=True)
class Errors:
    """Mean squared errors of reconstructions.

    Attributes:
        of_items: Of each item, over its numbers, float64 (n,).
        of_numbers: Of each number, over the items, float64 (*item.shape,).
    """

    of_items: np.ndarray
    of_numbers: np.ndarray


def errors(
    codec: "Codec",
    data_set: DataSet,
    rows: np.ndarray | None = None,
    *,
    on_progress: Progress = silent,
) -> Errors:
    """Errors of items' reconstructions; of all items if no rows (int64) are given."""
    import torch

    of_items, total = [], torch.zeros(data_set.about.item.shape, dtype=torch.float64)
    with torch.inference_mode():
        batches = float_batches(data_set, rows, n_items=_BATCH, on_progress=on_progress)
        for _, batch in batches:
            squares = (codec.reconstruct(batch) - batch).square()
            of_items.append(squares.flatten(1).mean(1).double())
            total += squares.sum(0, dtype=torch.float64)
    together = torch.cat(of_items).numpy()
    return Errors(together, (total / len(together)).numpy())


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def pca_curve(codec: "PcaCodec", data_set: DataSet, rows: np.ndarray) -> np.ndarray:
    """PCA's error with 0 to `codec.latent_dim` axes, float64 (latent_dim + 1,).

    By Pythagoras: what k orthonormal axes leave is |x - mean|^2 less the k squared scores; before
    clipping to the range of the items, which only brings it down a little.
    """
    import torch

    floats: Tensor = data_set.about.item.floats(data_set.items[rows])
    flat = floats.flatten(1) - codec.mean  # (n, D)
    with torch.inference_mode():
        scores = (flat @ codec.components.T).double()  # (N, latent_dim)
        total = flat.double().square().sum(1, keepdim=True)
        left = torch.cat([total, total - scores.square().cumsum(1)], 1)
    return (left.mean(0) / flat.shape[1]).clamp(min=0).numpy()
