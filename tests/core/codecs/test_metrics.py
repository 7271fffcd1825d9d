"""Metrics against independent oracles."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.neighbors import NearestNeighbors

from ae_core.codecs import metrics
from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.config import ModelConfig
from ae_core.data.items import Picture
from ae_core.errors import DataError

GENERATOR = torch.Generator().manual_seed(0)
PICTURES = torch.rand(5, 1, 4, 3, generator=GENERATOR)
ORIGINALS = (torch.rand(5, 1, 4, 3, generator=GENERATOR) > 0.5).float()


def test_mse_and_bce_equal_scikit_learn_s():
    flat, truth = PICTURES.flatten().numpy(), ORIGINALS.flatten().numpy()
    assert metrics.mean_squared_error(PICTURES, ORIGINALS) == pytest.approx(
        mean_squared_error(truth, flat), rel=1e-5
    )
    assert metrics.binary_cross_entropy(PICTURES, ORIGINALS) == pytest.approx(
        log_loss(truth, flat.astype(np.float64)), rel=1e-5
    )


def test_psnr_rises_by_six_decibels_when_the_error_is_halved():
    half = ORIGINALS + (PICTURES - ORIGINALS) / 2
    gain = metrics.psnr(half, ORIGINALS) - metrics.psnr(PICTURES, ORIGINALS)
    assert gain == pytest.approx(20 * math.log10(2), abs=1e-4)
    assert metrics.psnr(ORIGINALS, ORIGINALS) == math.inf


def test_knn_accuracy_equals_counting_votes_by_hand():
    rng = np.random.default_rng(0)
    codes, labels = rng.normal(size=(60, 3)), rng.integers(0, 3, 60)
    queries, truth = rng.normal(size=(25, 3)), rng.integers(0, 3, 25)
    _, places = NearestNeighbors(n_neighbors=5).fit(codes).kneighbors(queries)
    votes = np.array([np.bincount(labels[row], minlength=3).argmax() for row in places])
    accuracy = metrics.knn_accuracy(codes, labels, queries, truth, n_neighbours=5)
    assert accuracy == pytest.approx((votes == truth).mean())


def test_knn_refuses_more_neighbours_than_codes():
    with pytest.raises(DataError, match="`n_neighbours` must be 1 to 4"):
        metrics.knn_accuracy(np.zeros((4, 2)), np.zeros(4), np.zeros((1, 2)), np.zeros(1))


def test_active_units_are_those_that_vary():
    codes = np.random.default_rng(0).normal(size=(1000, 4)) * [1.0, 0.2, 0.05, 0.0]
    assert metrics.n_active_units(codes) == 2


def test_zero_share_and_mean_activity():
    codes = np.array([[0.0, -2.0], [0.0, 4.0]])
    assert metrics.zero_share(codes) == 0.5
    assert metrics.mean_activity(codes) == 1.5


def test_jacobian_norm_equals_the_full_jacobian():
    model = build_autoencoder(
        ModelConfig(architecture="convolutional", widths=(3,), latent_dim=4, activation="silu"),
        Picture(size=(1, 6, 6)),
        seed=1,
    )
    items = torch.rand(3, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    expected = [
        torch.autograd.functional.jacobian(model.encode, item[None]).norm() for item in items
    ]
    torch.testing.assert_close(metrics.jacobian_norm(model, items), torch.stack(expected))
