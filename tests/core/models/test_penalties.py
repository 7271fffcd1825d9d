"""Penalties against independent oracles: autograd's whole Jacobian, torch's distributions."""

import pytest
import torch
from torch.distributions import Bernoulli, kl_divergence

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.config import ModelConfig
from ae_core.data.items import Picture
from ae_core.models.bottlenecks import CODE_ACTIVATIONS, Posterior
from ae_core.models.networks import ACTIVATIONS
from ae_core.models.penalties import KlSparsityPenalty, L1Penalty, Scene

SHAPE = (1, 5, 4)
ITEMS = torch.rand(6, *SHAPE, generator=torch.Generator().manual_seed(0))


def contractive_model(**settings):
    config = ModelConfig(penalty="contractive", latent_dim=3, **settings)
    return build_autoencoder(config, Picture(size=SHAPE), seed=2)


def scene_of(model, seed=0):
    items = ITEMS.clone().requires_grad_()
    return Scene(items, model.posterior(items), torch.Generator().manual_seed(seed))


def whole_jacobian_norm(model):
    """Mean over items of the squared Frobenius norm, from the full Jacobian of each item."""
    norms = []
    for item in ITEMS:
        jacobian = torch.autograd.functional.jacobian(
            model.encode, item[None]
        )  # (1, k, 1, C, H, W)
        norms.append(jacobian.square().sum())
    return torch.stack(norms).mean()


@pytest.mark.parametrize("code_activation", sorted(CODE_ACTIVATIONS))
@pytest.mark.parametrize("widths", [(), (7,)])
def test_exact_contractive_equals_the_full_jacobian(widths, code_activation):
    model = contractive_model(widths=widths, code_activation=code_activation, activation="silu")
    assert model.penalty.method.startswith("exact")
    torch.testing.assert_close(model.penalty(scene_of(model)), whole_jacobian_norm(model))


def test_exact_contractive_sees_centred_items_as_the_encoder_does():
    model = contractive_model(widths=(7,), activation="tanh", centred=True)
    model.start_from(ITEMS.mean(dim=0))
    torch.testing.assert_close(model.penalty(scene_of(model)), whole_jacobian_norm(model))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_exact_contractive_holds_for_every_activation(activation):
    model = contractive_model(widths=(7,), activation=activation)
    torch.testing.assert_close(model.penalty(scene_of(model)), whole_jacobian_norm(model))


def test_exact_contractive_of_a_variational_code_is_that_of_its_mean():
    model = contractive_model(widths=(7,), bottleneck="variational")
    torch.testing.assert_close(model.penalty(scene_of(model)), whole_jacobian_norm(model))


def test_exact_contractive_has_the_gradient_of_the_full_jacobian():
    model = contractive_model(widths=(7,), code_activation="sigmoid", activation="tanh")
    parameters = list(model.encoder.parameters()) + list(model.bottleneck.parameters())
    ours = torch.autograd.grad(model.penalty(scene_of(model)), parameters)

    def norm(item):
        return torch.autograd.functional.jacobian(
            model.encode, item[None], create_graph=True
        ).square().sum()  # fmt: skip

    expected = torch.autograd.grad(torch.stack([norm(item) for item in ITEMS]).mean(), parameters)
    for mine, theirs in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize(
    "settings",
    [
        {"widths": (7, 6)},
        {"widths": (7,), "residual": True},
        {"architecture": "convolutional", "widths": (4,), "activation": "elu"},
    ],
)
def test_estimated_contractive_is_unbiased(settings):
    model = contractive_model(**settings)
    assert model.penalty.method.startswith("estimate")
    draws = torch.stack([model.penalty(scene_of(model, seed)).detach() for seed in range(400)])
    error_of_mean = draws.std() / len(draws) ** 0.5
    assert abs(draws.mean() - whole_jacobian_norm(model)) < 4 * error_of_mean


def test_kl_sparsity_is_zero_at_the_target_rate_and_positive_elsewhere():
    penalty = KlSparsityPenalty(0.2)

    def at(rate):
        return penalty(Scene(ITEMS, Posterior(torch.full((5, 4), rate)), None)).item()

    assert at(0.2) == pytest.approx(0, abs=1e-6)
    assert at(0.1) > 0.01
    assert at(0.4) > 0.01


def test_kl_sparsity_equals_torch_distributions():
    codes = torch.rand(9, 4, generator=torch.Generator().manual_seed(1))
    ours = KlSparsityPenalty(0.05)(Scene(ITEMS, Posterior(codes), None))
    expected = kl_divergence(Bernoulli(torch.tensor(0.05)), Bernoulli(codes.mean(dim=0))).sum()
    torch.testing.assert_close(ours, expected)


def test_l1_is_the_mean_over_items_of_the_sum_of_sizes():
    codes = torch.tensor([[1.0, -2.0], [0.0, 3.0]])
    assert L1Penalty()(Scene(ITEMS, Posterior(codes), None)).item() == 3.0
