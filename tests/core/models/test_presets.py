"""How long a preset trains, by the number of items: laws of `Preset.training_for`."""

import math

import pytest

from ae_core.models.presets import LEAST_SHARE, PRESETS


def n_steps(training, n_fitted):
    return training.epochs * math.ceil(n_fitted / training.batch_size)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_among_as_many_items_as_it_was_chosen_for_a_preset_is_itself(name):
    preset = PRESETS[name]
    found = preset.training_for(preset.n_fitted)
    assert found == preset.training.model_copy(update={"patience": found.patience})


@pytest.mark.parametrize("name", sorted(PRESETS))
@pytest.mark.parametrize("n_fitted", [1, 9, 135, 1350, 13_500, 60_000, 1_000_000])
def test_steps_are_chosen_and_not_epochs(name, n_fitted):
    preset = PRESETS[name]
    training = preset.training_for(n_fitted)
    own = n_steps(preset.training, preset.n_fitted)
    # an epoch is the least there is, so that steps come in its multiples
    spare = math.ceil(n_fitted / training.batch_size)
    assert n_steps(training, n_fitted) >= min(LEAST_SHARE * own - spare, 1000)
    assert n_steps(training, n_fitted) <= max(own, 3 * spare) + spare
    assert 8 <= training.batch_size <= max(8, preset.training.batch_size)
    assert training.patience >= 0.3 * training.epochs


def test_150_pictures_are_seen_often_enough_to_be_more_than_a_grey_blob():
    """With the preset's own 8 epochs in batches of 32 they were fitted in 40 steps."""
    training = PRESETS["convolutional"].training_for(135)
    assert n_steps(training, 135) > 500 and training.batch_size == 16


def test_layers_are_pretrained_as_long_as_before_beside_the_whole():
    preset = PRESETS["stacked"]
    training = preset.training_for(1350)
    share = preset.training.greedy_pretraining_epochs / preset.training.epochs
    assert training.greedy_pretraining_epochs == pytest.approx(share * training.epochs, abs=1)
