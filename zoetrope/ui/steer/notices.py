"""What a steering page says while the model, items or codes are not there yet."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ae_core.words import count_of
from zoetrope.live.engine.engine import is_warm
from zoetrope.ui import state
from zoetrope.ui.steer.space import Space


def wait_until_warm() -> None:
    """End the page here, until it can decode; it then goes on by itself.

    Importing torch takes the processor for seconds: stage and sliders must be on screen first.
    """
    if not is_warm():
        _look_again()
        state.end_page()


@st.fragment(run_every=0.5)
def _look_again() -> None:
    st.caption("More comes as soon as the model is loaded.")
    if is_warm():
        st.rerun()


def say_preview(space: Space) -> None:
    """Say where only the first items are there yet."""
    if space.is_preview:
        n_first = count_of(len(space.data_set.items), "item")
        st.caption(
            f"Working with the first {n_first}; the rest is being encoded, the sidebar shows how "
            "far it is."
        )


def say_missing(asked: Sequence[int], space: Space) -> None:
    """Say where the address names items that are not there."""
    n_items = len(space.data_set.items)
    missing = [item for item in asked if item >= n_items]
    if missing and space.is_preview:
        st.caption(f"Item {missing[0]:,} comes when all items are there.")
    elif missing:
        st.warning(
            f"The address names item {missing[0]:,}, which is not here: there are "
            f"{count_of(n_items, 'item')}. Showing others."
        )
