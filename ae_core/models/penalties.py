"""Terms that shape the codes, beside the reconstruction. Each is a mean over the batch's items."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ae_core.config import ModelConfig
from ae_core.models.bottlenecks import Bottleneck, Posterior
from ae_core.models.networks import DenseEncoder, Encoder


@dataclass(frozen=True)
class Scene:
    """What a penalty may look at.

    Attributes:
        items: What the encoder saw, (N, *item.shape); requires grad if `needs_input_gradient`.
        posterior: What the encoder made of them.
        generator: Source of randomness.
    """

    items: Tensor
    posterior: Posterior
    generator: torch.Generator | None


class Penalty(nn.Module):
    """A scalar from a scene; `method` says in words how it is computed."""

    needs_input_gradient = False
    method = "exact"

    def forward(self, scene: Scene) -> Tensor:
        raise NotImplementedError


class L1Penalty(Penalty):
    """Sum of the code's absolute values: the Laplace prior of sparse coding."""

    def forward(self, scene: Scene) -> Tensor:
        return scene.posterior.mean.abs().sum(dim=1).mean()


class KlSparsityPenalty(Penalty):
    """Sum over units of KL(Bernoulli(rho) || Bernoulli(mean activity)) (Ng 2011, section 3)."""

    def __init__(self, target_rate: float) -> None:
        super().__init__()
        self.target_rate = target_rate

    def forward(self, scene: Scene) -> Tensor:
        rates = scene.posterior.mean.mean(dim=0).clamp(1e-6, 1 - 1e-6)  # (latent_dim,)
        rho = self.target_rate
        on = rho * (rho / rates).log()
        off = (1 - rho) * ((1 - rho) / (1 - rates)).log()
        return (on + off).sum()


class ExactContractivePenalty(Penalty):
    """Squared Frobenius norm of the encoder's Jacobian (Rifai et al. 2011, equation 3).

    For at most one hidden layer, J = F' W2 D W1 with diagonal F', D, and the norm needs no
    backward pass: sum_k f'_k^2 (w2_k o d)^T (W1 W1^T) (w2_k o d). Without hidden layer it is
    Rifai's sum_k f'_k^2 |w_k|^2.
    """

    method = "exact: closed form for a dense encoder with at most one hidden layer"

    def __init__(self, encoder: DenseEncoder, bottleneck: Bottleneck, latent_dim: int) -> None:
        super().__init__()
        self.parts = (encoder, bottleneck)  # a tuple: their weights are registered elsewhere
        self.latent_dim = latent_dim

    def forward(self, scene: Scene) -> Tensor:
        encoder, bottleneck = self.parts
        weight = bottleneck.head.weight[: self.latent_dim]  # (k, h), the mean's rows
        features = encoder.inputs(scene.items)
        linear_code = isinstance(bottleneck.activation, nn.Identity)
        if len(encoder.layers) == 0:
            squares = weight.square().sum(dim=1).expand(len(features), -1)  # (N, k)
        else:
            linear, activation = encoder.layers
            assert isinstance(linear, nn.Linear)
            features, slopes = _with_slopes(activation, linear(features))  # (N, h) both
            gram = linear.weight @ linear.weight.T  # (h, h)
            if linear_code:  # the sum over k can be done once for all items
                return _quadratic(slopes, gram * (weight.T @ weight)).mean()
            squares = _quadratic(weight * slopes[:, None], gram)  # (N, k)
        if not linear_code:
            _, slopes = _with_slopes(bottleneck.activation, bottleneck.head(features))
            squares = squares * slopes.square()
        return squares.sum(dim=1).mean()


def _quadratic(vectors: Tensor, matrix: Tensor) -> Tensor:
    """v^T M v over the last axis."""
    return ((vectors @ matrix) * vectors).sum(dim=-1)


def _with_slopes(activation: nn.Module, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """An elementwise function's values and derivatives, differentiable once more."""
    with torch.enable_grad():
        inputs = inputs if inputs.requires_grad else inputs.detach().requires_grad_()
        outputs = activation(inputs)
        (slopes,) = torch.autograd.grad(outputs.sum(), inputs, create_graph=True)
    return outputs, slopes


class EstimatedContractivePenalty(Penalty):
    """Unbiased estimate of the same norm for any encoder (Hutchinson 1990).

    With signs v drawn at random, E |J^T v|^2 = |J|_F^2; one v an item and one backward pass.
    """

    needs_input_gradient = True
    method = "estimate: one random projection of the Jacobian an item, unbiased"

    def forward(self, scene: Scene) -> Tensor:
        codes = scene.posterior.mean
        draws = torch.rand(codes.shape, generator=scene.generator, device=codes.device)
        signs = (draws < 0.5).to(codes.dtype) * 2 - 1
        (projected,) = torch.autograd.grad(codes, scene.items, signs, create_graph=True)
        return projected.flatten(1).square().sum(dim=1).mean()


def contractive(config: ModelConfig, encoder: Encoder, bottleneck: Bottleneck) -> Penalty:
    """The exact norm where it is cheap, the estimate elsewhere; `method` says which."""
    shallow = len(config.widths) <= 1 and not config.residual
    if shallow and isinstance(encoder, DenseEncoder):
        return ExactContractivePenalty(encoder, bottleneck, config.latent_dim)
    return EstimatedContractivePenalty()


Builder = Callable[[ModelConfig, Encoder, Bottleneck], Penalty | None]

PENALTIES: dict[str, Builder] = {
    "none": lambda config, encoder, bottleneck: None,
    "l1": lambda config, encoder, bottleneck: L1Penalty(),
    "kl_sparsity": lambda config, encoder, bottleneck: KlSparsityPenalty(config.target_rate),
    "contractive": contractive,
}
