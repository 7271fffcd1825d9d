"""Read attributes off codes: one linear probe an attribute, with its held-out quality.

Yes/no attributes and the values of categories are read by logistic regression (a probability),
numbers by ridge regression (the number itself). One linear score each, so that reading costs one
matrix product and can follow a slider.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import rankdata

from ae_core.errors import LatentInputError
from ae_core.paths import Codes
from ae_core.questions import NOTHING, is_flag, is_number

MAX_VALUES = 12
"""A category with more values is not read value by value."""

MIN_EACH = 5
"""An attribute that fewer items have, or lack, is not read: there is nothing to learn from."""


@dataclass(frozen=True)
class Readouts:
    """Linear read-outs of several attributes.

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
            for label, found in wanted if len(options) <= MAX_VALUES else ():
                yield label, True, np.where(missing, np.nan, found.to_numpy(dtype=float))


def fit_readouts(
    codes: Codes,
    attributes: pd.DataFrame,
    train_items: NDArray[np.int64],
    held_out_items: NDArray[np.int64],
    *,
    max_items: int = 4_000,
) -> Readouts:
    """Fit one read-out for every attribute that can be read.

    Args:
        codes: Codes of the whole data set, shape (n_items, latent_dim).
        attributes: One row an item.
        train_items: Items to fit on; the first `max_items` of a fixed shuffle.
        held_out_items: Items for `quality`.
        max_items: Bounds the time, a few seconds for 40 attributes.

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
    rows = []
    for name, flag, values in readable_attributes(attributes):
        row = _fit_one(
            (train - mean) / scale, values[np.sort(shuffled)],
            (held_out - mean) / scale, values[held_out_items], flag,
        )  # fmt: skip
        if row is not None:
            rows.append((name, flag, *row))
    if not rows:
        raise LatentInputError(
            f"`attributes` has nothing to read: an attribute needs {MIN_EACH} items with it and "
            f"{MIN_EACH} without it, or numbers that vary."
        )
    names, flags, weights, offsets, sigmas, quality = zip(*rows, strict=True)
    plain = np.stack(weights) / scale
    return Readouts(
        names, np.array(flags), plain, np.array(offsets) - plain @ mean,
        np.array(sigmas), np.array(quality),
    )  # fmt: skip


def _fit_one(
    train: NDArray[np.float64],
    wanted: NDArray[np.float64],
    held_out: NDArray[np.float64],
    wanted_held_out: NDArray[np.float64],
    flag: bool,
) -> tuple[NDArray[np.float64], float, float, float] | None:
    """Weights, offset, sigma and held-out quality; None where there is nothing to learn."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    known, known_held_out = np.isfinite(wanted), np.isfinite(wanted_held_out)
    x, y = train[known], wanted[known]
    if flag and min(int(y.sum()), int((1 - y).sum())) < MIN_EACH:
        return None
    if not flag and (len(y) < 2 * MIN_EACH or y.std() == 0):
        return None
    model = LogisticRegression(max_iter=500) if flag else Ridge(alpha=1.0)
    with warnings.catch_warnings():
        # groups that a plane parts entirely have no finite optimum but the penalty's: good enough
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, y)
    weights, offset = np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])
    sigma = float((x @ weights).std())
    seen, truth = held_out[known_held_out] @ weights + offset, wanted_held_out[known_held_out]
    quality = auc(seen, truth > 0.5) if flag else _r_squared(seen, truth)
    return weights, offset, max(sigma, 1e-12), quality


def auc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Chance that a positive scores higher than a negative (Mann-Whitney); NaN without both."""
    n, m = int(labels.sum()), int((~labels).sum())
    if min(n, m) == 0:
        return float("nan")
    return float((rankdata(scores)[labels].sum() - n * (n + 1) / 2) / (n * m))


def _r_squared(found: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    total = ((truth - truth.mean()) ** 2).sum() if truth.size else 0.0
    return float(1 - ((truth - found) ** 2).sum() / total) if total > 0 else float("nan")
