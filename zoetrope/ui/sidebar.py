"""The sidebar: pickers of data and checkpoint, and long work in one place."""

import streamlit as st

from ae_core.codecs.checkpoints import list_broken
from ae_core.data.catalogue import list_broken_data_sets, list_data_sets
from ae_core.errors import AeCoreError
from ae_core.training import runs
from ae_core.words import count_of
from zoetrope.ui import adding, codec_notice, keys, presence, state, tray
from zoetrope.ui.codec_notice import shortened, title_of
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
        adding.tell_elsewhere()


def _pick_data() -> None:
    names = list_data_sets()
    asked, chosen = state.recall(keys.DATA), state.chosen_data_name()
    if asked is not None and asked not in names:
        is_broken = asked in list_broken_data_sets()
        why = f"There is no data set {shortened(asked)} here"
        if is_broken:
            why = f"Data set {asked!r} cannot be opened"
        state.refuse(keys.DATA, chosen, f"{why}: showing {chosen!r}.")
    # Set before the widget is drawn, so that the URL and other pages can move the picker.
    st.session_state[keys.DATA_PICKER] = chosen
    st.selectbox("Data", names, key=keys.DATA_PICKER, format_func=title_of, on_change=_data_picked)
    state.remember(keys.DATA, chosen)
    presence.show("data set", chosen)


def _data_picked() -> None:
    state.choose(data=st.session_state[keys.DATA_PICKER])


def _pick_checkpoint() -> None:
    try:
        fitting = {checkpoint.name: checkpoint for checkpoint in state.fitting_checkpoints()}
        names = state.codec_names()
    except AeCoreError as error:
        st.error(message(error))
        return
    asked, chosen = state.recall(keys.CHECKPOINT), state.chosen_codec_name()
    if asked is not None and asked not in names:
        why = codec_notice.why_not(asked)
        state.refuse(keys.CHECKPOINT, chosen, f"{why} Showing {codec_notice.words(chosen)}.")

    labels = {name: codec_notice.words(name) for name in names}
    for model in fitting.values():
        if not state.is_of_chosen_data(model):
            labels[model.name] += f" (of {title_of(model.config.data)})"
    st.session_state[keys.CHECKPOINT_PICKER] = chosen
    st.selectbox(
        "Checkpoint", names, key=keys.CHECKPOINT_PICKER, format_func=labels.__getitem__,
        on_change=_checkpoint_picked,
    )  # fmt: skip
    state.remember(keys.CHECKPOINT, chosen)
    if chosen in fitting:
        st.caption(as_written(fitting[chosen].summary()))
    else:
        st.caption("The best linear codec: there for any data, without training.")


def _checkpoint_picked() -> None:
    state.pick(keys.CHECKPOINT, st.session_state[keys.CHECKPOINT_PICKER])


def _list_broken() -> None:
    """Folders that cannot be opened, with the reason: they hurt nothing else."""
    reasons = [
        *list_broken_data_sets().values(),
        *list_broken().values(),
        *runs.list_broken_runs().values(),
    ]
    if not reasons:
        return
    with st.expander(f"{count_of(len(reasons), 'folder')} cannot be opened"):
        for reason in reasons[:_MOST_SHOWN]:
            st.caption(message(reason))
        if len(reasons) > _MOST_SHOWN:
            st.caption("`python -m ae_core list` names all of them.")
