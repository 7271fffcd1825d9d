"""The sidebar: pickers of data and checkpoint, and long work in one place."""

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint, list_broken
from ae_core.data.catalogue import about_data_set, list_broken_data_sets, list_data_sets
from ae_core.errors import AeCoreError
from ae_core.training import runs
from zoetrope.ui import keys, presence, state, tray
from zoetrope.ui.plain_text import as_written, message

_MOST_SHOWN = 20


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
        is_broken = asked in list_broken_data_sets()
        why = f"There is no data set {asked!r} here"
        if is_broken:
            why = f"Data set {asked!r} cannot be opened"
        st.warning(message(f"{why}: showing {names[0]!r}."))
    chosen = state.chosen_data_name()
    # Set before the widget is drawn, so that the URL and other pages can move the picker.
    st.session_state[keys.DATA_PICKER] = chosen
    st.selectbox("Data", names, key=keys.DATA_PICKER, format_func=_title, on_change=_data_picked)
    state.remember(keys.DATA, chosen)
    presence.show("data set", chosen)


def _data_picked() -> None:
    state.choose(data=st.session_state[keys.DATA_PICKER])


def _title(name: str) -> str:
    try:
        return about_data_set(name).title
    except AeCoreError:  # gone since it was listed
        return name


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
    """Folders that cannot be opened, with the reason: they hurt nothing else."""
    reasons = [
        *list_broken_data_sets().values(),
        *list_broken().values(),
        *runs.list_broken_runs().values(),
    ]
    if not reasons:
        return
    folders = "1 folder" if len(reasons) == 1 else f"{len(reasons)} folders"
    with st.expander(f"{folders} cannot be opened"):
        for reason in reasons[:_MOST_SHOWN]:
            st.caption(message(reason))
        if len(reasons) > _MOST_SHOWN:
            st.caption("`python -m ae_core list` names all of them.")
