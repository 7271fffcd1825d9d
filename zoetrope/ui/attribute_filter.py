"""Which items to show: those with some values of one attribute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from pandas.api import types

from ae_core.data.store import DataSet
from ae_core.words import count_of

ANYTHING = "anything"
N_LISTED = 30
"""Up to this many different values one of them is chosen."""
N_OFFERED = 1_000
"""Up to this many different texts some of them are chosen; of more a part is typed."""
N_STEPS = 200
EXACT_IN_A_BROWSER = 2**53
SHORTEST_SLIDER = 1e-6


def choose_rows(data_set: DataSet) -> NDArray[np.int64]:
    """Rows that a choice of an attribute and of its values leaves, ascending."""
    left, right = st.columns([0.4, 0.6], vertical_alignment="bottom")
    name = left.selectbox("Only items with", [ANYTHING, *data_set.visible_attributes()])
    if name == ANYTHING:
        return np.arange(len(data_set.items))
    known = has_value(data_set.attributes[name])
    with right:
        chosen = _choose(data_set.attributes[name][known])
    if not known.all():
        n_left_out = count_of(int(np.sum(~known)), "item")
        st.caption(f"Left out: {n_left_out} with no value there, or an infinite one.")
    return np.flatnonzero(known)[chosen.to_numpy(bool)]


def has_value(column: pd.Series[Any]) -> NDArray[np.bool_]:
    """Where an attribute is known and, if it is a number, finite; bool (N,)."""
    known: NDArray[np.bool_] = column.notna().to_numpy()
    if not types.is_numeric_dtype(column.dtype):
        return known
    return known & np.isfinite(column.to_numpy(np.float64, na_value=np.nan))


def _choose(values: pd.Series[Any]) -> pd.Series[Any]:
    """Which of these values are wanted: a widget that fits what they are."""
    options = values.unique()
    if len(options) <= N_LISTED:
        return values.isin([st.selectbox("equal to", sorted(options, key=str))])
    if _is_ordered(values):
        first, last = _range(values)
        return values.between(first, last)
    if len(options) <= N_OFFERED:
        words = "Choose or type; all of them if none"
        some = st.multiselect("any of", sorted(options, key=str), placeholder=words)
        return values.isin(some or options)
    part = st.text_input("containing", placeholder="A part of it; all of them if none")
    return values.astype(str).str.contains(part, case=False, regex=False)


def _is_ordered(values: pd.Series[Any]) -> bool:
    is_time = types.is_datetime64_any_dtype(values) or types.is_timedelta64_dtype(values)
    return bool(is_time or types.is_numeric_dtype(values))


def _range(values: pd.Series[Any]) -> tuple[Any, Any]:
    """The lowest and the highest value wanted."""
    if types.is_numeric_dtype(values):
        low, high = float(values.min()), float(values.max())
        if max(-low, high) <= EXACT_IN_A_BROWSER and high - low >= SHORTEST_SLIDER:
            if types.is_integer_dtype(values):
                return st.slider("between", int(low), int(high), (int(low), int(high)))
            step = (high - low) / 1_000
            return st.slider("between", low, high, (low, high), step, format="%.4g")
    # Dates, and numbers that a browser would round: by their places among each other.
    distinct = values.drop_duplicates().sort_values()
    places = np.linspace(0, len(distinct) - 1, min(len(distinct), N_STEPS)).round().astype(int)
    options = list(distinct.iloc[places])
    return st.select_slider("between", options, (options[0], options[-1]), format_func=text_of)


def text_of(value: object) -> str:
    """A value as it stands at the end of a slider; a day without its midnight."""
    return str(value).removesuffix(" 00:00:00")
