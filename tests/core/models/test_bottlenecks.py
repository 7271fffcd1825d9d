"""Laws of the bottlenecks."""

import torch
from sklearn.datasets import load_digits
from torch.distributions import Normal
from torch.distributions import kl_divergence as torch_kl

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.config import ModelConfig
from ae_core.data.items import Picture
from ae_core.models.bottlenecks import (
    Posterior,
    VariationalBottleneck,
    charged_kl,
    kl_divergence,
)

MEAN = torch.tensor([[0.0, 1.5, -0.3], [2.0, 0.0, -1.0]])
LOG_VAR = torch.tensor([[0.0, -1.0, 0.7], [-3.0, 1.0, 0.0]])


def test_kl_closed_form_equals_monte_carlo():
    generator = torch.Generator().manual_seed(0)
    posterior = Posterior(MEAN.expand(200_000, 2, 3), LOG_VAR.expand(200_000, 2, 3))
    codes = posterior.sample(generator)
    log_q = Normal(MEAN, torch.exp(LOG_VAR / 2)).log_prob(codes)
    log_p = Normal(0.0, 1.0).log_prob(codes)
    torch.testing.assert_close(
        kl_divergence(MEAN, LOG_VAR), (log_q - log_p).mean(dim=0), rtol=0, atol=0.02
    )


def test_kl_closed_form_equals_torch_distributions():
    expected = torch_kl(Normal(MEAN, torch.exp(LOG_VAR / 2)), Normal(0.0, 1.0))
    torch.testing.assert_close(kl_divergence(MEAN, LOG_VAR), expected)


def test_kl_is_zero_at_the_prior_and_only_there():
    assert kl_divergence(torch.zeros(2, 3), torch.zeros(2, 3)).abs().max() == 0
    assert bool((kl_divergence(MEAN, LOG_VAR)[MEAN != 0] > 0).all())


def test_samples_have_the_posterior_s_moments():
    posterior = Posterior(MEAN.expand(100_000, 2, 3), LOG_VAR.expand(100_000, 2, 3))
    codes = posterior.sample(torch.Generator().manual_seed(1))
    torch.testing.assert_close(codes.mean(dim=0), MEAN, rtol=0, atol=0.03)
    torch.testing.assert_close(codes.var(dim=0), LOG_VAR.exp(), rtol=0.03, atol=0)


def test_a_point_is_its_own_sample():
    assert torch.equal(Posterior(MEAN).sample(), MEAN)


def test_free_bits_charge_the_floor_and_give_no_gradient_below_it():
    mean = torch.tensor([[0.1, 3.0]], requires_grad=True)  # KL 0.005 and 4.5 nats
    charged = charged_kl(kl_divergence(mean, torch.zeros(1, 2)), free_bits=0.5)
    charged.backward()
    torch.testing.assert_close(charged.item(), 0.5 + 4.5)
    assert mean.grad.tolist() == [[0.0, 3.0]]


def test_without_free_bits_the_charge_is_the_kl_of_an_item():
    divergence = kl_divergence(MEAN, LOG_VAR)
    torch.testing.assert_close(charged_kl(divergence, 0.0), divergence.sum(dim=1).mean())


def test_absurd_features_give_a_finite_kl():
    bottleneck = VariationalBottleneck(ModelConfig(latent_dim=2), n_features=4)
    posterior = bottleneck(torch.full((1, 4), 1e4))
    assert bool(kl_divergence(posterior.mean, posterior.log_var).isfinite().all())


def test_no_unit_of_a_fresh_relu_code_is_dead():
    """On pictures of digits, which are mostly black: every unit is active for some item."""
    config = ModelConfig(widths=(128,), latent_dim=32, code_activation="relu")
    model = build_autoencoder(config, Picture(size=(1, 8, 8)), seed=0)
    codes = model.encode(torch.from_numpy(load_digits().images[:, None] / 16).float())
    assert bool((codes > 0).any(dim=0).all())
