"""The row of real items nearest to the code on the stage."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ae_core.neighbours import nearest
from zoetrope.live.components.gallery import gallery
from zoetrope.ui.steer.space import Space

N_NEIGHBOURS = 8


def show(space: Space, code: np.ndarray, *, key: str) -> int | None:
    """The real items nearest to a code of the model; the one that was just clicked."""
    n_neighbours = min(N_NEIGHBOURS, len(space.data_set.items))
    rows, distances = nearest(code[None], space.model.codes, n_neighbours)
    st.markdown("**Nearest real items** :gray[to the model's code; click one to use it]")
    picked = gallery(
        space.data_set.drawn(rows[0]),
        captions=[f"{distance:.2f}" for distance in distances[0]],
        labels=[f"Use item {row}" for row in rows[0]],
        key=key,
    )
    return None if picked is None else int(rows[0][picked])
