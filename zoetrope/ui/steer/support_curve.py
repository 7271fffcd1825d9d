"""The curve over the key items: how far from data each step of a path is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from ae_core.errors import LatentInputError
from zoetrope.live.components.gallery import Curve
from zoetrope.ui.plain_text import as_written, message
from zoetrope.ui.steer.panels import support_of
from zoetrope.ui.steer.space import Space


def support_curves(space: Space, paths: Mapping[str, np.ndarray]) -> list[Curve]:
    """One curve a codec: share of held-out items that are nearer to data than each step.

    None where there are too few items to say.
    """
    try:
        return [
            Curve(f"Support of {side.caption}", side.colour, percentiles.round(1).tolist())
            for side in space.sides
            for percentiles in [support_of(side, space.data_set).percentile(paths[side.key])]
        ]
    except LatentInputError as error:
        st.caption(f":material/info: {message(error)}")
        return []


def say_support(curves: list[Curve], space: Space) -> None:
    """What the curves show, and their means."""
    if not curves:
        return
    means = [
        f"{as_written(side.caption)} {np.mean(curve.percent):.0f} %"
        for side, curve in zip(space.sides, curves, strict=True)
    ]
    st.caption(
        "The curve: share of real items that lie nearer to data than this step. "
        f"On average {', '.join(means)}; the dotted line is the median item."
    )
