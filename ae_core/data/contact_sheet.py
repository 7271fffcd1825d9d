"""Many small pictures as one."""

from collections.abc import Sequence

import numpy as np


def contact_sheet(pictures: Sequence[np.ndarray] | np.ndarray, *, n_columns: int) -> np.ndarray:
    """Put pictures side by side, row by row.

    Args:
        pictures: uint8 (N, C, H, W), of any kind of item: what its `drawn` or `thumbnails` gives.
        n_columns: Pictures in a row; empty places of the last row are white.

    Returns:
        uint8 (C, n_rows * H, n_columns * W).
    """
    block = np.asarray(pictures)
    n_items, channels, height, width = block.shape
    n_rows = -(-n_items // n_columns)
    places = np.full((n_rows * n_columns, channels, height, width), 255, dtype=np.uint8)
    places[:n_items] = block
    grid = places.reshape(n_rows, n_columns, channels, height, width)
    return grid.transpose(2, 0, 3, 1, 4).reshape(channels, n_rows * height, n_columns * width)
