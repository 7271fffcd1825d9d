"""Factors as the painters read them: numbers and colours that broadcast over pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.data.faces.colours import COLOURS, SKIN_RAMP, rgb
from ae_core.data.faces.factors import FLAGS, LEVELS, RANGES
from ae_core.data.faces.shapes import Floats
from ae_core.errors import DataError


@dataclasses.dataclass(frozen=True)
class FaceFactors:
    """Columns of factors of n faces, levels as positions in `LEVELS`.

    `faces["smile"]` is float32 (n, 1, 1); colours are float32 (n, 3, 1, 1).
    """

    columns: Mapping[str, NDArray[np.generic]]

    @classmethod
    def read(cls, factors: pd.DataFrame) -> FaceFactors:
        """Check a table of factors and take its columns.

        Raises:
            DataError: A column is missing, a level unknown, or a number not finite.
        """
        if missing := [name for name in (*FLAGS, *LEVELS, *RANGES) if name not in factors]:
            raise DataError(f"`factors` lacks the columns {', '.join(missing)}.")
        columns: dict[str, NDArray[np.generic]] = {}
        for name, levels in LEVELS.items():
            codes = pd.Index(levels).get_indexer(pd.Index(factors[name]))
            if (codes < 0).any():
                raise DataError(f"`{name}` must be one of {', '.join(levels)} in every row.")
            columns[name] = np.asarray(codes)
        for name in (*FLAGS, *RANGES):
            columns[name] = factors[name].to_numpy(dtype=np.float32)
            if not np.isfinite(columns[name]).all():
                raise DataError(f"`{name}` must be a number in every row.")
        return cls(columns)

    def rows(self, start: int, stop: int) -> FaceFactors:
        return FaceFactors({name: column[start:stop] for name, column in self.columns.items()})

    def __len__(self) -> int:
        return len(self.columns["woman"])

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name][:, None, None].astype(np.float32)

    def is_level(self, name: str, level: str) -> Floats:
        """1 for faces with this level, 0 for others, shape (n, 1, 1)."""
        return (self.columns[name] == LEVELS[name].index(level)).astype(np.float32)[:, None, None]

    def by_level(self, name: str, values: Mapping[str, float]) -> Floats:
        """A number that goes with a level, shape (n, 1, 1)."""
        table = np.array([values[level] for level in LEVELS[name]], dtype=np.float32)
        return table[self.columns[name].astype(np.intp)][:, None, None]

    def colour(self, name: str) -> Floats:
        """The palette's colour for a factor with levels, shape (n, 3, 1, 1)."""
        table = np.stack([rgb(COLOURS[name][level]) for level in LEVELS[name]])
        return table[self.columns[name].astype(np.intp)][:, :, None, None]

    def skin(self) -> Floats:
        """The colour of the skin, shape (n, 3, 1, 1)."""
        ramp = np.stack([rgb(colour) for colour in SKIN_RAMP])
        place = self.columns["skin_tone"].astype(np.float32) * (len(ramp) - 1)
        below = np.clip(np.floor(place).astype(np.intp), 0, len(ramp) - 2)
        share = (place - below)[:, None].astype(np.float32)
        return (ramp[below] * (1 - share) + ramp[below + 1] * share)[:, :, None, None]
