"""Which run is looked at: those of the chosen data, the newest first; others by their name."""

import streamlit as st

from ae_core.training import runs
from zoetrope.ui import keys, state
from zoetrope.ui.plain_text import as_written


def choose() -> str | None:
    """The run that the address names, else the newest on the chosen data; None: there is none.

    A run on other data is shown only to who asks for it, with the data's name beside its own.
    """
    data = state.chosen_data_name()
    data_of = {run.name: run.request.data for run in runs.list_runs()}
    own = [name for name in data_of if data_of[name] == data]
    others = [name for name in data_of if data_of[name] != data]
    asked = state.recall(keys.RUN)
    chosen = asked if asked in data_of else next(iter(own), None)
    if not data_of:
        return None
    # Set before the widget is drawn, so that the address and a new run can move the picker.
    st.session_state[keys.RUN_PICKER] = chosen
    st.selectbox(
        "Run", [*own, *others], key=keys.RUN_PICKER, placeholder="None on this data",
        index=0 if chosen else None,  # what has a run cannot be emptied
        format_func=lambda name: name if data_of[name] == data else f"{name} (on {data_of[name]})",
        on_change=lambda: state.remember(keys.RUN, st.session_state[keys.RUN_PICKER]),
    )  # fmt: skip
    if chosen is not None:
        state.remember(keys.RUN, chosen)
        if data_of[chosen] != data:
            st.caption(f"This run is on **{as_written(data_of[chosen])}**, not on the chosen data.")
    return chosen
