"""One number of the code by itself: how it is spread, who has most of it, what goes with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.data.store import DataSet
from ae_core.steering.attribute_scores import AttributeScore, attribute_scores
from zoetrope.live.components import stage as live
from zoetrope.live.components.gallery import gallery
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui import figures, keys, state
from zoetrope.ui.steer import dimension_sliders, start_code
from zoetrope.ui.steer.space import Space

N_ITEMS, N_STEPS, N_ATTRIBUTES = 8, 9, 6


def show(space: Space, kind: str, sliders: Sequence[live.Control]) -> int | None:
    """The panel of one slider's number; the item that was just clicked."""
    names = [slider.id for slider in sliders]
    recalled = state.recall(keys.NUMBER)
    left, _ = st.columns([0.3, 0.7])
    name = left.selectbox(
        "One number by itself", names,
        names.index(recalled) if recalled in names else 0,
        format_func={slider.id: slider.label for slider in sliders}.__getitem__,
        key=f"dimension_number_{kind}",
    )  # fmt: skip
    state.remember(keys.NUMBER, None if name == names[0] else name)
    place = names.index(name)
    numbers = dimension_sliders.numbers(space.model, space, kind, place)
    left, right = st.columns(2, gap="medium")
    with left:
        figure = figures.histogram(numbers, space.model.colour)
        st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    with right:
        key = codes_key(space.model.checkpoint, space.data_set)
        kinds = "/".join(map(str, space.data_set.attributes.dtypes))
        _show_attributes(f"{key}/{name}/{kinds}", numbers, space)
    _show_traversal(space, kind, place)
    return _show_extremes(space, numbers)


def _show_attributes(key: str, numbers: np.ndarray, space: Space) -> None:
    scores = _scores(key, numbers, space.data_set)[:N_ATTRIBUTES]
    if not scores:
        st.caption("No attribute of these items varies, so none goes with it.")
        return
    st.dataframe(
        {
            "goes with": [one.name for one in scores],
            "score": [one.score for one in scores],
        },
        column_config={
            "score": st.column_config.NumberColumn(
                format="%.2f",
                help="Rank correlation, -1 to 1: Spearman's of a number, 2 AUC - 1 of yes or no.",
            )
        },
        hide_index=True,
        width="stretch",
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _scores(key: str, _numbers: np.ndarray, _data_set: DataSet) -> list[AttributeScore]:
    visible = _data_set.attributes[_data_set.visible_attributes()]
    return attribute_scores(_numbers, visible)


def _show_traversal(space: Space, kind: str, place: int) -> None:
    """The mean code with only this number changed, decoded."""
    side = space.model
    step = dimension_sliders.rows(side, space, kind, place + 1)[place]
    mean = start_code.code(start_code.MEAN, side)
    heights = np.linspace(-dimension_sliders.REACH, dimension_sliders.REACH, N_STEPS)
    codes = (mean + heights[:, None] * step).astype(np.float32)  # (n, latent_dim)
    gallery(
        side.draw(get_engine().decode(side.key, codes)),
        labels=[f"{height:+.1f} σ" for height in heights],
        clickable=False,
        fill=True,
        colour=side.colour,
        key="dimension_traversal",
    )
    reach = f"{dimension_sliders.REACH:.0f} σ"
    st.caption(f"From -{reach} to +{reach} of it, every other number at its mean.")


def _show_extremes(space: Space, numbers: np.ndarray) -> int | None:
    """The real items that have least and most of it."""
    order = np.argsort(numbers, kind="stable")
    n_shown = min(N_ITEMS, len(order))
    picked = None
    for words, rows in (("Least", order[:n_shown]), ("Most", order[::-1][:n_shown])):
        st.markdown(f"**{words} of it** :gray[click one to start from it]")
        place = gallery(
            space.data_set.drawn(rows),
            captions=[f"{numbers[row]:+.1f} σ" for row in rows],
            labels=[f"Start from item {row}" for row in rows],
            key=f"dimension_{words.lower()}",
        )
        picked = picked if place is None else int(rows[place])
    return picked
