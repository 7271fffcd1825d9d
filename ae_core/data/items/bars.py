"""Rows drawn small, as bars up and down from a middle line."""

import numpy as np

_GROUND = np.array([252, 252, 251], np.uint8)
_MIDDLE = np.array([200, 200, 196], np.uint8)
# Blue and orange of Okabe & Ito: told apart by everybody.
_UP = np.array([0, 114, 178], np.uint8)
_DOWN = np.array([213, 94, 0], np.uint8)


def draw_bars(heights: np.ndarray, px: int) -> np.ndarray:
    """Draw bars side by side; where there are more than pixels, the mean of neighbours.

    Args:
        heights: (N, F) in [-1, 1]; 0 is the middle line.
        px: Side of the square pictures, at least 8; a sixteenth is left free on either side.

    Returns:
        uint8 (N, 3, px, px).
    """
    n_items, n_bars = heights.shape
    margin = max(1, px // 16)
    width = px - 2 * margin
    if n_bars > width:
        starts = np.arange(width) * n_bars // width
        heights = np.add.reduceat(heights, starts, axis=1) / np.diff(np.append(starts, n_bars))
        n_bars = width
    of_pixel = np.arange(width) * n_bars // width  # which bar stands on each column of pixels
    bars = heights[:, None, of_pixel]  # (N, 1, width)
    middle = max(px - 1, 1) / 2
    up = (middle - np.arange(px))[None, :, None] / middle  # 1 at the top, -1 at the bottom
    pictures = np.broadcast_to(_GROUND[:, None, None], (n_items, 3, px, px)).copy()
    inner = pictures[:, :, :, margin : margin + width]
    inner[:, :, px // 2] = _MIDDLE[:, None]
    for colour, inside in ((_UP, (up > 0) & (up <= bars)), (_DOWN, (up < 0) & (up >= bars))):
        np.copyto(inner, colour[:, None, None], where=inside[:, None])
    if width >= 3 * n_bars:  # a gap of a pixel between bars that are wide enough
        inner[:, :, :, np.flatnonzero(np.diff(of_pixel)) + 1] = _GROUND[:, None, None]
    return pictures
