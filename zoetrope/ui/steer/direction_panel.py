"""The panel of one direction: three estimators side by side, their quality, their side effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ae_core.data.faces.vocabulary import OFTEN_HELD_FIXED, OPENING_DIRECTIONS
from ae_core.data.item_search import is_number, quoted
from ae_core.errors import AeCoreError
from ae_core.steering.directions import cosine_table, expected_random_cosine
from ae_core.steering.sums import Kind, Term
from ae_core.words import count_of
from zoetrope.palette import CATEGORY_COLOURS
from zoetrope.ui import keys, state
from zoetrope.ui.plain_text import message
from zoetrope.ui.steer import item_picker, probe_readings
from zoetrope.ui.steer.direction_estimates import ESTIMATORS, Estimate, estimate
from zoetrope.ui.steer.space import Side, Space

N_ATTRIBUTES = 12
FEW_VALUES = 30


def show(space: Space) -> Term | None:
    """The panel; a direction as a new term of the sum, when asked for."""
    question, held_fixed = _questions(space)
    if not question.strip():
        st.caption("Ask for something that some items have and others have not.")
        return None
    side = space.model
    try:
        estimates = {
            name: estimate(kind, question, held_fixed, side, space.data_set)
            for name, kind in ESTIMATORS.items()
            if kind != "conditional" or held_fixed
        }
    except AeCoreError as error:
        st.caption(f":material/info: {message(error)}")
        return None
    _show_quality(estimates)
    _show_side_effects(estimates, question, side, space)
    _show_cosines(estimates, side.codes.shape[1])
    return _add_buttons(question, held_fixed, estimates)


def _questions(space: Space) -> tuple[str, tuple[str, ...]]:
    """What the direction leads towards, and what the third estimator holds fixed."""
    left, right = st.columns(2)
    question = left.text_input(
        "Direction towards", state.recall(keys.DIRECTION) or _default(space),
        placeholder=item_picker.example(space.data_set), key="direction_question",
    )  # fmt: skip
    held_fixed = right.text_input(
        "Held fixed (for the third estimator)", state.recall(keys.FIXED) or _default_fixed(space),
        help="Questions, separated by semicolons", key="direction_fixed",
    )  # fmt: skip
    state.remember(keys.DIRECTION, question or None)
    state.remember(keys.FIXED, held_fixed or None)
    return question, tuple(part.strip() for part in held_fixed.split(";") if part.strip())


def _default(space: Space) -> str:
    for column in OPENING_DIRECTIONS:
        if column in space.data_set.attributes:
            return column
    names = space.data_set.visible_attributes()
    if not names:
        return ""
    values = space.data_set.attributes[names[0]].dropna()
    if values.empty:
        return ""
    if is_number(values) and values.nunique() > FEW_VALUES:
        return f"{quoted(names[0])} > {values.median():.4g}"
    return f"{quoted(names[0])} = {quoted(values.mode().iloc[0])}"


def _default_fixed(space: Space) -> str:
    for column in OFTEN_HELD_FIXED:
        if column in space.data_set.attributes:
            return column
    return ""


def _show_quality(estimates: dict[str, Estimate]) -> None:
    rows = {
        name: {
            "held-out accuracy": one.separation.accuracy,
            "AUC": one.separation.auc,
            "Cohen's d": one.separation.cohens_d,
            "bootstrap angle, 95 %": f"{one.angle.p95:.1f}°" if one.angle else "",
        }
        for name, one in estimates.items()
    }
    sample = next(iter(estimates.values())).separation
    st.dataframe(
        pd.DataFrame(rows).T,
        column_config={
            "held-out accuracy": st.column_config.NumberColumn(format="%.3f"),
            "AUC": st.column_config.NumberColumn(format="%.3f"),
            "Cohen's d": st.column_config.NumberColumn(format="%.2f"),
        },
        width="stretch",
    )
    st.caption(
        f"On {count_of(sample.n_with, 'held-out item')} with it and {sample.n_without:,} without; "
        "chance is 0.5. Bootstrap angle: 95 % of the directions from redrawn items lie within it."
    )


def _show_side_effects(
    estimates: dict[str, Estimate], question: str, side: Side, space: Space
) -> None:
    probes = probe_readings.probes_of(side, space.data_set)
    steered = probe_readings.is_steered(probes, [question], space.data_set)
    is_shown = probe_readings.is_good(probes) | steered
    largest = np.max([np.abs(one.in_pictures) for one in estimates.values()], axis=0)
    n_shown = min(N_ATTRIBUTES, int(is_shown.sum()))
    order = np.lexsort((-np.where(is_shown, largest, -1), ~steered))[:n_shown]
    if not order.size:
        st.caption("No attribute can be read off these codes well enough to meter side effects.")
        return
    st.markdown("**What one sigma along it moves**")
    figure = _side_effects_figure(estimates, order, [probes.names[index] for index in order])
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    st.caption(
        "Filled: read off the picture, decoded and encoded again. Open: read off the moved code. "
        "What should stay at 0 and does not is a side effect."
    )


def _side_effects_figure(
    estimates: dict[str, Estimate], order: np.ndarray, names: list[str]
) -> go.Figure:
    """A row an attribute, a colour an estimator; `order` are the attributes' places."""
    figure = go.Figure()
    for colour, (name, one) in zip(CATEGORY_COLOURS[4:], estimates.items(), strict=False):
        figure.add_scatter(
            x=one.in_pictures[order], y=names, mode="markers", name=name,
            marker={"color": colour, "size": 11},
            customdata=one.in_codes[order],
            hovertemplate="%{y}: %{x:.2f} σ in pictures, %{customdata:.2f} σ in codes",
        )  # fmt: skip
        figure.add_scatter(
            x=one.in_codes[order], y=names, mode="markers", showlegend=False, hoverinfo="skip",
            marker={"color": colour, "size": 9, "symbol": "circle-open"},
        )  # fmt: skip
    figure.update_layout(
        height=100 + 30 * len(names), margin={"l": 8, "r": 8, "t": 40, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        yaxis={"autorange": "reversed"},
        xaxis={"title": "change of the reading, in its own sigmas", "zeroline": True},
    )  # fmt: skip
    return figure


def _show_cosines(estimates: dict[str, Estimate], latent_dim: int) -> None:
    table = cosine_table({name: one.direction for name, one in estimates.items()})
    names = list(estimates)
    st.dataframe(pd.DataFrame(table, names, names).round(3), width="stretch")
    mean, p95 = expected_random_cosine(latent_dim)
    st.caption(
        f"Cosines between the directions. Two random directions in {latent_dim} dimensions have "
        f"{mean:.2f} on average, and below {p95:.2f} in 95 % of cases."
    )


def _add_buttons(
    question: str, held_fixed: tuple[str, ...], estimates: dict[str, Estimate]
) -> Term | None:
    with st.container(horizontal=True):
        for name in estimates:
            kind: Kind = ESTIMATORS[name]
            what = f"{question} | {'; '.join(held_fixed)}" if kind == "conditional" else question
            if st.button(f"Add: {name.lower()}", icon=":material/add:", key=f"add_{kind}"):
                return Term(1, kind, what)
    return None
