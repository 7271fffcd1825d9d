"""How long a training takes, told beforehand: the sum, its key, and a real training beside it."""

import os
import time

import pytest

from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.catalogue import load_data_set
from ae_core.errors import ConfigError
from ae_core.locations import cache_dir
from ae_core.processes.progress import silent
from ae_core.training import pace
from ae_core.training.loop import Training
from ae_core.training.pace import Pace, cached_pace, time_training, what_decides_it
from ae_core.training.runs import RunRequest

PACE = Pace(start_s=3.0, step_s=0.02, held_out_item_s=0.001, frame_s=0.05, pca_item_s=0.002)


def request_of(model=None, **training):
    values = {"n_threads": 1, **training}
    return RunRequest(
        name="timed", data="digits", model=model or ModelConfig(widths=(24,), latent_dim=6),
        training=TrainingConfig(**values),
    )  # fmt: skip


def test_the_parts_are_added_up():
    training = TrainingConfig(epochs=10, batch_size=30)
    seconds = PACE.seconds_for(training, n_fitted=900, n_held_out=100)
    steps, measuring, pca = 300 * 0.02, 10 * 100 * 0.001, 900 * 0.002
    frames = 10 * 0.05  # an epoch takes 0.7 s: each is shown
    assert seconds == pytest.approx(3.0 + steps + measuring + frames + pca + 3 * 100 * 0.001)


def test_short_epochs_are_not_all_shown():
    training = TrainingConfig(epochs=1000, batch_size=900)
    seconds = PACE.seconds_for(training, n_fitted=900, n_held_out=1)
    core = 1000 * (0.02 + 0.001)
    assert seconds == pytest.approx(3.0 + core * 1.1 + 1.8, rel=0.01)


def test_twice_the_epochs_take_twice_the_time_beyond_the_start():
    few, many = TrainingConfig(epochs=100), TrainingConfig(epochs=200)
    sizes = {"n_fitted": 5000, "n_held_out": 500}
    fixed = PACE.start_s + 5000 * PACE.pca_item_s + 3 * 500 * PACE.held_out_item_s
    first, second = (PACE.seconds_for(one, **sizes) - fixed for one in (few, many))
    assert second == pytest.approx(2 * first)
    capped = PACE.seconds_for(TrainingConfig(epochs=100, max_items=500), **sizes)
    assert capped - fixed < first


def test_only_what_decides_the_pace_is_timed_anew():
    first = what_decides_it(request_of())
    assert what_decides_it(request_of(epochs=77, patience=3, learning_rate=0.1, seed=4)) == first
    assert what_decides_it(request_of(batch_size=8)) != first
    assert what_decides_it(request_of(n_threads=2)) != first
    assert what_decides_it(request_of(ModelConfig(widths=(25,), latent_dim=6))) != first


def test_a_trial_tells_a_pace_that_is_valid_for_an_hour():
    request = request_of(batch_size=64)
    assert cached_pace(request) is None
    time_training(silent, request=what_decides_it(request))
    found = cached_pace(request)
    assert found is not None and found.start_s > 0 and found.frame_s > 0
    [path] = (cache_dir() / "paces").iterdir()
    old = time.time() - 2 * 3600
    os.utime(path, (old, old))
    assert cached_pace(request) is None
    path.write_text("{")
    assert cached_pace(request) is None


def test_a_step_is_timed_without_what_comes_between_epochs(monkeypatch):
    """An epoch of one step, whose end takes a hundred times as long."""
    settings = TrainingConfig(batch_size=64, n_threads=1, epochs=10_000, max_items=64)
    digits = load_data_set("digits")
    training = pace.begin_trial(
        Training, request_of().model.model_dump(mode="json"), settings, digits
    )
    now = [0.0]
    monkeypatch.setattr(pace.time, "perf_counter", lambda: now[0])
    step, evaluate = training._step, training.evaluate

    def slow_step(items):
        now[0] += 0.5
        step(items)

    def slow_end():
        now[0] += 50.0
        return evaluate()

    monkeypatch.setattr(training, "_step", slow_step)
    monkeypatch.setattr(training, "evaluate", slow_end)
    assert pace.time_steps(training) == pytest.approx(0.5)


def test_settings_that_do_not_fit_the_items_are_refused_in_words():
    request = request_of(ModelConfig(architecture="convolutional", widths=(8, 8, 8, 8)))
    with pytest.raises(ConfigError, match="at most 3"):
        time_training(silent, request=what_decides_it(request))
