"""How a training ends: early, exploded, stopped by hand; and how it goes on after its end."""

import math

import numpy as np
import pytest

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.verdict import has_diverged, kept_epoch
from ae_core.config import TrainingConfig
from ae_core.data.items import Picture
from ae_core.training.loop import Training
from ae_core.training.optimisers import SCHEDULES
from ae_core.training.state import restore_state, state_of
from tests.core.training.test_loop import (
    CONVOLUTIONAL,
    ITEMS,
    VAE,
    assert_same_weights,
    make_training,
    run,
    weights_of,
)


def test_early_stopping_keeps_the_best_epoch_s_weights():
    training = run(make_training(n_train=20, epochs=300, patience=3, learning_rate=0.02))
    losses = [entry["held_out"]["objective"] for entry in training.history]
    assert len(losses) < 300
    assert len(losses) == 1 + losses.index(min(losses)) + 3
    assert training.evaluate()["objective"] == pytest.approx(min(losses), rel=1e-6)
    kept = training.history[training.kept.epoch - 1]
    assert kept["held_out"] == pytest.approx(training.evaluate(), rel=1e-6)
    assert kept["epoch"] == len(losses) - 3 == kept_epoch(None, 3, training.history)
    assert kept_epoch(None, 0, training.history) == len(losses)


def test_a_resumed_run_stops_early_where_the_whole_one_does():
    settings = {"n_train": 20, "epochs": 300, "patience": 3, "learning_rate": 0.02}
    whole = run(make_training(**settings))
    first = make_training(**settings)
    for moment in first.steps():
        if moment.epoch_ended and moment.epoch == len(whole.history) - 2:
            break
    second = make_training(**settings)
    restore_state(second, *state_of(first))
    assert_same_weights(weights_of(whole), weights_of(run(second)))


def rate_times(factor, from_share):
    """A schedule of a learning rate that is wrong from some share of the run on."""
    return lambda progress: 1.0 if progress < from_share else factor


@pytest.mark.parametrize("factor", [3000.0, 1e30], ids=["finite", "no number"])
def test_a_loss_that_explodes_late_leaves_the_best_epoch_s_weights(monkeypatch, factor):
    monkeypatch.setitem(SCHEDULES, "constant", rate_times(factor, from_share=0.5))
    training = run(make_training(CONVOLUTIONAL, epochs=6, learning_rate=3e-3))
    losses = [entry["held_out"]["objective"] for entry in training.history]
    assert all(map(math.isfinite, losses))
    assert training.kept.has_diverged
    assert training.kept.epoch == 1 + losses.index(min(losses)) <= 3
    assert training.evaluate()["objective"] == pytest.approx(min(losses), rel=1e-6)


def epochs_of(train, held_out):
    return [
        {"train": {"objective": first}, "held_out": {"objective": second}}
        for first, second in zip(train, held_out, strict=True)
    ]


@pytest.mark.parametrize(
    ("train", "held_out", "expected"),
    [
        ([9, 5, 4, 3], [9, 5, 4, 3], False),
        ([9, 5, 4, 40], [9, 5, 4, 40], True),  # it exploded
        ([9, 5, 4, 40, 4], [9, 5, 4, 40, 4], False),  # and found back
        ([9, 5, 2, 1], [9, 5, 6, 30], False),  # learnt by heart
        ([3, 30], [3, 30], True),
        ([-9, -12, 50], [-8, -11, 60], True),  # a Gaussian's loss has any sign
        ([5, 5.1], [5, 5.2], False),  # noise
        ([1, 2, 3], [9, 5, 4], False),  # beta being warmed up
        ([], [], False),
    ],
)
def test_exploding_is_told_from_learning_by_heart_and_from_noise(train, held_out, expected):
    assert has_diverged(epochs_of(train, held_out)) is expected


def further_training(first, n_epochs, **settings):
    """As a run's process begins it: the same settings, the weights and history of the first."""
    values = {"batch_size": 64, "n_threads": 1, "precision": "32", **settings}
    second = Training(
        build_autoencoder(VAE, Picture(size=(1, 8, 8)), seed=5), ITEMS, np.arange(300),
        np.arange(1000, 1100), TrainingConfig(**values), [n_epochs],
    )  # fmt: skip
    second.model.load_state_dict(first.model.state_dict())
    second.begin_further(first.history[: first.kept.epoch])
    return second


def test_training_further_goes_on_from_the_weights_and_the_history():
    settings = {"epochs": 2, "learning_rate": 1e-3, "schedule": "one_cycle"}
    first = run(make_training(VAE, **settings))
    second = further_training(first, 3, **settings)
    assert second.evaluate() == pytest.approx(first.history[-1]["held_out"], rel=1e-6)
    assert second.n_epochs == 5
    shares = [moment.progress for moment in second.steps()]
    assert shares == sorted(shares) and shares[0] < 0.1 and shares[-1] == 1.0
    assert [entry["epoch"] for entry in second.history] == [1, 2, 3, 4, 5]
    assert second.history[:2] == first.history
    assert second.history[-1]["seconds"] > second.history[1]["seconds"]
    before, after = (training.history[-1]["held_out"]["objective"] for training in (first, second))
    assert after < before


def test_training_further_that_explodes_gives_back_the_weights_it_began_with(monkeypatch):
    first = run(make_training(VAE, epochs=3, learning_rate=3e-3))
    monkeypatch.setitem(SCHEDULES, "constant", rate_times(1e30, from_share=0.0))
    second = further_training(first, 2, learning_rate=3e-3)
    assert_same_weights(weights_of(first), weights_of(run(second)))
    assert second.kept.epoch == 3 and second.kept.has_diverged


def test_training_further_resumes_in_its_middle():
    settings = {"epochs": 2, "learning_rate": 1e-3, "schedule": "one_cycle"}
    first = run(make_training(VAE, **settings))
    whole = run(further_training(first, 2, **settings))
    half = further_training(first, 2, **settings)
    for number, _ in enumerate(half.steps(), 1):
        if number == 7:  # five steps an epoch
            break
    again = further_training(first, 2, **settings)
    restore_state(again, *state_of(half))
    assert_same_weights(weights_of(whole), weights_of(run(again)))


def test_what_is_kept_of_a_training_in_its_middle_is_its_best_epoch():
    training = make_training(epochs=50)
    assert not training.keep_so_far()  # nothing has been measured
    for moment in training.steps():
        if moment.epoch_ended and moment.epoch == 4:
            measured = training.evaluate()
        if moment.epoch == 4 and not moment.epoch_ended:
            break
    assert training.keep_so_far() and training.kept.epoch == 4
    assert training.evaluate() == pytest.approx(measured, rel=1e-6)
