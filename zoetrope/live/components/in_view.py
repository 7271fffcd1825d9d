"""Bring a part of the page into view: what a click has started may lie a screen away."""

from __future__ import annotations

from typing import Any

import streamlit as st

from zoetrope.live.assets import loader
from zoetrope.live.shared import process_wide


def bring_into_view(target: str, *, asked: int) -> None:
    """Scroll so that a container begins at the top of the window.

    Args:
        target: The container's key; it must be on the page already.
        asked: How often this session has asked for it: every new number scrolls once.
    """
    _component()(key=f"in_view_{target}", data=[{"target": target, "asked": asked}])


def _component() -> Any:
    return process_wide(
        "in view component",
        lambda: st.components.v2.component("zoetrope_in_view", js=loader("page/in_view.js")),
    )
