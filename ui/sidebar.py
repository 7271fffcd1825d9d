"""The sidebar: data, checkpoint with its one-line card, and long work in one place."""

import streamlit as st

from ae_core.checkpoints import list_broken
from ae_core.data.catalogue import about_data_set, list_data_sets
from ae_core.errors import AeCoreError
from ui import state


def show() -> None:
    """Draw the pickers, and put what they say into the URL."""
    with st.sidebar:
        _pick_data()
        _pick_checkpoint()


def _pick_data() -> None:
    names = list_data_sets()
    chosen = state.chosen_data_name()
    name = st.selectbox("Data", names, index=names.index(chosen), format_func=_title)
    if name != chosen:
        state.remember(state.CHECKPOINT, None)  # the old one need not fit
    state.remember(state.DATA, name)


def _title(name: str) -> str:
    try:
        about = about_data_set(name)
    except AeCoreError:
        return f"{name} (broken)"
    return about.title


def _pick_checkpoint() -> None:
    try:
        fitting = state.fitting_checkpoints()
        chosen = state.current_checkpoint() if fitting else None
    except AeCoreError as error:
        st.warning(str(error), icon=":material/warning:")
        chosen = fitting[0] if fitting else None
    if chosen is None:
        st.caption("No checkpoint fits this data yet: train one.")
        return
    names = [checkpoint.name for checkpoint in fitting]
    name = st.selectbox("Checkpoint", names, index=names.index(chosen.name))
    state.remember(state.CHECKPOINT, name)
    st.caption(next(found for found in fitting if found.name == name).summary())
    broken = list_broken()
    if broken:
        with st.expander(f"{len(broken)} that cannot be used"):
            for folder, reason in broken.items():
                st.caption(f"**{folder}**: {reason}")
