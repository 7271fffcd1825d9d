"""Presentation mode: stage and sliders alone, for a projector; key "p" or the header's button."""

from pathlib import Path
from typing import Any

import streamlit as st

from zoetrope.live.shared import process_wide
from zoetrope.ui import keys, state

PICTURE_PX = 480
PRESENTED_PICTURE_PX = 520

_HTML = """
<button type="button">
  <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="none"
       stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">
    <rect x="3" y="4" width="18" height="12" rx="1.5"/><path d="M12 16v4M8 20h8"/>
  </svg>
</button>
"""
_CSS = """
button {
  display: grid; place-items: center; width: 40px; height: 40px; margin-left: auto;
  border: 1px solid var(--st-border-color); border-radius: 8px; cursor: pointer;
  background: none; color: var(--st-text-color);
}
button:hover, button:focus-visible { color: var(--st-primary-color);
  border-color: var(--st-primary-color); outline: none; }
button[aria-pressed="true"] { border-color: transparent; opacity: 0.5; }
"""


def is_on() -> bool:
    """Whether the page is being presented."""
    return state.recall(keys.PRESENT) == "1"


def picture_px() -> int:
    """How large pictures on the stage are at most, in CSS pixels; the height of the window bounds
    them too, so that the sliders stay in sight."""
    return PRESENTED_PICTURE_PX if is_on() else PICTURE_PX


def stop_here() -> None:
    """End the page after stage and sliders while it is being presented."""
    if is_on():
        state.end_page()


def toggle_button() -> None:
    """The button and its key; while presenting also the mark that the style sheet looks for."""
    if is_on():
        st.html('<span class="zoetrope-presentation"></span>')
    _component()(
        key="presenting", data={"presenting": is_on()}, width=40, on_toggled_change=_toggle
    )


def _toggle() -> None:
    state.remember(keys.PRESENT, None if is_on() else "1")


def _component() -> Any:
    script = Path(__file__).parent / "static" / "presentation.js"
    return process_wide(
        "presentation component",
        lambda: st.components.v2.component(
            "zoetrope_presentation", html=_HTML, css=_CSS, js=script.read_text(encoding="utf-8")
        ),
    )
