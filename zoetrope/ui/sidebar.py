"""The sidebar: pickers of data and checkpoint, and long work in one place."""

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint, list_broken
from ae_core.data.catalogue import about_data_set, list_data_sets
from ae_core.errors import AeCoreError
from zoetrope.ui import keys, state, tray
from zoetrope.ui.plain_text import as_written, message


def show() -> None:
    """Draw the pickers, and put what they say into the URL."""
    with st.sidebar:
        _pick_data()
        _pick_checkpoint()
        _list_broken()


def show_work() -> None:
    """Draw the tray of long work, under the pickers."""
    with st.sidebar:
        tray.show()


def _pick_data() -> None:
    names = list_data_sets()
    asked = state.recall(keys.DATA)
    if asked is not None and asked not in names:
        st.warning(message(f"There is no data set {asked!r} here: showing {names[0]!r}."))
    chosen = state.chosen_data_name()
    # Set before the widget is drawn, so that the URL and other pages can move the picker.
    st.session_state[keys.DATA_PICKER] = chosen
    st.selectbox("Data", names, key=keys.DATA_PICKER, format_func=_title, on_change=_data_picked)
    state.remember(keys.DATA, chosen)


def _data_picked() -> None:
    state.choose(data=st.session_state[keys.DATA_PICKER])


def _title(name: str) -> str:
    try:
        return about_data_set(name).title
    except AeCoreError:
        return f"{name} (broken)"


def _pick_checkpoint() -> None:
    try:
        fitting = state.fitting_checkpoints()
    except AeCoreError as error:
        st.error(message(error))
        return
    if not fitting:
        st.caption("No checkpoint fits this data yet: train one.")
        return
    chosen = _chosen(fitting)
    st.session_state[keys.CHECKPOINT_PICKER] = chosen.name
    names = [checkpoint.name for checkpoint in fitting]
    st.selectbox("Checkpoint", names, key=keys.CHECKPOINT_PICKER, on_change=_checkpoint_picked)
    state.remember(keys.CHECKPOINT, chosen.name)
    st.caption(as_written(chosen.summary()))


def _chosen(fitting: list[Checkpoint]) -> Checkpoint:
    try:
        return state.current_checkpoint()
    except AeCoreError as error:
        st.warning(message(f"{error} Showing {fitting[0].name!r}."))
        state.remember(keys.CHECKPOINT, fitting[0].name)
        return fitting[0]


def _checkpoint_picked() -> None:
    state.remember(keys.CHECKPOINT, st.session_state[keys.CHECKPOINT_PICKER])


def _list_broken() -> None:
    broken = list_broken()
    if broken:
        with st.expander(f"{len(broken)} that cannot be used"):
            for folder, reason in broken.items():
                st.caption(f"**{as_written(folder)}**: {message(reason)}")
