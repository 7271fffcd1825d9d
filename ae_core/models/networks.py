"""Encoders and decoders: the architecture half of the composition."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ae_core.config import ModelConfig
from ae_core.models.composition import check_stages

ItemShape = tuple[int, ...]

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "elu": nn.ELU,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),
    "tanh": nn.Tanh,
}


class Encoder(nn.Module):
    """Items (N, *item.shape) to features (N, n_features)."""

    n_features: int


class ResidualDense(nn.Module):
    """`x + W act(x)`, the identity at the start."""

    def __init__(self, width: int, activation: str) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[activation]()
        self.linear = zero_start(nn.Linear(width, width))

    def forward(self, features: Tensor) -> Tensor:
        return features + self.linear(self.activation(features))


def _dense_layers(sizes: Sequence[int], config: ModelConfig) -> nn.Sequential:
    layers = nn.Sequential()
    for n_in, n_out in pairwise(sizes):
        layers.append(nn.Linear(n_in, n_out))
        layers.append(ACTIVATIONS[config.activation]())
        if config.residual:
            layers.append(ResidualDense(n_out, config.activation))
    return layers


class DenseEncoder(Encoder):
    """Fully connected layers, an activation after each."""

    def __init__(self, config: ModelConfig, item_shape: ItemShape) -> None:
        super().__init__()
        sizes = [math.prod(item_shape), *config.widths]
        self.n_features = sizes[-1]
        self.mean: Tensor | None
        self.register_buffer("mean", torch.zeros(sizes[0]) if config.centred else None)
        self.layers = _dense_layers(sizes, config)

    def start_from(self, mean: Tensor) -> None:
        """See items as differences from this one, (D,)."""
        assert self.mean is not None
        self.mean.copy_(mean)

    def inputs(self, items: Tensor) -> Tensor:
        """What the first layer sees of items: (N, D), centred if the net is."""
        flat = items.flatten(1)
        return flat if self.mean is None else flat - self.mean

    def forward(self, items: Tensor) -> Tensor:
        return self.layers(self.inputs(items))  # (N, n_features)


class DenseDecoder(nn.Module):
    """The encoder's layers mirrored; the last one has no activation."""

    def __init__(self, config: ModelConfig, item_shape: ItemShape) -> None:
        super().__init__()
        self.item_shape = item_shape
        sizes = [config.latent_dim, *reversed(config.widths)]
        self.layers = _dense_layers(sizes, config)
        self.layers.append(nn.Linear(sizes[-1], math.prod(item_shape)))

    def start_from(self, outputs: Tensor) -> None:
        """Decode any code to about `outputs`, (D,), until training moves on."""
        last = self.layers[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.bias.copy_(outputs)

    def forward(self, codes: Tensor) -> Tensor:
        return self.layers(codes).unflatten(1, self.item_shape)  # (N, *item_shape)


class ResidualConvolution(nn.Module):
    """`x + conv(act(conv(act(x))))` with 3x3 kernels, the identity at the start."""

    def __init__(self, n_channels: int, activation: str) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ACTIVATIONS[activation](),
            nn.Conv2d(n_channels, n_channels, 3, padding=1),
            ACTIVATIONS[activation](),
            zero_start(nn.Conv2d(n_channels, n_channels, 3, padding=1)),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.layers(features)


class ConvolutionalEncoder(Encoder):
    """For pictures: stages that halve height and width (4x4 kernels, stride 2), then flat."""

    def __init__(self, config: ModelConfig, item_shape: ItemShape) -> None:
        super().__init__()
        sizes = stage_sizes(config, item_shape)
        channels = [item_shape[0], *config.widths]
        self.n_features = channels[-1] * math.prod(sizes[-1])
        self.stages = nn.Sequential()
        for n_in, n_out in pairwise(channels):
            self.stages.append(nn.Conv2d(n_in, n_out, 4, stride=2, padding=1))
            self.stages.append(ACTIVATIONS[config.activation]())
            if config.residual:
                self.stages.append(ResidualConvolution(n_out, config.activation))
        self.dense = nn.Sequential()
        if config.dense_width:
            self.dense.append(nn.Linear(self.n_features, config.dense_width))
            self.dense.append(ACTIVATIONS[config.activation]())
            self.n_features = config.dense_width
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster

    def forward(self, items: Tensor) -> Tensor:
        features = self.stages(items.contiguous(memory_format=torch.channels_last))  # (N, C', h, w)
        # flattened without a copy: channels last
        return self.dense(features.permute(0, 2, 3, 1).flatten(1))  # (N, n_features)


class ConvolutionalDecoder(nn.Module):
    """The encoder's stages mirrored.

    Kernel 4 is a multiple of stride 2, so that every pixel is covered equally often: no
    checkerboard (Odena, Dumoulin & Olah 2016).
    """

    def __init__(self, config: ModelConfig, item_shape: ItemShape) -> None:
        super().__init__()
        sizes = stage_sizes(config, item_shape)
        channels = [item_shape[0], *config.widths]
        self.start = (*sizes[-1], channels[-1])  # (h, w, C')
        self.dense = nn.Sequential()
        if config.dense_width:
            self.dense.append(nn.Linear(config.latent_dim, config.dense_width))
            self.dense.append(ACTIVATIONS[config.activation]())
        self.expand = nn.Linear(config.dense_width or config.latent_dim, math.prod(self.start))
        self.stages = nn.Sequential()
        for stage in reversed(range(len(config.widths))):
            height, width = sizes[stage]
            self.stages.append(ACTIVATIONS[config.activation]())
            if config.residual:
                self.stages.append(ResidualConvolution(channels[stage + 1], config.activation))
            self.stages.append(
                nn.ConvTranspose2d(
                    channels[stage + 1],
                    channels[stage],
                    4,
                    stride=2,
                    padding=1,
                    output_padding=(height % 2, width % 2),  # 3 -> 7, as 7 -> 3 on the way down
                )
            )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, codes: Tensor) -> Tensor:
        features = self.expand(self.dense(codes)).unflatten(1, self.start)  # (N, h, w, C')
        return self.stages(features.permute(0, 3, 1, 2))  # (N, C, H, W)


def stage_sizes(config: ModelConfig, item_shape: ItemShape) -> list[tuple[int, int]]:
    """Height and width before the first stage and after each one.

    Raises:
        ConfigError: The item is too small to be halved that often.
    """
    check_stages(config, item_shape)
    height, width = item_shape[1:]
    return [(height >> stage, width >> stage) for stage in range(len(config.widths) + 1)]


Builder = Callable[[ModelConfig, ItemShape], tuple[Encoder, nn.Module]]

ARCHITECTURES: dict[str, Builder] = {
    "dense": lambda config, shape: (DenseEncoder(config, shape), DenseDecoder(config, shape)),
    "convolutional": lambda config, shape: (
        ConvolutionalEncoder(config, shape),
        ConvolutionalDecoder(config, shape),
    ),
}


def zero_start(layer: nn.Module) -> nn.Module:
    """Mark a layer whose weights start at zero, so that its residual block is the identity."""
    layer.starts_at_zero = True  # type: ignore[assignment]
    return layer


def initialise(module: nn.Module, seed: int) -> None:
    """Draw every weight from its own seeded generator, never from torch's global one.

    He et al. 2015, equation 10: variance 2 / fan-in; biases zero unless marked. A transposed
    convolution of stride s sums only kernel / s^2 of its taps into one output pixel.
    """
    generator = torch.Generator().manual_seed(seed)
    for layer in module.modules():
        if not isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            continue
        fan_in = layer.weight[0].numel()
        if isinstance(layer, nn.ConvTranspose2d):
            fan_in = layer.weight.shape[0] * math.prod(layer.kernel_size) // math.prod(layer.stride)
        scale = 0.0 if getattr(layer, "starts_at_zero", False) else math.sqrt(2 / fan_in)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) * scale)
            if layer.bias is not None:
                layer.bias.fill_(getattr(layer, "bias_start", 0.0))
