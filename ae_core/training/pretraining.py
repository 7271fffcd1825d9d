"""Greedy layer-wise pre-training of dense autoencoders (Hinton & Salakhutdinov 2006).

Each layer and its mirror image learn, alone, to reconstruct what the layer before gives; then the
whole is trained. The pairs are small autoencoders instead of restricted Boltzmann machines
(Bengio, Lamblin, Popovici & Larochelle 2007).
"""

import itertools
import math

import torch
from torch import Tensor, nn

from ae_core.codecs.autoencoder import Autoencoder
from ae_core.errors import ConfigError
from ae_core.models.networks import DenseDecoder, DenseEncoder


class LayerPair(nn.Module):
    """One encoder layer and the decoder layer that mirrors it; what lies outside is frozen."""

    def __init__(
        self, model: Autoencoder, outside: list[nn.Module], down: nn.Module, up: nn.Module
    ):
        super().__init__()
        self.frozen = (model, outside)  # a tuple: not this pair's parameters
        self.down, self.up = down, up

    def forward(
        self,
        items: Tensor,
        *,
        epochs_done: float = math.inf,
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """The same call as the whole model's; the objective is the pair's own reconstruction."""
        model, outside = self.frozen
        assert isinstance(model.encoder, DenseEncoder)
        with torch.no_grad():
            features = model.encoder.inputs(items)
            for layer in outside:
                features = layer(features)
        outputs = self.up(self.down(features))
        if outside:
            losses = (outputs - features).square().sum(dim=1)
        else:
            losses = model.loss(outputs.float().unflatten(1, model.item_shape), items)
        return {"objective": losses.mean()}


class MeanCode(nn.Module):
    """A bottleneck as a layer: features to the mean code."""

    def __init__(self, bottleneck: nn.Module) -> None:
        super().__init__()
        self.bottleneck = bottleneck

    def forward(self, features: Tensor) -> Tensor:
        return self.bottleneck(features).mean


def layer_pairs(model: Autoencoder) -> list[LayerPair]:
    """The model's layers as pairs, the outermost first; the last one makes the code.

    Raises:
        ConfigError: The model is not dense.
    """
    encoder, decoder = model.encoder, model.decoder
    if not (isinstance(encoder, DenseEncoder) and isinstance(decoder, DenseDecoder)):
        raise ConfigError(
            "`greedy_pretraining_epochs` works layer by layer on architecture dense; got "
            f"{model.config.architecture}: set it to 0."
        )
    downs = [*_stages(encoder.layers), MeanCode(model.bottleneck)]
    ups = reversed(_stages(decoder.layers))
    return [
        LayerPair(model, downs[:depth], down, up)
        for depth, (down, up) in enumerate(zip(downs, ups, strict=True))
    ]


def _stages(layers: nn.Sequential) -> list[nn.Module]:
    """Layers grouped so that each group begins with a linear one."""
    starts = [place for place, layer in enumerate(layers) if isinstance(layer, nn.Linear)]
    return [layers[start:end] for start, end in itertools.pairwise([*starts, len(layers)])]
