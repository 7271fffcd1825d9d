"""Corruptions do what they say, at the level they were given."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from ae_core.data.items import Picture
from ae_core.models.corruptions import CORRUPTIONS, corrupt

GREY = torch.full((400, 3, 24, 20), 0.5)


def damage(kind, level, items=GREY, seed=0):
    item = Picture.of(items.numpy())
    return corrupt(items, kind, (level, level), item, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", sorted(CORRUPTIONS))
def test_level_zero_changes_nothing(kind):
    items = torch.rand(4, 3, 16, 12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(damage(kind, 0.0, items), items, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", sorted(CORRUPTIONS))
def test_output_stays_in_range_the_input_is_untouched_and_the_seed_decides(kind):
    items = torch.rand(8, 3, 16, 12, generator=torch.Generator().manual_seed(0))
    before = items.clone()
    damaged = damage(kind, 0.8, items)
    assert torch.equal(items, before)
    assert damaged.min() >= 0
    assert damaged.max() <= 1
    assert torch.equal(damaged, damage(kind, 0.8, items))
    if kind not in ("none", "blur"):
        assert not torch.equal(damaged, damage(kind, 0.8, items, seed=1))


def test_gaussian_noise_has_the_level_as_standard_deviation():
    noise = damage("gaussian", 0.1) - GREY
    assert abs(noise.mean().item()) < 1e-3
    assert noise.std().item() == pytest.approx(0.1, rel=0.01)


def test_masking_blackens_the_level_s_share_of_pixels_whole():
    black = damage("masking", 0.3) == 0
    assert black.float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(black.all(dim=1), black.any(dim=1))  # all channels together


def test_salt_and_pepper_share_the_level_equally():
    damaged = damage("salt_and_pepper", 0.4)
    assert (damaged == 0).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert (damaged == 1).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert (damaged == 0.5).float().mean().item() == pytest.approx(0.6, abs=0.01)


def test_blur_equals_scipy_s_gaussian_filter_away_from_the_edge():
    items = torch.rand(2, 1, 40, 36, generator=torch.Generator().manual_seed(0))
    expected = gaussian_filter(items.numpy(), sigma=(0, 0, 1.5, 1.5), truncate=8)
    np.testing.assert_allclose(
        damage("blur", 1.5, items)[..., 12:-12, 12:-12].numpy(),
        expected[..., 12:-12, 12:-12],
        atol=1e-4,
    )


def test_blur_keeps_a_constant_picture_also_at_the_edge():
    torch.testing.assert_close(damage("blur", 2.0), GREY)


def test_a_missing_block_is_one_square_of_the_level_s_side_anywhere():
    holes = damage("missing_block", 0.5)[:, 0] == 0  # (400, 24, 20), side 10
    assert bool((holes.sum(dim=(1, 2)) == 100).all())
    assert bool((holes.any(dim=2).sum(dim=1) == 10).all())
    assert bool((holes.any(dim=1).sum(dim=1) == 10).all())
    assert bool(holes.any(dim=2).any(dim=0).all())  # every row and column is met by some
    assert bool(holes.any(dim=1).any(dim=0).all())


def test_each_item_draws_its_own_level_from_the_range():
    damaged = corrupt(
        GREY, "masking", (0.2, 0.6), Picture.of(GREY.numpy()), torch.Generator().manual_seed(0)
    )
    shares = (damaged == 0).float().mean(dim=(1, 2, 3))
    assert shares.mean().item() == pytest.approx(0.4, abs=0.02)
    assert shares.min().item() < 0.25
    assert shares.max().item() > 0.55
