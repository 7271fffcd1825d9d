"""Who else uses what: other windows of this server that show the same thing now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from threading import Lock

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from ae_core.words import count_of
from zoetrope.live.shared import process_wide


class Presence:
    """What each session shows, by kind of thing ("data set", "run")."""

    def __init__(self) -> None:
        self._shown: dict[str, dict[str, str]] = defaultdict(dict)  # kind: session: name
        self._lock = Lock()

    def note(self, kind: str, name: str, session: str, is_open: Callable[[str], bool]) -> int:
        """Say that a session shows something now; how many others that are open do.

        Args:
            kind: Of thing.
            name: The thing.
            session: Who shows it, and nothing else of this kind from now on.
            is_open: Whether a session still has a window; the others are forgotten.
        """
        with self._lock:
            shown = self._shown[kind]
            for each in [each for each in shown if not is_open(each)]:
                del shown[each]
            shown[session] = name
            return sum(other == name for each, other in shown.items() if each != session)


def show(kind: str, name: str) -> None:
    """Note that this session shows it; a quiet line where other windows do too."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return
    presence = process_wide("presence", Presence)
    is_open = runtime.get_instance().is_active_session
    n_others = presence.note(kind, name, context.session_id, is_open)
    if n_others:
        st.caption(f":material/group: In use in {count_of(n_others, 'other window')}.")
