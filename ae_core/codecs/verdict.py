"""Whether a trained model is worth having: beside PCA, and beside the mean item.

    verdict = measure(codec, config, data_set, history, kept)   # by a run when it has trained
    verdict.sentence, verdict.remedy                             # for a person

It lies in the checkpoint's folder as `verdict.json`, so that the run, the card, the command line
and the page all tell the same. Nothing here imports torch before something is measured.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.partner import pca_partner
from ae_core.config import Settings
from ae_core.data.store import DataSet
from ae_core.errors import UnreadableFileError
from ae_core.locations import write_atomically
from ae_core.reading import read_settings

if TYPE_CHECKING:
    from ae_core.codecs.checkpoints import Checkpoint
    from ae_core.codecs.codec import Codec
    from ae_core.codecs.pca import PcaCodec

VERDICT = "verdict.json"

Finding = Literal["better", "level", "worse than PCA", "worse than the mean", "collapsed"]

_HEADLINES: dict[Finding, str] = {
    "better": "Better than PCA",
    "level": "As good as PCA",
    "worse than PCA": "Worse than PCA",
    "worse than the mean": "No better than the mean item",
    "collapsed": "The codes have collapsed",
}
# A plain code's numbers have any scale: one is out of use when it hardly moves at all.
_STANDS_STILL = 1e-6
# Of a difference of two errors, in its standard errors: within them it may be chance.
_BY_CHANCE = 2.0


@dataclass(frozen=True)
class Kept:
    """Which weights a run has kept.

    Attributes:
        epoch: Epochs done when the weights were so.
        has_diverged: Whether the loss exploded after it.
    """

    epoch: int
    has_diverged: bool = False


class Verdict(Settings, allow_inf_nan=False):
    """Held-out errors, each a mean squared error a number of an item, and what they say."""

    n_items: int = Field(ge=1, description="Held-out items measured.")
    model_mse: float = Field(ge=0, description="The model's error.")
    pca_mse: float = Field(ge=0, description="PCA's, fitted on the same training items.")
    n_axes: int = Field(ge=0, description="PCA's axes: the code size, or as many as there are.")
    mean_mse: float = Field(ge=0, description="Of the training items' mean in place of each item.")
    difference_se: float = Field(
        ge=0, description="Standard error of the model's error less PCA's, item by item."
    )
    latent_dim: int = Field(ge=1, description="Code size.")
    n_active: int = Field(ge=0, description="Numbers of a code that differ between items.")
    epoch: int = Field(ge=0, description="Epochs done when the weights were so.")
    has_diverged: bool = Field(False, description="Whether the loss exploded after that epoch.")
    remedy: str = Field("", max_length=500, description="What a person can do about it.")

    @property
    def finding(self) -> Finding:
        """The worst that is true."""
        if self.n_active == 0:
            return "collapsed"
        if self.model_mse >= self.mean_mse:
            return "worse than the mean"
        if abs(self.model_mse - self.pca_mse) < _BY_CHANCE * self.difference_se:
            return "level"
        return "better" if self.model_mse < self.pca_mse else "worse than PCA"

    @property
    def is_good(self) -> bool:
        """Whether nothing has failed."""
        return self.finding in ("better", "level") and not self.has_diverged

    @property
    def headline(self) -> str:
        """The same in a few words."""
        if self.has_diverged:
            return "The loss exploded"
        return _HEADLINES[self.finding]

    @property
    def sentence(self) -> str:
        """How the model stands to PCA and to the mean item, in words."""
        parts = []
        if self.has_diverged:
            parts.append(
                f"The loss exploded after epoch {self.epoch}; the weights kept are that epoch's."
            )
        if self.finding == "collapsed":
            parts.append(
                f"The codes have collapsed: all {self.latent_dim} numbers are nearly the same for "
                "every item, so all items are decoded alike."
            )
        parts.append(self._comparison())
        if 0 < self.n_active < self.latent_dim:
            parts.append(f"{self.n_active} of {self.latent_dim} numbers of a code are in use.")
        return " ".join(parts)

    def _comparison(self) -> str:
        """The three errors in one sentence."""
        axes = f"PCA with {self.n_axes} number{'' if self.n_axes == 1 else 's'} a code"
        beside_pca = f"{_apart(self.model_mse, self.pca_mse)} that of {axes} ({self.pca_mse:.3g})"
        if self.finding == "level":
            beside_pca = f"level with {axes} ({self.pca_mse:.3g})"
        beside_mean = f"{_apart(self.model_mse, self.mean_mse)} that of the mean item"
        return (
            f"Held-out error {self.model_mse:.3g}: {beside_pca}, {beside_mean} "
            f"({self.mean_mse:.3g})."
        )


def _apart(value: float, other: float) -> str:
    """How far a value is from another, as in "12 % below" or "3.4 times"."""
    if other == 0:
        return "equal to" if value == 0 else "above"
    if value >= 2 * other:
        return f"{value / other:,.3g} times"
    percent = round(100 * abs(value / other - 1))
    if percent == 0:
        return "as good as equal to"
    return f"{percent} % {'below' if value < other else 'above'}"


def read_verdict(folder: Path) -> Verdict | None:
    """What was found of the checkpoint in a folder; nothing where nothing was, or it is broken."""
    try:
        return read_settings(folder / VERDICT, Verdict)
    except UnreadableFileError:
        return None


def measure_and_write(
    checkpoint: "Checkpoint",
    data_set: DataSet,
    history: Sequence[Mapping[str, Any]],
    kept: Kept,
) -> Verdict:
    """Measure a checkpoint that a run has just saved, and write `verdict.json` beside it.

    Raises:
        DataError: There are too few items to fit PCA on.
    """
    from ae_core.codecs.checkpoints import load_codec

    verdict = measure(load_codec(checkpoint), checkpoint, data_set, kept)
    verdict = verdict.model_copy(update={"remedy": remedy_for(verdict, checkpoint.config, history)})
    content = verdict.model_dump_json(indent=2)
    write_atomically(checkpoint.folder / VERDICT, content, make_folder=False)
    return verdict


def measure(codec: "Codec", checkpoint: "Checkpoint", data_set: DataSet, kept: Kept) -> Verdict:
    """Errors on all held-out items of the model, of PCA and of the mean item; dimensions in use.

    Raises:
        DataError: There are too few items to fit PCA on.
    """
    from ae_core.codecs.comparison import errors

    _, held_out = data_set.split()
    pca = _pca_beside(checkpoint, data_set)
    model = errors(codec, data_set, held_out).of_items
    linear = errors(pca, data_set, held_out).of_items
    differences = model - linear
    return Verdict(
        n_items=len(held_out),
        model_mse=float(model.mean()),
        pca_mse=float(linear.mean()),
        n_axes=pca.latent_dim,
        mean_mse=_error_of_mean(pca, data_set, held_out),
        difference_se=float(differences.std() / np.sqrt(len(differences))),
        latent_dim=codec.latent_dim,
        n_active=_n_active(codec, checkpoint.config, data_set, held_out),
        epoch=kept.epoch,
        has_diverged=kept.has_diverged,
    )


def _pca_beside(checkpoint: "Checkpoint", data_set: DataSet) -> "PcaCodec":
    """PCA of the items that the model was fitted on: the partner, unless these were fewer."""
    from ae_core.codecs.checkpoints import load_codec
    from ae_core.codecs.pca import PcaCodec, fit_pca

    config = checkpoint.config
    train, _ = data_set.split()
    n_fitted = (config.training.max_items if config.training else 0) or len(train)
    if n_fitted < len(train):
        n_axes = min(config.latent_dim, config.item.n_numbers, n_fitted - 1)
        return fit_pca(data_set, train[:n_fitted], n_axes)
    partner = load_codec(pca_partner(checkpoint))
    assert isinstance(partner, PcaCodec)
    return partner


def _error_of_mean(pca: "PcaCodec", data_set: DataSet, rows: np.ndarray) -> float:
    """Mean squared error a number when every item is told as the mean of the fitted ones."""
    from ae_core.codecs.codes import float_batches

    total = sum(
        float((floats.flatten(1) - pca.mean).square().mean(1).sum())
        for _, floats in float_batches(data_set, rows)
    )
    return total / len(rows)


def _n_active(codec: "Codec", config: CheckpointConfig, data_set: DataSet, rows: np.ndarray) -> int:
    """Numbers of a code in use: by Burda et al. where codes have a unit prior."""
    import torch

    from ae_core.codecs.codes import float_batches
    from ae_core.codecs.metrics import ACTIVE_VARIANCE, n_active_units

    with torch.inference_mode():
        codes = [codec.encode(floats).numpy() for _, floats in float_batches(data_set, rows)]
    has_prior = config.kind.has_normal_prior(config)
    least = ACTIVE_VARIANCE if has_prior else _STANDS_STILL
    return n_active_units(np.concatenate(codes), least_variance=least)


def remedy_for(
    verdict: Verdict, config: CheckpointConfig, history: Sequence[Mapping[str, Any]]
) -> str:
    """What a person can do about a verdict; empty where nothing is wrong."""
    model, training = config.model, config.training
    if verdict.is_good or model is None or training is None:
        return ""
    lower_rate = (
        f"Lower the learning rate (`learning_rate` was {training.learning_rate:g}): "
        f"try {training.learning_rate / 5:.1g}."
    )
    if verdict.has_diverged:
        return lower_rate
    if verdict.finding in ("collapsed", "worse than the mean"):
        if model.bottleneck == "variational" and model.beta > 0:
            return f"Lower `beta` (it was {model.beta:g}), or raise `warm_up_epochs`."
        if model.penalty != "none":
            return f"Lower `penalty_weight` (it was {model.penalty_weight:g}). {lower_rate}"
        return f"Train it further. {_unless_improving(history, lower_rate)}".strip()
    if is_improving(history):
        return "It was still improving at the end: train it further."
    if _learns_by_heart(history):
        return (
            "It is much better on the items it was fitted on: add items, or take a smaller code "
            "or narrower `widths`."
        )
    if model.bottleneck == "variational" and model.beta > 0:
        return f"Lower `beta` (it was {model.beta:g}), which pays for regular codes with error."
    if model.corruption != "none":
        return (
            "Lower `corruption_range`: it was trained on damaged items, and is measured on whole."
        )
    if model.penalty != "none":
        return f"Lower `penalty_weight` (it was {model.penalty_weight:g})."
    return "Raise `widths` or take more epochs; or take PCA, which does better here."


def _unless_improving(history: Sequence[Mapping[str, Any]], words: str) -> str:
    return "" if is_improving(history) else words


def is_improving(history: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the held-out objective still fell by a hundredth in the last fifth of the epochs."""
    losses = [entry["held_out"]["objective"] for entry in history]
    before = losses[: -max(1, len(losses) // 5)]
    if not before:
        return True
    return min(losses) < min(before) - 0.01 * abs(min(before))


def _learns_by_heart(history: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the reconstruction loss of the training items is far below the held-out items'."""
    last = history[-1]
    fitted, held_out = (last[part].get("reconstruction") for part in ("train", "held_out"))
    return fitted is not None and 0 < fitted < 0.7 * held_out


def has_diverged(history: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the loss exploded, though it stayed a number.

    The held-out objective has risen further above its best than it had come down to it from the
    first epoch, and by a tenth at least; and the training objective has risen with it: where only
    the held-out one rises, the model learns by heart.
    """
    if not history or "objective" not in history[-1]["train"]:
        return False
    held_out = [entry["held_out"]["objective"] for entry in history]
    train = [entry["train"]["objective"] for entry in history]
    best = int(np.argmin(held_out))
    gained, lost = held_out[0] - held_out[best], held_out[-1] - held_out[best]
    rose_in_training = train[-1] - train[best] > 0.1 * abs(train[best])
    return lost > gained + 0.1 * abs(held_out[best]) and rose_in_training


def kept_epoch(verdict: Verdict | None, patience: int, history: Sequence[Mapping[str, Any]]) -> int:
    """Epochs done when a finished run's weights were as they are.

    Args:
        verdict: Which says it; older runs have none, and kept the best epoch if they had patience.
        patience: Of its training.
        history: One entry an epoch, at least one.
    """
    if verdict is not None and verdict.epoch <= len(history):
        return verdict.epoch
    if not patience:
        return len(history)
    losses = [entry["held_out"].get("objective", math.inf) for entry in history]
    return 1 + losses.index(min(losses))
