"""How each kind of codec is fitted in a run: one function and one entry in `FITS` a kind."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ae_core.codecs.cards import held_out_scores
from ae_core.codecs.checkpoints import HISTORY
from ae_core.data.store import DataSet
from ae_core.locations import write_atomically
from ae_core.processes.progress import CancelledError
from ae_core.training import watch
from ae_core.training.reporter import Reporter
from ae_core.training.runs import RunRequest
from ae_core.training.status import RESUME

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec
    from ae_core.training.loop import Moment, Training

History = list[dict[str, object]]

_BATCH = 512


def fit_autoencoder(
    folder: Path, request: RunRequest, data_set: DataSet, reporter: Reporter
) -> "tuple[Codec, History]":
    """Train, saving, reporting and showing on the way."""
    reporter.write(phase="loading torch")
    from ae_core.training.state import save_state

    training = begin_training(folder, request, data_set)
    reporter.update(epoch=len(training.history), seconds=training.position.seconds)
    watched = WatchedItems(folder, data_set, training)
    start = training.moment().progress, training.position.seconds
    saved_at = time.monotonic()
    for moment in training.steps():
        reporter.update(**changes_of(training, moment, *start))
        if moment.epoch_ended:
            write_atomically(folder / HISTORY, as_lines(training.history), make_folder=False)
            watched.add_frame(len(training.history))
        cancelled = reporter.cancelled.is_set()
        if cancelled or time.monotonic() - saved_at > request.training.save_interval_s:
            save_state(folder / RESUME, training)
            saved_at = time.monotonic()
        if cancelled:
            raise CancelledError
    save_state(folder / RESUME, training)  # what follows may be interrupted too
    return training.model.to("cpu").eval(), training.history


def begin_training(folder: Path, request: RunRequest, data_set: DataSet) -> "Training":
    """A new training, or the one that was saved in the run's folder."""
    from ae_core.codecs.autoencoder import build_autoencoder
    from ae_core.processes.devices import bound_threads, n_cores
    from ae_core.training.loop import Training
    from ae_core.training.state import load_state

    settings, model_config = request.training, request.model
    assert model_config is not None  # RunRequest's own rule
    bound_threads(settings.n_threads or n_cores())
    model = build_autoencoder(model_config, data_set.about.item, seed=settings.seed)
    training = Training(model, data_set.items, *data_set.split(), settings)
    if (folder / RESUME).is_file():
        load_state(folder / RESUME, training)
    return training


def changes_of(
    training: "Training", moment: "Moment", progress_before: float, seconds_before: float
) -> dict[str, object]:
    """Fields of `status.json` after a step; the estimate is from the pace of this process."""
    seconds, progress = training.position.seconds, moment.progress
    gained = progress - progress_before
    left = (seconds - seconds_before) / gained * (1 - progress) if gained > 0 else None
    return {
        "phase": moment.phase,
        "progress": min(progress, 1.0),
        "epoch": len(training.history),
        "seconds": seconds,
        "seconds_left": left,
    }


def as_lines(history: History) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in history)


class WatchedItems:
    """The same held-out items, decoded and encoded anew after every epoch: `watch/`."""

    def __init__(self, folder: Path, data_set: DataSet, training: "Training") -> None:
        self.folder, self.training = folder, training
        _, held_out = data_set.split()
        rows = watch.watched_rows(held_out, training.model.latent_dim)
        self.item = data_set.about.item
        self.items = np.ascontiguousarray(data_set.items[rows])
        watch.begin(folder, self.item.drawn(self.items[: watch.N_PICTURES]), rows)

    def add_frame(self, epoch: int) -> None:
        import torch

        model, device = self.training.model, self.training.device
        with torch.inference_mode():
            parts = [
                model.encode(self.item.floats(self.items[start : start + _BATCH]).to(device))
                for start in range(0, len(self.items), _BATCH)
            ]
            codes = torch.cat(parts).float()  # (n, latent_dim)
            decoded = self.item.stored(model.decode(codes[: watch.N_PICTURES]).float())
            pictures = self.item.drawn(decoded)
        watch.add_frame(self.folder, epoch, pictures, codes.cpu().numpy())


def fit_pca_codec(
    folder: Path, request: RunRequest, data_set: DataSet, reporter: Reporter
) -> "tuple[Codec, History]":
    """Fit PCA; its history is one line."""
    from ae_core.codecs.pca import fit_pca

    started = time.monotonic()

    def on_progress(message: str, fraction: float) -> None:
        reporter.check()
        reporter.update(phase="fitting", progress=fraction)

    train, held_out = data_set.split()
    n_used = request.training.max_items or len(train)
    codec = fit_pca(data_set, train[:n_used], request.latent_dim, on_progress=on_progress)
    seconds = round(time.monotonic() - started, 3)
    scores = held_out_scores(codec, data_set, held_out)
    reporter.update(epoch=1, seconds=seconds)
    return codec, [{"epoch": 1, "seconds": seconds, "train": {}, "held_out": scores}]


@dataclass(frozen=True)
class Fit:
    """How one kind of codec is fitted.

    Attributes:
        fit: Fits it in the process of a run, (folder, request, data_set, reporter), and returns the
            codec on the CPU with its history, one entry an epoch.
        is_trained: In epochs, by the request's `training` settings, so that its checkpoint holds
            them and its card compares it with PCA; else it is fitted at one go.
    """

    fit: "Callable[[Path, RunRequest, DataSet, Reporter], tuple[Codec, History]]"
    is_trained: bool

    def n_epochs(self, request: RunRequest) -> int:
        """Epochs that the run's progress counts."""
        return request.training.epochs if self.is_trained else 1


FITS: dict[str, Fit] = {
    "autoencoder": Fit(fit_autoencoder, is_trained=True),
    "pca": Fit(fit_pca_codec, is_trained=False),
}
