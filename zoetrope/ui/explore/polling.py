"""A part of a page that looks again twice a second while something is made, and not otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ae_core.processes.worker_client import RequestState
from zoetrope.ui import keys, page

POLL_S = 0.5


def show_while_made(show: Callable[[], Sequence[RequestState]]) -> None:
    """Call `show`, again and again while one of the jobs that it returns is active."""
    is_polling = st.session_state.get(keys.POLLING, False)

    def show_and_look() -> None:
        with page.errors_in_words(ends_page=False):
            _poll_while_active(show(), is_polling)

    st.fragment(show_and_look, run_every=POLL_S if is_polling else None)()


def _poll_while_active(jobs: Sequence[RequestState], is_polling: bool) -> None:
    is_waiting = any(job.is_active for job in jobs)
    if is_waiting != is_polling:
        st.session_state[keys.POLLING] = is_waiting
        st.rerun()
