"""Removing a data set of one's own, and bringing it back within a day."""

import time

import streamlit as st

from ae_core import removal
from ae_core.data import trash
from ae_core.data.catalogue import EMBEDDED, list_broken_data_sets
from zoetrope.ui import page, state
from zoetrope.ui.plain_text import as_written, message


def show(name: str) -> None:
    """The question, and what depends on the data set."""
    with st.popover("Remove this data set", icon=":material/delete:"):
        uses = removal.uses_of_data_set(name)
        st.markdown(
            f"This removes **{as_written(name)}** for everybody who uses this server. It can be "
            "brought back within a day, on this page."
        )
        if uses.dependants():
            st.markdown(as_written(uses.dependants()))
        busy = uses.who_is_at_it()
        if busy:
            st.warning(as_written(f"It is in use: {busy}."))
        if st.button("Remove", type="primary", disabled=bool(busy)):
            _remove(name)


def _remove(name: str) -> None:
    with page.errors_in_words(ends_page=False):
        removal.remove_if_unused(name)
        if name == state.chosen_data_name():
            state.choose(data=EMBEDDED[0])
        st.rerun()


def show_broken() -> None:
    """Data sets that cannot be opened, each with a button that removes it."""
    for name, why in list_broken_data_sets().items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(message(f"{name} cannot be opened: {why}"), width="stretch")
            if st.button("Remove", key=f"remove-{name}", icon=":material/delete:"):
                _remove(name)


def show_removed() -> None:
    """What was removed within the last day, each with a button that brings it back."""
    for removed in trash.list_removed():
        hours = (time.time() - removed.removed_at) / 3600
        when = "within the last hour" if hours < 1 else f"{hours:.0f} h ago"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":gray[Removed {when}: **{as_written(removed.name)}**]", width="content")
            key = f"undo-{removed.folder.name}"
            if st.button("Undo", key=key, icon=":material/undo:", type="tertiary"):
                trash.restore(removed)
                state.choose(data=removed.name)
                st.rerun()
