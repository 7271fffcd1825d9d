"""Attributes as columns of numbers, ready to colour a map by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# As many as there are colours that can be told apart.
MAX_CATEGORIES = 12
OTHER = "other"


@dataclass(frozen=True)
class Column:
    """One attribute of all items.

    Attributes:
        kind: "category" (values are positions in `names`) or "number".
        values: float32 (N,); NaN where the attribute is missing.
        names: What the categories are called; empty for numbers.
    """

    kind: Literal["category", "number"]
    values: NDArray[np.float32]
    names: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest number that is not missing; (0, 1) if all are."""
        known = self.values[np.isfinite(self.values)]
        return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def column_of(values: pd.Series) -> Column:
    """Make a column of an attribute: yes/no and text are categories, numbers are numbers.

    Categories are in natural order (numerals by value). Of more than `MAX_CATEGORIES` the most
    frequent keep their names and the rest become "other".
    """
    if pd.api.types.is_bool_dtype(values):
        flags = values.to_numpy(dtype=np.float32, na_value=np.nan)
        return Column("category", flags, ("no", "yes"))
    if pd.api.types.is_numeric_dtype(values):
        return Column("number", values.to_numpy(dtype=np.float32, na_value=np.nan))
    text = values.astype("object").where(values.notna(), None)
    counts = text.value_counts()
    names = sorted((str(name) for name in counts.index[:MAX_CATEGORIES]), key=_natural)
    if len(counts) > MAX_CATEGORIES:
        kept = {str(name) for name in counts.index[: MAX_CATEGORIES - 1]}
        names = [*sorted(kept, key=_natural), OTHER]
    places = {name: place for place, name in enumerate(names)}
    rest = places.get(OTHER, np.nan) if len(counts) > MAX_CATEGORIES else np.nan
    numbers = [np.nan if value is None else places.get(str(value), rest) for value in text]
    return Column("category", np.array(numbers, np.float32), tuple(names))


def _natural(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
