"""Untrained codecs that cost what trained ones cost, for tests and benchmarks of the live path."""

from __future__ import annotations

from collections.abc import Hashable

import torch
from torch import Tensor, nn

from ae_core.codecs.codec import Codec
from ae_core.data.items import Picture
from ae_core.errors import CheckpointError


class StandIn(Codec):
    """A convolutional decoder with random weights; encodes by average colour.

    Args:
        latent_dim: Numbers a code has.
        item_shape: (channels, height, width), height = width = 16, 32, 64 or 128.
        seed: Of the weights; the global generator is left alone.
    """

    def __init__(self, latent_dim: int, item_shape: tuple[int, int, int], seed: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.item = Picture(size=item_shape)
        channels, height, _ = item_shape
        widths = {16: [64, 32], 32: [96, 64, 32], 64: [128, 64, 32, 32], 128: [128, 64, 32, 32, 16]}
        stages: list[nn.Module] = []
        before = self._first = 2 * widths[height][0]
        for width in widths[height]:
            stages += [nn.ConvTranspose2d(before, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self._start = nn.Linear(latent_dim, self._first * 16)
        self._net = nn.Sequential(*stages, nn.Conv2d(before, channels, 3, 1, 1))
        self._draw_weights(torch.Generator().manual_seed(seed))

    def _draw_weights(self, generator: torch.Generator) -> None:
        """Random mixing of channels, smooth in space: blots that move visibly with the code."""
        bilinear = torch.tensor([0.25, 0.75, 0.75, 0.25])
        smooth = bilinear[:, None] * bilinear
        for module in self.modules():
            if isinstance(module, nn.ConvTranspose2d):
                spread = (2 / module.in_channels) ** 0.5
                mixing = torch.randn(*module.weight.shape[:2], 1, 1, generator=generator)
                module.weight.data = spread * mixing * smooth
                assert module.bias is not None
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear | nn.Conv2d):
                spread = 1.5 * module.weight[0].numel() ** -0.5
                nn.init.normal_(module.weight, std=spread, generator=generator)
                assert module.bias is not None
                nn.init.normal_(module.bias, std=0.5, generator=generator)

    def encode(self, items: Tensor) -> Tensor:
        """The first `latent_dim` numbers of 4 x 4 averages, centred; shape (N, latent_dim)."""
        averages = nn.functional.adaptive_avg_pool2d(items, 4).flatten(1) - 0.5
        return nn.functional.pad(averages, (0, self.latent_dim))[:, : self.latent_dim].contiguous()

    def decode(self, codes: Tensor) -> Tensor:
        """Colourful blots, float32 (N, C, H, W) in [0, 1], that change smoothly with the code."""
        start = self._start(codes).view(-1, self._first, 4, 4)
        return torch.sigmoid(self._net(start))


class StandInSource:
    """Codecs by key, "NAME" or "pca:NAME"; NAME ends in the size: "faces-64", "small-16".

    Any key with "-N" gives a codec of N x N RGB pictures and 32 numbers ("grey-N": one channel).
    """

    latent_dim = 32

    def load(self, key: str) -> Codec:
        """A stand-in whose weights follow from its key."""
        name = key.removeprefix("pca:")
        size = name.rsplit("-", 1)[-1]
        if size not in ("16", "32", "64", "128"):
            raise CheckpointError(f"`checkpoint` {name!r} does not exist: pick another one.")
        shape = (1 if name.startswith("grey") else 3, int(size), int(size))
        return StandIn(self.latent_dim, shape, seed=sum(key.encode()))

    def stamp(self, key: str) -> Hashable:
        """Never changes."""
        return key
