"""Pictures as a kind of item, for codecs that know only their `item_shape`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Pictures:
    """uint8 (N, C, H, W) stored, floats in [0, 1], uint8 (N, H, W, C) on the wire."""

    shape: tuple[int, int, int]

    def wire_part(self) -> dict[str, Any]:
        channels, height, width = self.shape
        return {"painter": "pixels", "height": height, "width": width, "channels": channels}

    def wire_values(self, floats: Tensor) -> Tensor:
        return self._bytes(floats).permute(0, 2, 3, 1)

    def floats_of_wire(self, values: Tensor) -> Tensor:
        return self.to_floats(values.permute(0, 3, 1, 2))

    def to_floats(self, stored: Tensor) -> Tensor:
        return stored.float() / 255

    def stored(self, floats: Tensor) -> NDArray[np.uint8]:
        pixels: NDArray[np.uint8] = self._bytes(floats).cpu().numpy()
        return pixels

    @staticmethod
    def _bytes(floats: Tensor) -> Tensor:
        return (floats.clamp(0, 1) * 255).round_().to(torch.uint8)
