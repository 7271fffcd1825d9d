"""Which attributes go with one number of a code: rank correlations, on one scale for all kinds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from ae_core.steering.probes import MIN_EACH, auc, readable_attributes


@dataclass(frozen=True)
class AttributeScore:
    """How far one attribute goes with a number.

    Attributes:
        name: As probes call it: "smile", "glasses", "digit = 3".
        score: In [-1, 1]: 1 where the larger number always has more of it.
        n_items: Items of which both are known.
    """

    name: str
    score: float
    n_items: int


def attribute_scores(
    numbers: NDArray[np.floating], attributes: pd.DataFrame
) -> list[AttributeScore]:
    """How far each attribute goes with a number of the items, the strongest first.

    For a number Spearman's rank correlation (Spearman 1904), ties at their mean rank. For yes or no
    the rank-biserial correlation 2 AUC - 1 (Cureton 1956): the share of pairs of an item with it
    and one without in which the one with it has the larger number, less the share of the others.
    Both are 0 where they have nothing to do with each other and do not change with the scale.

    Args:
        numbers: One an item, shape (N,).
        attributes: N rows.

    Returns:
        A score for each attribute that varies; of a category one a value.

    Raises:
        LatentInputError: Not one number an item.
    """
    if numbers.shape != (len(attributes),):
        raise LatentInputError(
            f"`numbers` must have one value an item ({len(attributes)}); got {numbers.shape}."
        )
    found = []
    for name, is_flag, values in readable_attributes(attributes):
        known = np.isfinite(values)
        score = _score(numbers[known], values[known], is_flag=is_flag)
        if score is not None:
            found.append(AttributeScore(name, score, int(known.sum())))
    return sorted(found, key=lambda one: -abs(one.score))


def _score(
    numbers: NDArray[np.floating], values: NDArray[np.float64], *, is_flag: bool
) -> float | None:
    """The score; None where too few items have it or have it not, or nothing varies."""
    if len(values) < 2 * MIN_EACH or np.ptp(numbers) == 0 or np.ptp(values) == 0:
        return None
    if is_flag:
        has_it = values > 0.5
        if min(has_it.sum(), (~has_it).sum()) < MIN_EACH:
            return None
        return 2 * auc(np.asarray(numbers, np.float64), has_it) - 1
    ranks, others = (pd.Series(each).rank().to_numpy() for each in (numbers, values))
    return float(np.corrcoef(ranks, others)[0, 1])
