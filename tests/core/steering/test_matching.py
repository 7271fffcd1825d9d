"""Matched pairs on codes whose structure is known."""

import numpy as np
import pytest

from ae_core.errors import LatentInputError
from ae_core.steering.matching import N_PAIRS, fit_matching

N = 600
WAY = np.array([3.0, 0, 0, 0, 0], np.float32)


@pytest.fixture
def world():
    """Two groups that differ by `WAY`; dimensions 1 to 4 are other features, alike in both."""
    random = np.random.default_rng(0)
    codes = random.normal(0, 1, (2 * N, 5)).astype(np.float32)
    codes[:, 0] *= 0.1
    codes[N:] += WAY
    return codes, np.arange(N), np.arange(N, 2 * N)


def test_partners_are_the_nearest_apart_from_the_difference(world):
    codes, first, second = world
    matching = fit_matching(codes, first, second)
    found, partners = matching.pairs(codes[[7]], n_pairs=20, n_near=20)
    unit = codes[second].mean(0) - codes[first].mean(0)
    unit = unit / np.linalg.norm(unit)
    for item, partner in zip(found[0], partners[0], strict=True):
        gaps = codes[second] - codes[item]
        gaps = gaps - np.outer(gaps @ unit, unit)
        assert partner == second[np.linalg.norm(gaps, axis=1).argmin()]


def test_pairs_lie_near_the_start_and_the_best_are_kept(world):
    codes, first, second = world
    matching = fit_matching(codes, first, second)
    few, _ = matching.pairs(codes[[7, 90]], n_pairs=16, n_near=64)
    every, partners = matching.pairs(codes[[7, 90]], n_pairs=64, n_near=64)
    for start, some, candidates in zip((7, 90), few, every, strict=True):
        apart = np.linalg.norm(codes[first, 1:] - codes[start, 1:], axis=1)
        # dimension 0 is nearly the difference
        assert len(set(candidates) & set(apart.argsort()[:64])) >= 60
        assert set(some) <= set(candidates) and start in candidates
    gaps = codes[partners] - codes[every]
    across = gaps - (gaps @ matching.unit)[..., None] * matching.unit
    assert (np.diff(np.linalg.norm(across, axis=2), axis=1) > -1e-5).all()  # best first


def test_their_mean_difference_is_far_less_noisy_than_that_of_random_items(world):
    codes, first, second = world
    matching = fit_matching(codes, first, second)
    rows = np.arange(100)
    found, partners = matching.pairs(codes[rows])
    assert found.shape == partners.shape == (100, N_PAIRS)
    matched = codes[partners].mean(axis=1) - codes[found].mean(axis=1)
    random = np.random.default_rng(1)
    plain = codes[random.choice(second, (100, N_PAIRS))].mean(axis=1)
    plain -= codes[random.choice(first, (100, N_PAIRS))].mean(axis=1)
    assert np.abs(matched - WAY).mean() < np.abs(plain - WAY).mean() / 2
    assert matched[:, 0] == pytest.approx(3, abs=0.15)


def test_small_groups_give_what_there_is_and_equal_ones_do_not_fail(world):
    codes, first, second = world
    found, partners = fit_matching(codes, first[:5], second).pairs(codes[[0]])
    assert found.shape == partners.shape == (1, 5)
    same = np.concatenate([codes[:50], codes[:50]])
    first, second = np.arange(50), np.arange(50, 100)
    found, partners = fit_matching(same, first, second).pairs(same[[3]], n_pairs=1)
    assert partners[0, 0] == found[0, 0] + 50  # its twin


def test_what_cannot_be_matched_is_said(world):
    codes, first, second = world
    with pytest.raises(LatentInputError, match="share 3 items"):
        fit_matching(codes, first, np.append(second, first[:3]))
    with pytest.raises(LatentInputError, match="`second` has no items"):
        fit_matching(codes, first, second[:0])
    with pytest.raises(LatentInputError, match="`n_pairs` must be 1 to"):
        fit_matching(codes, first, second).pairs(codes[[0]], n_pairs=0)
