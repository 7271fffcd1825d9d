"""What a map is made of: codes of all items, or of some of them, and how results are spread out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ae_core.maps.item_columns import column_path
from ae_core.maps.map import Floats, Map, load_map, save_array, save_map, scattered, scattered_key
from ae_core.reading import map_array


@dataclass(frozen=True)
class Mapped:
    """Codes that are mapped, and the items of the data set that they belong to.

    Attributes:
        codes: float32 (n, any length).
        n_items: Items of the data set, N.
        words: What they are, after "PCA of ".
        rows: Items that the codes belong to, int64 (n,); None: all, n = N.
    """

    codes: Floats
    n_items: int
    words: str
    rows: NDArray[np.int64] | None = None

    def map_key(self, key: str) -> str:
        """Name of the finished map `key` with a row for each item of the data set."""
        made = None if self.rows is None else load_map(key)
        if made is None or self.rows is None:
            return key
        whole = scattered_key(key, self.rows, self.n_items)
        if load_map(whole) is None:
            save_map(whole, Map(scattered(made.points, self.rows, self.n_items), made.about))
        return whole

    def column_key(self, key: str) -> str:
        """Name of the derived column `key` with a number for each item of the data set."""
        if self.rows is None:
            return key
        whole = scattered_key(key, self.rows, self.n_items)
        if not column_path(whole).exists():
            column = map_array(column_path(key))
            save_array(column_path(whole), scattered(column, self.rows, self.n_items))
        return whole
