"""What sets a group apart: attributes and code dimensions on which it differs from all others.

Numbers are compared by Cohen's d, shares by Cohen's h, which lie on one scale: 0.2 is small, 0.5
medium, 0.8 large (Cohen 1988, sections 2.2 and 6.2):

    d = (mean inside - mean outside) / s,    s^2 = ((n1 - 1) s1^2 + (n0 - 1) s0^2) / (n1 + n0 - 2)
    h = 2 arcsin sqrt(share inside) - 2 arcsin sqrt(share outside)

Beside a share stands its odds ratio, with half an item added to each of the four counts so that it
is finite (Haldane 1956; Anscombe 1956). An effect describes the items at hand; it is no test, and
of many attributes the largest effect is partly chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.data.item_search import is_flag, is_number
from ae_core.errors import LatentInputError
from ae_core.steering.paths import Codes

MAX_VALUES = 50
"""Of a category with more values the most frequent are compared."""
MIN_EACH = 2
"""Fewer items with a known value, inside or outside, have no spread to compare with."""


@dataclass(frozen=True)
class Contrast:
    """One difference between a group and all other items.

    Attributes:
        name: Attribute, `attribute = value`, or `dimension k`.
        inside: Mean of a number, or share of items that have it, in the group.
        outside: The same of all other items.
        effect: Cohen's d or h; positive where the group has more.
        odds_ratio: Of a share; None for a number.
    """

    name: str
    inside: float
    outside: float
    effect: float
    odds_ratio: float | None = None


def contrasts(
    group: NDArray[np.int64], attributes: pd.DataFrame, codes: Codes
) -> tuple[Contrast, ...]:
    """Compare a group with the other items, the largest effect first.

    Args:
        group: Rows of the group, int64 (n,), no repeats.
        attributes: One row an item (N rows).
        codes: float32 (N, latent_dim); dimensions are called by their place, from 0.

    Raises:
        LatentInputError: The group is empty or all there is: there is nothing to compare with.
    """
    is_inside = np.zeros(len(codes), bool)
    is_inside[group] = True
    if is_inside.all() or not is_inside.any():
        raise LatentInputError(
            f"`group` has {is_inside.sum():,} of {len(codes):,} items: choose some and leave some."
        )
    found = [*_of_attributes(attributes, is_inside), *_of_dimensions(codes, is_inside)]
    return tuple(sorted(found, key=lambda each: -abs(each.effect)))


def _of_attributes(attributes: pd.DataFrame, is_inside: NDArray[np.bool_]) -> Iterator[Contrast]:
    for name, column in attributes.items():
        known = column.notna().to_numpy()
        inside = is_inside[known]
        if is_flag(column):
            yield from _share(str(name), column[known].to_numpy(bool), inside)
        elif is_number(column):
            yield from _number(str(name), column[known].to_numpy(np.float64), inside)
        else:
            values = column[known].astype(str).to_numpy()
            for value in pd.Series(values).value_counts().index[:MAX_VALUES]:
                yield from _share(f"{name} = {value}", values == value, inside)


def _of_dimensions(codes: Codes, is_inside: NDArray[np.bool_]) -> Iterator[Contrast]:
    for k in range(codes.shape[1]):
        yield from _number(f"dimension {k}", np.asarray(codes[:, k], np.float64), is_inside)


def _number(
    name: str, values: NDArray[np.float64], is_inside: NDArray[np.bool_]
) -> Iterator[Contrast]:
    ours, others = values[is_inside], values[~is_inside]
    if min(len(ours), len(others)) < MIN_EACH:
        return
    squares = (len(ours) - 1) * ours.var(ddof=1) + (len(others) - 1) * others.var(ddof=1)
    pooled = np.sqrt(squares / (len(values) - 2))
    means = float(ours.mean()), float(others.mean())
    if pooled > 0:
        yield Contrast(name, *means, (means[0] - means[1]) / float(pooled))


def _share(name: str, has: NDArray[np.bool_], is_inside: NDArray[np.bool_]) -> Iterator[Contrast]:
    n_ours, n_others = int(is_inside.sum()), int((~is_inside).sum())
    if min(n_ours, n_others) < MIN_EACH:
        return
    ours, others = int(has[is_inside].sum()), int(has[~is_inside].sum())
    shares = ours / n_ours, others / n_others
    angles = 2 * np.arcsin(np.sqrt(shares))
    odds = (ours + 0.5) * (n_others - others + 0.5) / ((n_ours - ours + 0.5) * (others + 0.5))
    yield Contrast(name, *shares, float(angles[0] - angles[1]), odds)
