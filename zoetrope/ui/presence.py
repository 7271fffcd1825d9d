"""Who else uses what: other sessions of this server that have lately shown the same thing."""

from __future__ import annotations

import time
from collections import defaultdict
from threading import Lock

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from zoetrope.live.shared import process_wide

RECENT_S = 600.0


class Presence:
    """Which session has shown which thing, and when; things are named by kind and name."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        self._lock = Lock()

    def note(self, kind: str, name: str, session: str, *, now_s: float) -> int:
        """Say that a session shows something now; how many others have within `RECENT_S`."""
        with self._lock:
            self._seen[kind, name][session] = now_s
            self._forget_before(now_s - RECENT_S)
            return len(self._seen[kind, name]) - 1

    def _forget_before(self, then_s: float) -> None:
        for thing, sessions in list(self._seen.items()):
            for session in [each for each, seen_s in sessions.items() if seen_s < then_s]:
                del sessions[session]
            if not sessions:
                del self._seen[thing]


def others_in_words(kind: str, name: str) -> str:
    """Note that this session shows it, and who else does: "2 others ..."; empty where nobody."""
    context = get_script_run_ctx(suppress_warning=True)
    session = context.session_id if context else "no session"
    presence = process_wide("presence", Presence)
    n_others = presence.note(kind, name, session, now_s=time.monotonic())
    if n_others == 0:
        return ""
    people = "1 other session has" if n_others == 1 else f"{n_others} other sessions have"
    return f"{people} used this {kind} in the last {RECENT_S / 60:.0f} minutes."


def show(kind: str, name: str) -> None:
    """A quiet line where somebody else uses the same; nothing where nobody does."""
    words = others_in_words(kind, name)
    if words:
        st.caption(f":material/group: {words}")
