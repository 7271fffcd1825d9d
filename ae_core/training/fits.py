"""How each kind of codec is fitted in a run: one function and one entry in `FITS` a kind."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_core.codecs.cards import held_out_scores
from ae_core.codecs.checkpoints import HISTORY, load_codec, read_checkpoint
from ae_core.codecs.verdict import Kept, kept_epoch, read_verdict
from ae_core.data.store import DataSet
from ae_core.locations import write_atomically
from ae_core.processes.progress import CancelledError, Estimate
from ae_core.training import watch
from ae_core.training.reporter import Reporter
from ae_core.training.runs import RunRequest
from ae_core.training.status import RESUME

if TYPE_CHECKING:
    from ae_core.codecs.codec import Codec
    from ae_core.training.loop import Moment, Training

History = list[dict[str, Any]]

_BATCH = 512
# What is shown of an epoch is written this often at most, and takes this share of the time.
FRAME_EVERY_S, FRAME_SHARE = 0.5, 0.1


@dataclass(frozen=True)
class Fitted:
    """What a fit has made.

    Attributes:
        codec: On the CPU.
        history: One entry an epoch.
        kept: Which epoch's weights the codec has.
        is_part: Whether somebody stopped it before its end and wants the model so far.
    """

    codec: "Codec"
    history: History
    kept: Kept
    is_part: bool = False


def fit_autoencoder(
    folder: Path, request: RunRequest, data_set: DataSet, reporter: Reporter
) -> Fitted:
    """Train, saving, reporting and showing on the way."""
    reporter.write(phase="loading torch")
    from ae_core.training.state import save_state

    training = begin_training(folder, request, data_set)
    reporter.update(
        epoch=len(training.history),
        n_epochs=training.n_epochs,
        seconds=training.position.seconds,
    )
    watched = WatchedItems(folder, data_set, training)
    estimate = Estimate()
    saved_at = time.monotonic()
    for moment in training.steps():
        reporter.update(**changes_of(training, moment, estimate))
        if moment.epoch_ended:
            watched.show(training.history)
        cancelled = reporter.cancelled.is_set()
        if cancelled or time.monotonic() - saved_at > request.training.save_interval_s:
            save_state(folder / RESUME, training)
            saved_at = time.monotonic()
        if cancelled and not (reporter.keeps_model and training.keep_so_far()):
            raise CancelledError
        if cancelled:
            reporter.go_on()
            break
    if not training.is_part:  # that was saved, with the weights it had then
        save_state(folder / RESUME, training)  # what follows may be interrupted too
    watched.show_end(training.history, training.kept.epoch)
    return Fitted(
        training.model.to("cpu").eval(), training.history, training.kept, training.is_part
    )


def begin_training(folder: Path, request: RunRequest, data_set: DataSet) -> "Training":
    """A new training, the one that was saved in the run's folder, or a done one's new stretch."""
    from ae_core.codecs.autoencoder import build_autoencoder
    from ae_core.processes.devices import bound_threads, n_cores
    from ae_core.training.loop import Training
    from ae_core.training.state import load_state

    settings, model_config = request.training, request.model
    assert model_config is not None  # RunRequest's own rule
    bound_threads(settings.n_threads or n_cores())
    model = build_autoencoder(model_config, data_set.about.item, seed=settings.seed)
    training = Training(model, data_set.items, *data_set.split(), settings, request.further)
    if (folder / RESUME).is_file():
        load_state(folder / RESUME, training)
    elif request.further:
        checkpoint = read_checkpoint(folder)
        model.load_state_dict(load_codec(checkpoint).state_dict())
        history = checkpoint.history()
        n_kept = kept_epoch(read_verdict(folder), settings.patience, history)
        training.begin_further(history[:n_kept])
        watch.drop_frames_after(folder, n_kept)
    return training


def changes_of(training: "Training", moment: "Moment", estimate: Estimate) -> dict[str, object]:
    """Fields of `status.json` after a step."""
    now, progress = time.monotonic(), min(moment.progress, 1.0)
    estimate.observe(progress, now)
    return {
        "phase": moment.phase,
        "progress": progress,
        "epoch": len(training.history),
        "seconds": training.position.seconds,
        "seconds_left": estimate.seconds_left(now),
    }


def as_lines(history: History) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in history)


class WatchedItems:
    """The same held-out items, decoded and encoded anew after an epoch: `watch/`."""

    def __init__(self, folder: Path, data_set: DataSet, training: "Training") -> None:
        self.folder, self.training = folder, training
        _, held_out = data_set.split()
        rows = watch.watched_rows(held_out, training.model.latent_dim)
        self.item = data_set.about.item
        self.items = np.ascontiguousarray(data_set.items[rows])
        self._next_s = 0.0
        watch.begin(folder, self.item.drawn(self.items[: watch.N_PICTURES]), rows)

    def show(self, history: History) -> None:
        """Write the history and a frame of its newest epoch; of short epochs, not of each."""
        began = time.monotonic()
        if began < self._next_s:
            return
        write_atomically(self.folder / HISTORY, as_lines(history), make_folder=False)
        self.add_frame(len(history))
        now = time.monotonic()
        self._next_s = now + max(FRAME_EVERY_S, (now - began) / FRAME_SHARE)

    def show_end(self, history: History, n_epochs: int) -> None:
        """Write the whole history, and a frame of the weights that are kept, of some epoch."""
        write_atomically(self.folder / HISTORY, as_lines(history), make_folder=False)
        self.add_frame(n_epochs)

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
) -> Fitted:
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
    history: History = [{"epoch": 1, "seconds": seconds, "train": {}, "held_out": scores}]
    return Fitted(codec, history, Kept(1))


@dataclass(frozen=True)
class Fit:
    """How one kind of codec is fitted.

    Attributes:
        fit: Fits it in the process of a run, (folder, request, data_set, reporter).
        is_trained: In epochs, by the request's `training` settings, so that its checkpoint holds
            them and its card compares it with PCA; else it is fitted at one go.
    """

    fit: Callable[[Path, RunRequest, DataSet, Reporter], Fitted]
    is_trained: bool

    def n_epochs(self, request: RunRequest) -> int:
        """Epochs that the run's progress counts."""
        return request.training.epochs if self.is_trained else 1


FITS: dict[str, Fit] = {
    "autoencoder": Fit(fit_autoencoder, is_trained=True),
    "pca": Fit(fit_pca_codec, is_trained=False),
}
