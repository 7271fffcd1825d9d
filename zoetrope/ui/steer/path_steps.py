"""The steps of a path, decoded, over the real item nearest to each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from ae_core.neighbours import nearest
from zoetrope.live.components.gallery import gallery
from zoetrope.live.engine.engine import get_engine
from zoetrope.palette import UNKNOWN_COLOUR
from zoetrope.ui.plain_text import as_written
from zoetrope.ui.steer.space import Side, Space

N_STEPS = 9


def show(space: Space, paths: Mapping[str, np.ndarray]) -> int | None:
    """Draw the steps of each codec's path and the real items; the item that was clicked.

    Args:
        space: The codecs, and the items.
        paths: Codes (n, latent_dim) of each codec, by its key.
    """
    for side in space.sides:
        _show_decoded(side, _steps(paths[side.key]))
    return _show_nearest(space, _steps(paths[space.model.key]))


def _steps(path: np.ndarray) -> np.ndarray:
    """Codes at even distances, both ends included, (9, latent_dim)."""
    chosen: np.ndarray = path[np.linspace(0, len(path) - 1, N_STEPS).round().astype(int)]
    return chosen


def _show_decoded(side: Side, steps: np.ndarray) -> None:
    gallery(
        side.draw(get_engine().decode(side.key, steps)),
        labels=[f"{side.caption}, step {i + 1} of {N_STEPS}" for i in range(N_STEPS)],
        clickable=False,
        fill=True,
        colour=side.colour,
        key=f"morph_steps_{side.colour}",
    )


def _show_nearest(space: Space, steps: np.ndarray) -> int | None:
    model = space.model
    rows, _ = nearest(steps, model.codes, 1)
    picked = gallery(
        space.data_set.drawn(rows[:, 0]),
        labels=[f"Use item {row}, nearest at step {i + 1}" for i, row in enumerate(rows[:, 0])],
        fill=True,
        colour=UNKNOWN_COLOUR,
        key="morph_nearest",
    )
    name = as_written(model.caption)
    st.caption(f"Last row: the real item nearest to each step of {name}; click to use it.")
    return None if picked is None else int(rows[picked, 0])
