"""Laws of the whole model, of its presets, and of the settings that make it."""

import json
import math
from typing import get_args

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from ae_core import config as settings
from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.metrics import MEASURES
from ae_core.config import ModelConfig, TrainingConfig, validated
from ae_core.data.items import Picture
from ae_core.errors import ConfigError, LatentInputError
from ae_core.models.bottlenecks import BOTTLENECKS, CODE_ACTIVATIONS
from ae_core.models.corruptions import CORRUPTIONS
from ae_core.models.losses import LOSSES
from ae_core.models.networks import ACTIVATIONS, ARCHITECTURES
from ae_core.models.penalties import PENALTIES
from ae_core.models.presets import PRESETS
from ae_core.training.optimisers import OPTIMISERS, SCHEDULES

SHAPE = (1, 6, 5)


def variational(**changes):
    values = {"latent_dim": 1, "widths": (8,), "loss": "bce", "bottleneck": "variational"}
    return build_autoencoder(ModelConfig(**(values | changes)), Picture(size=SHAPE), seed=3)


def items_of(n_items, seed=0):
    return torch.rand(n_items, *SHAPE, generator=torch.Generator().manual_seed(seed))


def test_settings_offer_exactly_what_is_registered():
    for literal, registry in (
        (settings.Architecture, ARCHITECTURES),
        (settings.Activation, ACTIVATIONS),
        (settings.Bottleneck, BOTTLENECKS),
        (settings.CodeActivation, CODE_ACTIVATIONS),
        (settings.Corruption, CORRUPTIONS),
        (settings.Penalty, PENALTIES),
        (settings.Loss, LOSSES),
        (settings.Measure, MEASURES),
        (TrainingConfig.model_fields["optimiser"].annotation, OPTIMISERS),
        (TrainingConfig.model_fields["schedule"].annotation, SCHEDULES),
    ):
        assert set(get_args(literal)) == set(registry)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_overfits_32_items(name):
    """A quarter of the error of the best constant picture, on items it may learn by heart."""
    preset = PRESETS[name]
    # narrower, undamaged, hardly penalised: what is tested is whether gradients reach all parts
    shrunk = preset.model.model_copy(
        update={
            "widths": (32,) * min(len(preset.model.widths), 2),
            "latent_dim": 32,
            "beta": min(preset.model.beta, 0.01),
            "warm_up_epochs": 0.0,
            "free_bits": 0.0,
            "penalty_weight": preset.model.penalty_weight * 0.01,
            "corruption_range": (0.0, 0.0),
        }
    )
    shape = (1, 8, 8)
    model = build_autoencoder(shrunk, Picture(size=shape), seed=0)
    blobs = torch.rand(32, 1, 4, 4, generator=torch.Generator().manual_seed(0)).round()
    items = torch.nn.functional.interpolate(blobs, size=shape[1:])
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    generator = torch.Generator().manual_seed(0)
    for _ in range(250):
        optimiser.zero_grad()
        model(items, generator=generator)["objective"].backward()
        optimiser.step()
    constant = (items - items.mean(dim=0)).square().mean()
    with torch.no_grad():
        assert (model.reconstruct(items) - items).square().mean() < 0.25 * constant


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_round_trips_through_json(name):
    preset = PRESETS[name]
    assert type(preset).model_validate(json.loads(preset.model_dump_json())) == preset


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"widhts": (3,)}, "widhts"),
        ({"architecture": "transformer"}, "architecture"),
        ({"bottleneck": "variational", "code_activation": "relu"}, "code_activation"),
        ({"penalty": "kl_sparsity"}, "code_activation sigmoid"),
        ({"corruption_range": (0.5, 0.1)}, "corruption_range"),
        ({"architecture": "convolutional", "widths": ()}, "widths"),
        ({"latent_dim": 0}, "latent_dim"),
    ],
)
def test_an_unknown_or_contradictory_setting_is_refused_by_name(values, message):
    with pytest.raises(ConfigError, match=message):
        validated(ModelConfig, values)


def test_the_objective_is_the_weighted_sum_of_its_terms():
    model = variational(beta=0.5, penalty="l1", penalty_weight=0.25)
    terms = model(items_of(7), generator=torch.Generator().manual_seed(0))
    expected = terms["reconstruction"] + 0.5 * terms["kl"] + 0.25 * terms["penalty"]
    torch.testing.assert_close(terms["objective"], expected)


def test_beta_is_reached_linearly_over_the_warm_up():
    model = variational(beta=2.0, warm_up_epochs=4.0)
    weights = []
    for epochs_done in (0.0, 1.0, 3.0, 4.0, 9.0):
        generator = torch.Generator().manual_seed(0)
        terms = model(items_of(7), epochs_done=epochs_done, generator=generator)
        weights.append(((terms["objective"] - terms["reconstruction"]) / terms["kl"]).item())
    assert weights == pytest.approx([0.0, 0.5, 1.5, 2.0, 2.0], abs=1e-3)


def test_encoding_is_deterministic_and_is_the_mean_of_samples():
    model = variational(latent_dim=3)
    posterior = model.posterior(items_of(2))
    generator = torch.Generator().manual_seed(0)
    samples = torch.stack([posterior.sample(generator) for _ in range(20_000)])
    assert torch.equal(model.encode(items_of(2)), model.encode(items_of(2)))
    sigma = posterior.log_var.exp().sqrt()
    difference = (samples.mean(dim=0) - model.encode(items_of(2))).abs()
    assert bool((difference < 4 * sigma / 20_000**0.5).all())


def exact_negative_log_likelihood(model, items):
    """-log p(x) of a one-dimensional code by integration over a fine grid."""
    grid = torch.linspace(-8, 8, 4001)[:, None]
    with torch.no_grad():
        logits = model.decoder(grid)  # (4001, C, H, W)
    log_prior = Normal(0.0, 1.0).log_prob(grid[:, 0]) + math.log(16 / 4000)
    log_p = [Bernoulli(logits=logits).log_prob(item).flatten(1).sum(dim=1) for item in items]
    return torch.stack([-torch.logsumexp(each + log_prior, dim=0) for each in log_p])


def test_the_importance_weighted_bound_tightens_to_the_exact_likelihood():
    model = variational()
    items = (items_of(4) > 0.5).float()
    exact = exact_negative_log_likelihood(model, items)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        bounds = {
            n_samples: torch.stack(
                [
                    model.negative_bound(items, n_samples=n_samples, generator=generator)
                    for _ in range(2000 // n_samples)
                ]
            ).mean(dim=0)
            for n_samples in (1, 10, 1000)
        }
    assert bool((bounds[1] > bounds[10]).all())
    assert bool((bounds[10] > bounds[1000] - 0.02).all())
    torch.testing.assert_close(bounds[1000], exact, rtol=0, atol=0.05)


def test_one_sample_of_the_bound_is_the_negative_elbo():
    model = variational(latent_dim=2)
    items = (items_of(3) > 0.5).float()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        draws = [model.negative_bound(items, generator=generator) for _ in range(4000)]
        terms = [model(items, generator=generator)["objective"] for _ in range(4000)]
    assert torch.stack(draws).mean().item() == pytest.approx(
        torch.stack(terms).mean().item(), abs=0.1
    )


def test_samples_of_the_prior_are_decoded_normal_codes():
    model = variational(latent_dim=2)
    generator = torch.Generator().manual_seed(5)
    items = model.sample_prior(3, generator=generator)
    codes = torch.randn(3, 2, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(items, model.decode(codes))


def test_a_plain_model_has_no_prior_and_says_so():
    model = build_autoencoder(ModelConfig(widths=(4,)), Picture(size=SHAPE))
    with pytest.raises(LatentInputError, match="`bottleneck` must be variational"):
        model.sample_prior(1)
    with pytest.raises(LatentInputError, match="`bottleneck` must be variational"):
        model.negative_bound(items_of(1))


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
@pytest.mark.parametrize("code_activation", ["relu", "sigmoid"])
def test_the_decoder_starts_blank_at_the_code_that_units_start_from(architecture, code_activation):
    config = ModelConfig(
        architecture=architecture, widths=(8,), latent_dim=5, code_activation=code_activation
    )
    model = build_autoencoder(config, Picture(size=(1, 8, 8)), seed=1)
    start = model.bottleneck(torch.zeros(1, model.encoder.n_features)).mean
    assert start.min() > 0.4
    torch.testing.assert_close(model.decode(start), torch.full((1, 1, 8, 8), 0.5))
    assert model.decode(start + 1).std() > 0.01
