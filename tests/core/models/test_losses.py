"""Losses are the negative log-likelihoods they claim to be."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from ae_core.data.items import Picture
from ae_core.models.losses import LOSSES, BernoulliLoss, GaussianLoss, SquaredLoss

PICTURE = Picture(size=(3, 4, 5))
GENERATOR = torch.Generator().manual_seed(0)
OUTPUTS = torch.randn(6, 3, 4, 5, generator=GENERATOR)
ITEMS = torch.rand(6, 3, 4, 5, generator=GENERATOR)


def test_bernoulli_equals_torch_distributions_on_black_and_white():
    items = (ITEMS > 0.5).float()
    expected = -Bernoulli(logits=OUTPUTS).log_prob(items).flatten(1).sum(dim=1)
    torch.testing.assert_close(BernoulliLoss(PICTURE)(OUTPUTS, items), expected)


@pytest.mark.parametrize(
    ("loss", "sigma"), [(SquaredLoss(PICTURE), 0.5**0.5), (GaussianLoss(PICTURE), 0.3)]
)
def test_gaussian_ones_equal_torch_distributions_with_their_constant(loss, sigma):
    if isinstance(loss, GaussianLoss):
        torch.nn.init.constant_(loss.log_variance, torch.tensor(sigma).log().item() * 2)
    normal = Normal(torch.sigmoid(OUTPUTS), sigma)
    expected = -normal.log_prob(ITEMS).flatten(1).sum(dim=1)
    torch.testing.assert_close(loss(OUTPUTS, ITEMS) + loss.log_constant * 60, expected)


def test_the_best_learnt_variance_is_the_mean_squared_error():
    loss = GaussianLoss(PICTURE)
    optimiser = torch.optim.Adam(loss.parameters(), lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        loss(OUTPUTS, ITEMS).mean().backward()
        optimiser.step()
    mse = (torch.sigmoid(OUTPUTS) - ITEMS).square().mean()
    torch.testing.assert_close(loss.log_variance.exp(), mse, rtol=1e-3, atol=0)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_the_picture_is_where_the_loss_is_least(name):
    """Moving a pixel's output either way from the one that shows the item costs more."""
    loss = LOSSES[name](PICTURE)
    best = torch.logit(ITEMS.clamp(0.01, 0.99))
    torch.testing.assert_close(loss.items(best), ITEMS.clamp(0.01, 0.99))
    items = loss.items(best)
    for shift in (-0.5, 0.5):
        assert bool((loss(best + shift, items) > loss(best, items)).all())


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_the_mean_is_that_of_the_items(name):
    loss = LOSSES[name](PICTURE)
    torch.testing.assert_close(loss.mean(OUTPUTS, ITEMS), loss(OUTPUTS, ITEMS).mean())
