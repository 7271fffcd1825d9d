"""A network against PCA: PCA against itself, and the curve against doing it the long way."""

import numpy as np
import pytest

from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.codecs.comparison import (
    cached_comparison,
    compare_with_pca,
    errors,
    held_out_sample,
    pca_curve,
)
from ae_core.codecs.partner import pca_partner
from ae_core.codecs.pca import fit_pca
from ae_core.data.catalogue import load_data_set
from tests.core.codecs.test_checkpoints import save_dense
from tests.pictures import as_floats


def test_the_curve_is_what_decoding_with_k_axes_gives() -> None:
    digits = load_data_set("digits")
    fitted, held_out = digits.split()
    codec = fit_pca(digits, fitted, 12)
    curve = pca_curve(codec, digits, held_out)
    flat = as_floats(digits.items[held_out]).flatten(1)
    for k in (1, 5, 12):
        axes = codec.components[:k]
        unclamped = codec.mean + (flat - codec.mean) @ axes.T @ axes
        assert curve[k] == pytest.approx(float((flat - unclamped).square().mean()), rel=1e-4)
    assert (np.diff(curve) <= 0).all()
    assert curve[0] == pytest.approx(float((flat - codec.mean).square().mean()), rel=1e-5)


def test_errors_are_per_item_means_of_squares() -> None:
    save_dense()
    codec = load_codec(find_checkpoint("mine"))
    digits = load_data_set("digits")
    items = digits.items[:130]
    expected = (codec.reconstruct(as_floats(items)) - as_floats(items)).numpy() ** 2
    np.testing.assert_allclose(
        errors(codec, digits, np.arange(130)).of_items, expected.reshape(130, -1).mean(1), rtol=1e-5
    )


def test_an_untrained_network_is_worse_than_pca_and_the_result_is_kept() -> None:
    save_dense()
    checkpoint, digits = find_checkpoint("mine"), load_data_set("digits")
    told: list[float] = []
    made = compare_with_pca(
        checkpoint, digits, on_progress=lambda _, fraction: told.append(fraction)
    )
    assert made.model_mse > made.pca_mse > 0
    assert made.pca_mse == pytest.approx(made.curve[6], rel=0.05)  # clamping helps a little
    assert made.equal_axes is not None and made.equal_axes < 6
    assert cached_comparison(checkpoint, digits) == made
    assert told == sorted(told) and told[0] >= 0 and told[-1] == 1.0


def test_the_sample_is_held_out() -> None:
    digits = load_data_set("digits")
    assert set(held_out_sample(digits, 50)) <= set(digits.split()[1])
    assert len(set(held_out_sample(digits, 50))) == 50


def test_the_partner_on_its_own_training_data_beats_any_other_axes() -> None:
    save_dense()
    digits = load_data_set("digits")
    fitted, _ = digits.split()
    partner = errors(load_codec(pca_partner(find_checkpoint("mine"))), digits, fitted)
    half = fit_pca(digits, fitted[::2], 6)
    assert partner.of_items.mean() <= errors(half, digits, fitted).of_items.mean() + 1e-6
