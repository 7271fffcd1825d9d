"""Factors as the painters read them: numbers and colours that broadcast over pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.data.faces.factors import FLAGS, LEVELS, RANGES
from ae_core.data.faces.shapes import Floats, mix
from ae_core.errors import DataError

# One palette: warm, a little greyed, so that any background goes with any hair, skin and cloth.
SKIN_RAMP: Final = ("#fbe0cb", "#f4cba9", "#e6b088", "#cd9068", "#a86e4a", "#85533a", "#6a4130")
COLOURS: Final[dict[str, dict[str, str]]] = {
    "hair_colour": {
        "black": "#2b262b", "brown": "#533728", "chestnut": "#84502f",
        "blond": "#dcb36f", "red": "#a95a38", "grey": "#b3afac",
    },
    "eye_colour": {
        "brown": "#5f3d22", "hazel": "#8a6a33", "green": "#5b8653",
        "blue": "#4a83b4", "grey": "#76878f",
    },
    "background": {
        "sand": "#e3d0b5", "sage": "#b3c3a4", "sky": "#abc6d3", "rose": "#d8ada4",
        "lilac": "#c0b5d0", "slate": "#8496a6", "teal": "#7aa7a3", "ochre": "#d9b678",
    },
    "clothes": {
        "navy": "#3a4c6e", "rust": "#b9634a", "forest": "#4d6f59", "plum": "#734d68",
        "cream": "#eee4d3", "mustard": "#d1a049", "denim": "#6c8cab", "charcoal": "#47484f",
    },
    "frame": {
        "black": "#211f26", "tortoise": "#55301a", "navy": "#243a66", "burgundy": "#74222f",
    },
}  # fmt: skip


def rgb(colour: str) -> Floats:
    """A colour such as "#fbe0cb" as three numbers in [0, 1]."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32) / 255


def tone(colour: str) -> Floats:
    """A fixed colour in the shape that `Canvas.paint` takes, (1, 3, 1, 1)."""
    return rgb(colour)[None, :, None, None]


def deepen(colour: Floats, share: float) -> Floats:
    """A colour as it looks in the shade: darker and warmer, the more the larger `share`."""
    return colour * mix(tone("#ffffff"), tone("#966f5e"), share)


@dataclasses.dataclass(frozen=True)
class Sheet:
    """Columns of factors of n faces, levels as positions in `LEVELS`.

    `sheet["smile"]` is float32 (n, 1, 1); colours are float32 (n, 3, 1, 1).
    """

    columns: Mapping[str, NDArray[np.generic]]

    @classmethod
    def read(cls, factors: pd.DataFrame) -> Sheet:
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

    def rows(self, start: int, stop: int) -> Sheet:
        return Sheet({name: column[start:stop] for name, column in self.columns.items()})

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
