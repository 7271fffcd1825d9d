"""Where the sliders of a stage start: the positions in the URL, read once a visit."""

from __future__ import annotations

import streamlit as st

from zoetrope.ui import keys, state


def opening_positions(component: str, url: str, signature: str = "") -> dict[str, float]:
    """Slider positions to start from, by the sliders' names.

    They are not read again while a slider is dragged: a rerun that is late would put it back to
    where it was. They are, when `signature` changes: other sliders, but the same positions.

    Args:
        component: Key of the stage's component.
        url: Name of the positions in the URL.
        signature: Which sliders there are.
    """
    place = keys.OPENING.format(component)
    is_touched = bool((st.session_state.get(component) or {}).get("positions"))
    known_signature, positions = st.session_state.get(place, (None, {}))
    if not is_touched or known_signature != signature:
        positions = state.recall_numbers(url)
        st.session_state[place] = (signature, positions)
    opening: dict[str, float] = positions
    return opening
