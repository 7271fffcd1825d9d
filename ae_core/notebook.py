"""For notebooks and scripts: NumPy in, NumPy out.

    from ae_core import notebook

    data = notebook.open_data("faces")
    model = notebook.open_model("faces-vae")
    codes = model.encode(data.items[:100])           # uint8 (100, 3, 64, 64) to float32 (100, 32)
    pictures = model.decode(codes)                   # and back
    path = notebook.walk(codes[0], codes[1], n_steps=8)
    glasses = notebook.direction(
        model.codes(data)[data.rows("glasses")], model.codes(data)[data.rows("not glasses")]
    )
    with_glasses = model.decode(codes + glasses.step * glasses.unit)

Items are in the form in which they lie on disk: pictures uint8 (N, C, H, W), table rows float32
(N, F), standardised. This file is the surface that stays as it is; the rooms behind it may change.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ae_core.codecs.checkpoints import Checkpoint, find_checkpoint, load_codec
from ae_core.codecs.codec import Codec
from ae_core.codecs.codes import BATCH, codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.data.item_search import select_items
from ae_core.data.store import DataSet
from ae_core.errors import LatentInputError
from ae_core.steering.directions import Direction, linear_probe, mean_difference
from ae_core.steering.paths import interpolate_linear, interpolate_spherical

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Data:
    """Items of a data set, and what is known about them.

    Attributes:
        data_set: What the rest of `ae_core` takes.
    """

    data_set: DataSet

    @property
    def items(self) -> Array:
        """Pictures uint8 (N, C, H, W), table rows float32 (N, F); mapped, not to be changed."""
        return self.data_set.items

    @property
    def attributes(self) -> Any:
        """A pandas table with one row an item."""
        return self.data_set.attributes

    def rows(self, question: str) -> Array:
        """Items that match a question such as "glasses and not smile": int64 indices, ascending.

        Raises:
            GroupError: The question cannot be read, or names no attribute.
        """
        return select_items(question, self.attributes)


@dataclass(frozen=True)
class Model:
    """A checkpoint that is open.

    Attributes:
        checkpoint: Where it lies, and what it is.
        codec: The torch module: tensors in, tensors out.
    """

    checkpoint: Checkpoint
    codec: Codec

    @property
    def latent_dim(self) -> int:
        """Numbers of a code."""
        return self.codec.latent_dim

    def encode(self, items: Array) -> Array:
        """Codes of items.

        Args:
            items: Stored form, (N, *item shape): see the module's docstring.

        Returns:
            float32 (N, latent_dim); of a variational model the posterior mean.

        Raises:
            LatentInputError: The array has another shape or number format.
        """
        import torch

        item, array = self.codec.item, np.asarray(items)
        if array.shape[1:] != item.shape or array.dtype != item.stored_dtype:
            expected = ", ".join(["N", *map(str, item.shape)])
            raise LatentInputError(
                f"`items` must be {item.stored_dtype} ({expected}); got {array.dtype} "
                f"{array.shape}: pictures are whole numbers 0 to 255, channels first."
            )
        made = np.empty((len(array), self.latent_dim), np.float32)
        with torch.inference_mode():
            for start in range(0, len(array), BATCH):
                floats = item.floats(np.ascontiguousarray(array[start : start + BATCH]))
                made[start : start + BATCH] = self.codec.encode(floats).numpy()
        return made

    def decode(self, codes: Array) -> Array:
        """Items of codes, in stored form: uint8 (N, C, H, W), or float32 (N, F).

        Args:
            codes: Numbers, (N, latent_dim).

        Raises:
            LatentInputError: The array has another shape, or numbers that are not finite.
        """
        import torch

        array = np.asarray(codes, np.float32)
        if array.ndim != 2 or array.shape[1] != self.latent_dim or not np.isfinite(array).all():
            raise LatentInputError(
                f"`codes` must be finite, of shape (N, {self.latent_dim}); got {array.shape}: a "
                "single code is codes[None]."
            )
        made = np.empty((len(array), *self.codec.item.shape), self.codec.item.stored_dtype)
        with torch.inference_mode():
            for start in range(0, len(array), BATCH):
                part = torch.from_numpy(array[start : start + BATCH].copy())
                made[start : start + BATCH] = self.codec.item.stored(self.codec.decode(part))
        return made

    def codes(self, data: Data) -> Array:
        """Codes of a whole data set, float32 (N, latent_dim): made once, kept, mapped from disk."""
        return codes_for(self.checkpoint, data.data_set)


def open_model(name: str) -> Model:
    """A model by its checkpoint's name: see `python -m ae_core list`.

    Raises:
        CheckpointError: There is none, or it cannot be opened.
    """
    checkpoint = find_checkpoint(name)
    return Model(checkpoint, load_codec(checkpoint))


def open_data(name: str) -> Data:
    """A data set by its name; an embedded one is made at its first use.

    Raises:
        DataError: There is none, or its files are broken.
    """
    return Data(load_data_set(name))


def walk(
    start: Array, end: Array, *, n_steps: int, along: Literal["line", "arc"] = "line"
) -> Array:
    """Codes from one to another, both ends included: float32 (n_steps, latent_dim).

    Args:
        start: First code, (latent_dim,).
        end: Last code, likewise.
        n_steps: Codes on the path, at least 2.
        along: Straight, or along the arc about the origin (spherical interpolation).

    Raises:
        LatentInputError: The shapes differ, a number is not finite, or `n_steps` < 2.
    """
    interpolate = interpolate_spherical if along == "arc" else interpolate_linear
    return interpolate(np.asarray(start, np.float32), np.asarray(end, np.float32), n_steps=n_steps)


def direction(
    with_it: Array, without: Array, *, by: Literal["means", "probe"] = "means"
) -> Direction:
    """The direction from the codes of items without something to those of items with it.

    Args:
        with_it: (n, latent_dim).
        without: (m, latent_dim).
        by: The difference of the means, or the normal of logistic regression.

    Returns:
        `unit`, of length 1, and `step`, how far the groups' means lie apart along it.

    Raises:
        LatentInputError: A group is empty or not finite, or they do not differ.
    """
    estimate = linear_probe if by == "probe" else mean_difference
    return estimate(np.asarray(with_it, np.float32), np.asarray(without, np.float32))
