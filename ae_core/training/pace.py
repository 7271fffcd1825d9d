"""How long a training will take, told before it is started.

A short trial in a process of its own takes some real steps of the real model on the real items, and
keeps what they cost under a key of all that decides it. A training's length is then a sum:

    pace = cached_pace(request)                  # or start the task "time-training" and wait for it
    pace.seconds_for(request.training, n_fitted=1350, n_held_out=150)
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from pydantic import Field

from ae_core.config import Settings, TrainingConfig, validated
from ae_core.data.catalogue import is_ready, load_data_set, preview_data_set
from ae_core.errors import UnreadableFileError
from ae_core.locations import cache_dir, write_atomically
from ae_core.processes.devices import n_cores
from ae_core.processes.progress import Progress
from ae_core.reading import parse_json, read_settings
from ae_core.training.runs import RunRequest

if TYPE_CHECKING:
    from ae_core.data.store import DataSet
    from ae_core.training.loop import Training

# Steps are timed for so long, but at least so many, after some that are not.
TIMED_S, LEAST_STEPS, NOT_TIMED = 2.5, 6, 8
_MOST_BATCHES, _MOST_HELD_OUT, _MOST_FOR_PCA = 64, 256, 1024
# A machine may be busier an hour later: then it is timed again.
_VALID_S = 3600.0
# What pre-training takes of a whole step: it walks a pair of layers, not all.
_SHARE_OF_PAIR = 0.5


class Pace(Settings, allow_inf_nan=False):
    """What the parts of a training cost on this machine, in seconds."""

    start_s: float = Field(ge=0, description="From the process's start to its first step.")
    step_s: float = Field(gt=0, description="A step of the optimiser.")
    held_out_item_s: float = Field(ge=0, description="Measuring one held-out item.")
    frame_s: float = Field(ge=0, description="Writing what is shown of an epoch.")
    pca_item_s: float = Field(ge=0, description="Fitting PCA in the end, an item.")

    def seconds_for(self, training: TrainingConfig, *, n_fitted: int, n_held_out: int) -> float:
        """Seconds until a training is done, if it does not stop early.

        Args:
            training: The settings.
            n_fitted: Items to fit on.
            n_held_out: Items to measure on.
        """
        from ae_core.training.fits import FRAME_EVERY_S, FRAME_SHARE

        n_fitted = min(n_fitted, training.max_items or n_fitted)
        n_steps = -(-n_fitted // training.batch_size)
        of_epochs = training.epochs * (n_steps * self.step_s + n_held_out * self.held_out_item_s)
        pretraining = training.greedy_pretraining_epochs * n_steps * self.step_s * _SHARE_OF_PAIR
        between_frames_s = max(FRAME_EVERY_S, self.frame_s / FRAME_SHARE)
        n_frames = min(training.epochs, of_epochs / between_frames_s)
        judging = n_fitted * self.pca_item_s + 3 * n_held_out * self.held_out_item_s
        return self.start_s + pretraining + of_epochs + n_frames * self.frame_s + judging


def what_decides_it(request: RunRequest) -> str:
    """What decides a request's pace, as JSON: the argument of the task "time-training"."""
    training = request.training
    kept = ("batch_size", "optimiser", "precision", "n_threads", "weight_decay")
    values = {
        "data": request.data,
        "data_fingerprint": request.data_fingerprint,
        "model": request.model.model_dump(mode="json") if request.model else None,
        "training": {name: getattr(training, name) for name in kept},
    }
    return json.dumps(values, sort_keys=True)


def cached_pace(request: RunRequest) -> Pace | None:
    """What was timed before on this machine, lately; else nothing."""
    path = _path(what_decides_it(request))
    try:
        if abs(time.time() - path.stat().st_mtime) > _VALID_S:
            return None
        return read_settings(path, Pace)
    except (OSError, UnreadableFileError):
        return None


def _path(request: str) -> Path:
    import platform

    parts = f"{request}/{n_cores()}/{platform.node()}"
    key = hashlib.blake2b(parts.encode(), digest_size=12).hexdigest()
    return cache_dir() / "paces" / f"{key}.json"


def time_training(on_progress: Progress, *, request: str) -> None:
    """Task "time-training": take some steps, and keep what they cost.

    Raises:
        ConfigError: The settings do not fit the items.
    """
    from ae_core.training.loop import Training

    on_progress("loading", 0.05)
    values = parse_json(request.encode())
    data, training = values["data"], values["training"]
    data_set = load_data_set(data) if is_ready(data) else preview_data_set(data)
    settings = validated(TrainingConfig, {**training, "epochs": 10_000})
    timed = begin_trial(Training, values["model"], settings, data_set)
    for number, _ in enumerate(timed.steps()):
        if number == 0:
            start_s = time.time() - psutil.Process().create_time()
        if number == NOT_TIMED:
            break
    on_progress("timing steps", 0.4)
    step_s = time_steps(timed)
    on_progress("timing what comes after an epoch", 0.8)
    pace = Pace(
        start_s=max(start_s, 0.0),
        step_s=step_s,
        held_out_item_s=_seconds_warm(timed.evaluate) / len(timed.held_out_items),
        frame_s=_time_frame(timed, data_set),
        pca_item_s=_time_pca(timed, data_set),
    )
    write_atomically(_path(request), pace.model_dump_json())


def begin_trial(
    make: "type[Training]", model: object, settings: TrainingConfig, data_set: "DataSet"
) -> "Training":
    """A training of the first items, as `fits.begin_training` begins one of all."""
    from ae_core.codecs.autoencoder import build_autoencoder
    from ae_core.config import ModelConfig
    from ae_core.processes.devices import bound_threads

    bound_threads(settings.n_threads or n_cores())
    config = ModelConfig.model_validate(model)
    train, held_out = data_set.split()
    rows = train[: _MOST_BATCHES * settings.batch_size], held_out[:_MOST_HELD_OUT]
    net = build_autoencoder(config, data_set.about.item, seed=settings.seed)
    return make(net, data_set.items, *rows, settings)


def time_steps(training: "Training") -> float:
    """Mean seconds of a step; what comes between two epochs is left out."""
    seconds = []
    began = before = time.perf_counter()
    for moment in training.steps():
        now = time.perf_counter()
        if not moment.epoch_ended:
            seconds.append(now - before)
        if len(seconds) >= LEAST_STEPS and now - began > TIMED_S:
            break
        before = time.perf_counter()
    return sum(seconds) / len(seconds)


def _time_frame(training: "Training", data_set: "DataSet") -> float:
    from ae_core.training.fits import WatchedItems

    with tempfile.TemporaryDirectory() as folder:
        watched = WatchedItems(Path(folder), data_set, training)
        return _seconds_warm(lambda: watched.add_frame(1))


def _time_pca(training: "Training", data_set: "DataSet") -> float:
    """Seconds an item, of as many as were at hand; a fit's fixed costs count among them."""
    from ae_core.codecs.pca import fit_pca

    rows = training.train_items.indices[:_MOST_FOR_PCA]
    n_axes = min(training.model.latent_dim, len(rows) - 1, data_set.about.item.n_numbers)
    if n_axes < 1:
        return 0.0
    return _seconds(lambda: fit_pca(data_set, rows, n_axes)) / len(rows)


def _seconds_warm(work: Callable[[], object]) -> float:
    """Seconds of the second time: a run does it many times, and the first loads what it needs."""
    work()
    return _seconds(work)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
