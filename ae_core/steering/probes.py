"""Read attributes off codes: one linear probe an attribute, with its held-out quality.

All by least squares with a ridge, in closed form: forty attributes take a fraction of a second.
For a yes/no attribute that is Fisher's discriminant (Bishop 2006, sec. 4.1.5), scaled to log-odds
by Platt's method (1999); for a number it is the number itself. One linear score each, so that
reading costs one matrix product and can follow a slider.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from ae_core.data.item_search import NOTHING, is_flag, is_number
from ae_core.errors import LatentInputError
from ae_core.steering.paths import Codes

MAX_VALUES = 12
"""A category with more values is not read value by value."""

MIN_EACH = 5
"""An attribute that fewer items have, or lack, is not read: there is nothing to learn from."""


@dataclass(frozen=True)
class AttributeProbes:
    """Linear probes of several attributes (Alain and Bengio 2016).

    Attributes:
        names: Attribute, or `attribute = value`, shape (n_attributes,).
        is_flag: Whether it is read as a probability, shape (n_attributes,), bool.
        weights: Scores are `codes @ weights.T + offsets`; shape (n_attributes, latent_dim).
        offsets: Shape (n_attributes,).
        sigmas: Standard deviation of the scores over the training items, shape (n_attributes,).
        quality: On held-out items: AUC of a probability (0.5 is chance), R^2 of a number (0 is no
            better than the mean); shape (n_attributes,).
    """

    names: tuple[str, ...]
    is_flag: NDArray[np.bool_]
    weights: NDArray[np.float64]
    offsets: NDArray[np.float64]
    sigmas: NDArray[np.float64]
    quality: NDArray[np.float64]

    def scores(self, codes: Codes) -> NDArray[np.float64]:
        """Log-odds of a flag, the value of a number; (n, latent_dim) -> (n, n_attributes)."""
        return np.asarray(codes, np.float64) @ self.weights.T + self.offsets

    def read(self, codes: Codes) -> NDArray[np.float64]:
        """Probability of a flag, the value of a number; (n, latent_dim) -> (n, n_attributes)."""
        scores = self.scores(codes)
        return np.where(self.is_flag, expit(scores), scores)


def readable_attributes(
    attributes: pd.DataFrame,
) -> Iterator[tuple[str, bool, NDArray[np.float64]]]:
    """Give (name, is it a flag, values with NaN where missing) of all that can be read.

    A category with a value for "not there" (`NOTHING`) is one flag: whether it is there. Any other
    category is one flag a value.
    """
    for column_name in attributes.columns:
        column, name = attributes[column_name], str(column_name)
        if is_number(column):
            yield name, False, column.to_numpy(dtype=np.float64, na_value=np.nan)
        elif is_flag(column):
            yield name, True, column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            missing = column.isna().to_numpy()
            values = column.astype("object").where(~missing, "").map(str)
            options = sorted(set(values[~missing]))
            absent = [option for option in options if option.lower() in NOTHING]
            wanted = [(name, ~values.isin(absent))] if absent else [
                (f"{name} = {option}", values == option) for option in options
            ]  # fmt: skip
            for label, has_it in wanted if len(options) <= MAX_VALUES else ():
                yield label, True, np.where(missing, np.nan, has_it.to_numpy(dtype=float))


def fit_probes(
    codes: Codes,
    attributes: pd.DataFrame,
    train_items: NDArray[np.int64],
    held_out_items: NDArray[np.int64],
    *,
    max_items: int = 4_000,
) -> AttributeProbes:
    """Fit one probe for every attribute that can be read.

    Args:
        codes: Codes of the whole data set, shape (n_items, latent_dim).
        attributes: One row an item.
        train_items: Items to fit on; the first `max_items` of a fixed shuffle.
        held_out_items: Items for `quality`.
        max_items: Bounds the time.

    Raises:
        LatentInputError: No attribute has both enough items with it and without it.
    """
    shuffled = np.random.default_rng(0).permutation(train_items)[:max_items]
    train, held_out = (
        np.asarray(codes[np.sort(shuffled)], float),
        np.asarray(codes[held_out_items], float),
    )
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    rows, picked = [], np.sort(shuffled)
    fit, test = _Fit.on((train - mean) / scale), (held_out - mean) / scale
    for name, flag, values in readable_attributes(attributes):
        row = _fit_one(fit, values[picked], test, values[held_out_items], flag)
        if row is not None:
            rows.append((name, flag, *row))
    if not rows:
        raise LatentInputError(
            f"`attributes` has nothing to read: an attribute needs {MIN_EACH} items with it and "
            f"{MIN_EACH} without it, or numbers that vary."
        )
    names, flags, weights, offsets, sigmas, quality = zip(*rows, strict=True)
    plain = np.stack(weights) / scale
    return AttributeProbes(
        names, np.array(flags), plain, np.array(offsets) - plain @ mean,
        np.array(sigmas), np.array(quality),
    )  # fmt: skip


@dataclass(frozen=True)
class _Fit:
    """Codes to fit on, and their moments: the same for all attributes without missing values."""

    codes: NDArray[np.float64]
    centre: NDArray[np.float64]
    moments: NDArray[np.float64]

    @staticmethod
    def on(codes: NDArray[np.float64]) -> _Fit:
        centred = codes - codes.mean(axis=0)
        ridge = np.eye(codes.shape[1])  # penalty 1
        return _Fit(codes, codes.mean(axis=0), centred.T @ centred + ridge)


def _fit_one(
    train: _Fit,
    wanted: NDArray[np.float64],
    held_out: NDArray[np.float64],
    wanted_held_out: NDArray[np.float64],
    flag: bool,
) -> tuple[NDArray[np.float64], float, float, float] | None:
    """Weights, offset, sigma and held-out quality; None where there is nothing to learn."""
    known, known_held_out = np.isfinite(wanted), np.isfinite(wanted_held_out)
    y = wanted[known]
    if y.size == 0 or (flag and min(int(y.sum()), int((1 - y).sum())) < MIN_EACH):
        return None
    if not flag and (len(y) < 2 * MIN_EACH or y.std() == 0):
        return None
    fit = train if known.all() else _Fit.on(train.codes[known])
    x, target = fit.codes, y.mean()
    weights = np.linalg.solve(fit.moments, (x - fit.centre).T @ (y - target))
    offset = float(target - weights @ fit.centre)
    if flag:
        slope, shift = _calibrated(x @ weights + offset, y)
        weights, offset = slope * weights, slope * offset + shift
    sigma = float((x @ weights).std())
    seen, truth = held_out[known_held_out] @ weights + offset, wanted_held_out[known_held_out]
    quality = auc(seen, truth > 0.5) if flag else _r_squared(seen, truth)
    return weights, offset, max(sigma, 1e-12), quality


def _calibrated(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and shift that turn scores into log-odds (Platt 1999), by Newton's method.

    A small penalty keeps the slope finite where the scores part the labels entirely.
    """
    scale = max(float(scores.std()), 1e-12)
    x = np.stack([scores / scale, np.ones_like(scores)], axis=1)  # (n, 2)
    penalty = np.diag([1e-2, 1e-6])
    line = np.array([1.0, 0.0])
    for _ in range(50):
        chance = expit(x @ line)
        gradient = x.T @ (chance - labels) + penalty @ line
        curvature = (x * (chance * (1 - chance))[:, None]).T @ x + penalty
        step = np.linalg.solve(curvature, gradient)
        line = line - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return float(line[0] / scale), float(line[1])


def auc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Chance that a positive scores higher than a negative (Mann-Whitney); NaN without both."""
    n, m = int(labels.sum()), int((~labels).sum())
    if min(n, m) == 0:
        return float("nan")
    ranks = pd.Series(scores).rank().to_numpy()
    return float((ranks[labels].sum() - n * (n + 1) / 2) / (n * m))


def _r_squared(predicted: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    total = ((truth - truth.mean()) ** 2).sum() if truth.size else 0.0
    return float(1 - ((truth - predicted) ** 2).sum() / total) if total > 0 else float("nan")
