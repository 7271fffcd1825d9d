"""Codecs of table rows for tests: their items travel as columns."""

from __future__ import annotations

from collections.abc import Hashable

import torch
from torch import Tensor

from ae_core.codecs.codec import Codec
from ae_core.data.items import Column, Row
from benchmarks.stand_ins import StandInSource


def table_of(n_numbers: int) -> Row:
    """Column f lies in [0, 100 (f + 1)], standardised to [0, 1]; and one category of three."""
    tops = [100.0 * (f + 1) for f in range(n_numbers)]
    numbers = [
        Column(name=f"column {f}", mean=0.0, scale=top, low=0.0, high=top)
        for f, top in enumerate(tops)
    ]
    return Row(columns=(*numbers, Column(name="colour", values=("red", "green", "blue"))))


class TableCodec(Codec):
    """A fixed linear map between 32 numbers and shares in (0, 1), one a column."""

    latent_dim = 32

    def __init__(self, n_numbers: int) -> None:
        super().__init__()
        self.item = table_of(n_numbers)
        generator = torch.Generator().manual_seed(0)
        weights = torch.randn(32, *self.item.shape, generator=generator) / 4
        self.weights = torch.nn.Parameter(weights, requires_grad=False)

    def encode(self, items: Tensor) -> Tensor:
        return items.logit(eps=1e-6) @ torch.linalg.pinv(self.weights)

    def decode(self, codes: Tensor) -> Tensor:
        return torch.sigmoid(codes @ self.weights)


class TableSource(StandInSource):
    """Stand-ins, and "table-N": rows of N numbers and a category."""

    def load(self, key: str) -> Codec:
        name = key.removeprefix("pca:")
        if name.startswith("table-"):
            return TableCodec(int(name.removeprefix("table-")))
        return super().load(key)

    def stamp(self, key: str) -> Hashable:
        return key
