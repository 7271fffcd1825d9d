"""The home page's slider: pictures that were decoded beforehand, so that it is there at once."""

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from zoetrope.live.shared import process_wide

STATIC = Path(__file__).parent / "static"
STRIP = STATIC / "home_strip.webp"
N_PICTURES = 33

_HTML = """
<div class="picture" role="img" aria-label="A face between two others"></div>
<input type="range" min="0" max="32" value="16" aria-label="From one face to another">
"""
_CSS = """
:host, .picture, input { display: block; }
.picture { width: min(320px, 100%); aspect-ratio: 1; border-radius: 8px;
  background-repeat: no-repeat; box-shadow: 0 0 0 1px var(--st-border-color); }
input { width: min(320px, 100%); height: 32px; margin: 8px 0 0; cursor: pointer;
  accent-color: var(--st-primary-color); }
"""


def show() -> None:
    """Draw it; dragging asks the server for nothing."""
    strip = base64.b64encode(STRIP.read_bytes()).decode()
    data = {"strip": f"data:image/webp;base64,{strip}", "n": N_PICTURES}
    _component()(key="home_slider", data=data)


def _component() -> Any:
    script = (STATIC / "home_slider.js").read_text(encoding="utf-8")
    return process_wide(
        "home slider component",
        lambda: st.components.v2.component("zoetrope_home_slider", html=_HTML, css=_CSS, js=script),
    )
