"""Three estimators of one direction side by side, with their doubt."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ae_core.data.questions import is_number, quoted
from ae_core.errors import AeCoreError
from ae_core.steering.directions import cosine_table, expected_random_cosine
from ae_core.steering.expressions import Kind, Term
from zoetrope.ui import state
from zoetrope.ui.palette import PALETTE
from zoetrope.ui.plain_text import message
from zoetrope.ui.steer import picking, readings
from zoetrope.ui.steer.readings import ESTIMATORS, Estimate
from zoetrope.ui.steer.steering import Side, Space

URL_DIRECTION, URL_FIXED = "direction", "fixed"
N_ATTRIBUTES = 12
FEW_VALUES = 30


def show(space: Space) -> Term | None:
    """The panel; a direction as a new term of the sum, when asked for."""
    left, right = st.columns(2)
    question = left.text_input(
        "Direction towards", state.recall(URL_DIRECTION) or _default(space),
        placeholder=picking.example(space.data_set), key="direction_question",
    )  # fmt: skip
    fixed_text = right.text_input(
        "Held fixed (for the third estimator)", state.recall(URL_FIXED) or _default_fixed(space),
        help="Questions, separated by semicolons", key="direction_fixed",
    )  # fmt: skip
    state.remember(URL_DIRECTION, question or None)
    state.remember(URL_FIXED, fixed_text or None)
    if not question.strip():
        st.caption("Ask for something that some items have and others have not.")
        return None
    fixed = tuple(part.strip() for part in fixed_text.split(";") if part.strip())
    side = space.model
    try:
        estimates = {
            name: readings.estimate(kind, question, fixed, side, space.data_set)
            for name, kind in ESTIMATORS.items()
            if kind != "conditional" or fixed
        }
    except AeCoreError as error:
        st.caption(f":material/info: {message(error)}")
        return None
    _quality(estimates)
    _side_effects(estimates, side, space)
    _cosines(estimates, side.codes.shape[1])
    return _add(question, fixed, estimates)


def _default(space: Space) -> str:
    for column in ("glasses", "Eyeglasses"):
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
    for column in ("woman", "Male"):
        if column in space.data_set.attributes:
            return column
    return ""


def _quality(estimates: dict[str, Estimate]) -> None:
    rows = {
        name: {
            "held-out accuracy": found.separation.accuracy,
            "AUC": found.separation.auc,
            "Cohen's d": found.separation.cohens_d,
            "wobble, 95 %": f"{found.cone.p95:.1f}°" if found.cone else "",
        }
        for name, found in estimates.items()
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
        f"On {sample.n_with:,} held-out items with it and {sample.n_without:,} without; chance is "
        "0.5. Wobble: 95 % of the directions from redrawn items lie within this angle."
    )


def _side_effects(estimates: dict[str, Estimate], side: Side, space: Space) -> None:
    readouts = readings.readouts_of(side, space.data_set)
    shown = readings.good(readouts)
    largest = np.max([np.abs(found.in_pictures) for found in estimates.values()], axis=0)
    order = np.argsort(-np.where(shown, largest, -1))[: min(N_ATTRIBUTES, int(shown.sum()))]
    if not order.size:
        st.caption("No attribute can be read off these codes well enough to meter side effects.")
        return
    st.markdown("**What one sigma along it moves**")
    figure = go.Figure()
    names = [readouts.names[index] for index in order]
    for colour, (name, found) in zip(PALETTE[3:], estimates.items(), strict=False):
        figure.add_scatter(
            x=found.in_pictures[order], y=names, mode="markers", name=name,
            marker={"color": colour, "size": 11},
            customdata=found.in_codes[order],
            hovertemplate="%{y}: %{x:.2f} σ in pictures, %{customdata:.2f} σ in codes",
        )  # fmt: skip
        figure.add_scatter(
            x=found.in_codes[order], y=names, mode="markers", showlegend=False, hoverinfo="skip",
            marker={"color": colour, "size": 9, "symbol": "circle-open"},
        )  # fmt: skip
    figure.update_layout(
        height=60 + 30 * len(names), margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.08}, yaxis={"autorange": "reversed"},
        xaxis={"title": "change of the reading, in its own sigmas", "zeroline": True},
    )  # fmt: skip
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    st.caption(
        "Filled: read off the picture, decoded and encoded again. Open: read off the moved code. "
        "What should stay at 0 and does not is a side effect."
    )


def _cosines(estimates: dict[str, Estimate], latent_dim: int) -> None:
    table = cosine_table({name: found.direction for name, found in estimates.items()})
    names = list(estimates)
    st.dataframe(pd.DataFrame(table, names, names).round(3), width="stretch")
    mean, p95 = expected_random_cosine(latent_dim)
    st.caption(
        f"Cosines between the directions. Two random directions in {latent_dim} dimensions have "
        f"{mean:.2f} on average, and below {p95:.2f} in 95 % of cases."
    )


def _add(question: str, fixed: tuple[str, ...], estimates: dict[str, Estimate]) -> Term | None:
    names = list(estimates)
    with st.container(horizontal=True):
        for name in names:
            kind: Kind = ESTIMATORS[name]
            what = f"{question} | {'; '.join(fixed)}" if kind == "conditional" else question
            if st.button(f"Add: {name.lower()}", icon=":material/add:", key=f"add_{kind}"):
                return Term(1, kind, what)
    return None
