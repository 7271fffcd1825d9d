"""How features become a code: a point, or a Gaussian from which codes are drawn."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ae_core.config import ModelConfig

CODE_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


@dataclass(frozen=True)
class Posterior:
    """What an encoder knows about the codes of N items: q(z | x).

    Attributes:
        mean: (N, latent_dim).
        log_var: (N, latent_dim), or None when a code is a point.
    """

    mean: Tensor
    log_var: Tensor | None = None

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Codes (N, latent_dim): z = mu + sigma * eps (Kingma & Welling 2014, section 2.4)."""
        if self.log_var is None:
            return self.mean
        noise = torch.randn(
            self.mean.shape,
            generator=generator,
            dtype=self.mean.dtype,
            device=self.mean.device,
        )
        return torch.addcmul(self.mean, torch.exp(0.5 * self.log_var), noise)


class Bottleneck(nn.Module):
    """Features (N, n_features) to what is known about the codes.

    Attributes:
        head: Linear; its first `latent_dim` outputs make the mean code.
        activation: Elementwise, from there to the mean code.
    """

    head: nn.Linear
    activation: nn.Module

    def forward(self, features: Tensor) -> Posterior:
        raise NotImplementedError


class PlainBottleneck(Bottleneck):
    """A code is a point: a linear map of the features, then the code's activation."""

    def __init__(self, config: ModelConfig, n_features: int) -> None:
        super().__init__()
        self.head = nn.Linear(n_features, config.latent_dim)
        self.activation = CODE_ACTIVATIONS[config.code_activation]()
        if config.code_activation == "relu":
            # a unit that is zero for every item never learns again: a third of 32 died on MNIST
            # with biases that start at 0, one with 2
            self.head.bias_start = 2.0  # type: ignore[assignment]

    def forward(self, features: Tensor) -> Posterior:
        return Posterior(self.activation(self.head(features)))


class VariationalBottleneck(Bottleneck):
    """A code is a Gaussian with diagonal covariance (Kingma & Welling 2014, appendix C.2)."""

    def __init__(self, config: ModelConfig, n_features: int) -> None:
        super().__init__()
        self.head = nn.Linear(n_features, 2 * config.latent_dim)
        self.activation = nn.Identity()

    def forward(self, features: Tensor) -> Posterior:
        mean, log_var = self.head(features).float().chunk(2, dim=1)
        # exp stays finite, and a sample differs from the mean, whatever the weights do early on
        return Posterior(mean, log_var.clamp(-20, 10))


BOTTLENECKS: dict[str, Callable[[ModelConfig, int], Bottleneck]] = {
    "plain": PlainBottleneck,
    "variational": VariationalBottleneck,
}


def kl_divergence(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mu, sigma^2) || N(0, 1)) of each dimension, in nats.

    0.5 * (mu^2 + sigma^2 - 1 - log sigma^2): Kingma & Welling 2014, appendix B.

    Args:
        mean: (N, latent_dim).
        log_var: Same shape.

    Returns:
        (N, latent_dim), never negative.
    """
    return 0.5 * (mean.square() + log_var.exp() - 1 - log_var)


def charged_kl(divergence: Tensor, free_bits: float) -> Tensor:
    """What the objective charges for codes, in nats an item.

    A dimension costs the batch's mean of its KL, but at least `free_bits` (Kingma et al. 2016,
    equation 15): below that it has no gradient, so that it is not switched off early.

    Args:
        divergence: (N, latent_dim) from `kl_divergence`.
        free_bits: Nats a dimension may use without being charged for them.

    Returns:
        Scalar.
    """
    if free_bits == 0:
        return divergence.sum() / len(divergence)
    return divergence.mean(dim=0).clamp(min=free_bits).sum()
