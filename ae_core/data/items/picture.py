"""Pictures: uint8 (N, C, H, W) on disk, floats in [0, 1]."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ae_core.config import Architecture, Corruption, Loss, Measure
from ae_core.data.items.interface import ItemKind

if TYPE_CHECKING:
    from torch import Tensor

# A side; larger ones could not be decoded at the rate of a hand anyway.
MOST_PX = 4096
# Grey level that a decoder can start from: one of exactly 0 or 1 has an infinite logit.
_FAINTEST = 0.02


class Picture(ItemKind):
    """Grey (C = 1) or colour (C = 3) pictures of one size, square or not."""

    kind: Literal["picture"] = "picture"
    size: tuple[int, int, int] = Field(description="Channels, height, width.")

    unit: ClassVar[str] = "pixel"
    losses: ClassVar[tuple[Loss, ...]] = ("mse", "bce", "gaussian")
    corruptions: ClassVar[tuple[Corruption, ...]] = (
        *("none", "gaussian", "masking", "salt_and_pepper", "blur", "missing_block"),
    )
    architectures: ClassVar[tuple[Architecture, ...]] = ("dense", "convolutional")
    measures: ClassVar[tuple[Measure, ...]] = ("mse", "bce")
    file_types: ClassVar[tuple[str, ...]] = ("png", "jpg", "jpeg", "webp", "bmp", "gif")

    @model_validator(mode="after")
    def _check(self) -> Self:
        channels, *sides = self.size
        if channels not in (1, 3) or not all(1 <= side <= MOST_PX for side in sides):
            raise ValueError(
                f"`size` must be 1 or 3 channels and 1 to {MOST_PX:,} pixels a side; got "
                f"{self.size}."
            )
        return self

    @classmethod
    def of(cls, items: np.ndarray) -> Self:
        """The kind of these pictures, uint8 (N, C, H, W)."""
        channels, height, width = items.shape[1:]
        return cls(size=(channels, height, width))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.size

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8)

    @property
    def places(self) -> tuple[int, ...]:
        """A pixel is damaged in all its channels together."""
        return (1, *self.size[1:])

    @property
    def default_preset(self) -> str:
        """For tiny pictures, which can hardly be halved, the dense one."""
        return "dense" if min(self.size[1:]) < 16 else "convolutional-vae"

    def words(self) -> str:
        channels, height, width = self.size
        return f"{width} x {height} pixels, {'grey' if channels == 1 else 'colour'}"

    def to_floats(self, stored: "Tensor") -> "Tensor":
        import torch

        return torch.mul(stored, 1 / 255)  # in one pass: a whole number times a float is a float

    def stored(self, floats: "Tensor") -> np.ndarray:
        return self._bytes(floats).cpu().numpy()

    def link(self, outputs: "Tensor") -> "Tensor":
        return outputs.sigmoid()

    def unlink(self, item: "Tensor") -> "Tensor":
        return item.logit(eps=_FAINTEST)

    def clip(self, floats: "Tensor") -> "Tensor":
        return floats.clamp(0, 1)

    def thumbnails(self, stored: np.ndarray, px: int) -> np.ndarray:
        """Shrunk by averaging whole blocks of pixels."""
        n, channels, height, width = stored.shape
        factor = -(-max(height, width) // px)
        if factor <= 1:
            return stored
        rows, columns = max(1, height // factor), max(1, width // factor)
        whole = stored[:, :, : rows * factor, : columns * factor]
        blocks = whole.reshape(n, channels, rows, min(factor, height), columns, min(factor, width))
        return np.asarray(blocks.mean(axis=(3, 5)).round(), dtype=np.uint8)

    def drawn(self, stored: np.ndarray) -> np.ndarray:
        return stored

    def wire_part(self) -> Mapping[str, Any]:
        channels, height, width = self.size
        return {"painter": "pixels", "height": height, "width": width, "channels": channels}

    def wire_values(self, floats: "Tensor") -> "Tensor":
        return self._bytes(floats).permute(0, 2, 3, 1)

    def floats_of_wire(self, values: "Tensor") -> "Tensor":
        return self.to_floats(values.permute(0, 3, 1, 2))

    def read_file(self, content: bytes, name: str) -> np.ndarray:
        from ae_core.data.pictures import read_picture  # PIL: not before the first page

        return read_picture(content, name, item_shape=self.size)

    @staticmethod
    def _bytes(floats: "Tensor") -> "Tensor":
        import torch

        return floats.mul(255).round_().clamp_(0, 255).to(torch.uint8)
