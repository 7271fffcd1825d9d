"""Attributes as columns of numbers, ready to colour a map by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# As many as there are colours that can be told apart.
MAX_COLOURED = 12
# Names go to the browser whole; of more categories than these the rest are told apart no further.
MAX_NAMED = 1_000


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

    Categories are in natural order (numerals by value); where there are more than `MAX_COLOURED`,
    the most frequent come first. Beyond `MAX_NAMED` the rest share the last place.
    """
    if pd.api.types.is_bool_dtype(values):
        flags = values.to_numpy(dtype=np.float32, na_value=np.nan)
        return Column("category", flags, ("no", "yes"))
    if pd.api.types.is_numeric_dtype(values):
        return Column("number", values.to_numpy(dtype=np.float32, na_value=np.nan))
    known = values.notna().to_numpy()
    text = values.astype("object")[known].map(str)
    counts = text.value_counts()
    names = sorted(counts.index, key=_natural)
    if len(names) > MAX_COLOURED:
        names.sort(key=lambda name: -counts[name])
    n_rest = max(0, len(names) - MAX_NAMED)
    places = {name: min(place, MAX_NAMED) for place, name in enumerate(names)}
    numbers = np.full(len(values), np.nan, np.float32)
    numbers[known] = text.map(places)
    if n_rest:
        names[MAX_NAMED:] = [f"{n_rest:,} rarer values"]
    return Column("category", numbers, tuple(names))


def _natural(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
