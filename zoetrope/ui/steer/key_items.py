"""The key items of a morph: which they are, and the row under the slider that changes them."""

from __future__ import annotations

import sys

import numpy as np
import streamlit as st

from ae_core.steering.paths import MAX_KEYS
from zoetrope.live.components.gallery import Curve, gallery
from zoetrope.ui import keys, state
from zoetrope.ui.steer import item_picker, notices
from zoetrope.ui.steer.space import Space


def current(space: Space) -> list[int]:
    """The items that the path goes through: from the URL, else two that differ."""
    n_items = len(space.data_set.items)
    chosen = state.recall_integers(keys.ITEMS, n_items=n_items)[:MAX_KEYS]
    notices.say_missing(state.recall_integers(keys.ITEMS, n_items=sys.maxsize), space)
    if len(chosen) >= 2:
        return chosen
    first = chosen[0] if chosen else 0
    distances = np.linalg.norm(space.model.codes - space.model.codes[first], axis=1)
    return [first, int(np.argsort(distances)[int(0.9 * (n_items - 1))])]


def use(items: list[int]) -> None:
    """Let the path go through these items from now on."""
    state.remember(keys.ITEMS, ",".join(str(item) for item in items))
    st.rerun()


def with_item(items: list[int], place: int, item: int) -> list[int]:
    """The same items, but `item` at `place`."""
    return [*items[:place], item, *items[place + 1 :]]


def show(space: Space, items: list[int], curves: list[Curve]) -> None:
    """The key items where the slider meets them; a click opens the editor that replaces one."""
    active = st.session_state.get(keys.MORPH_ACTIVE)
    picked = gallery(
        space.data_set.drawn(np.asarray(items)),
        labels=[f"Replace item {item}" for item in items],
        selected=active,
        under_slider=True,
        size_px=64,
        curves=curves,
        key="morph_keys",
    )
    if picked is not None:
        st.session_state[keys.MORPH_ACTIVE] = None if active == picked else picked
        st.rerun()
    if active is not None and active < len(items):
        _edit(space, items, active)


def _edit(space: Space, items: list[int], active: int) -> None:
    """Replace the item at place `active`, add one after it, or take it out."""
    item = item_picker.pick_item(space.data_set, key="morph_pick")
    if item is not None:
        use(with_item(items, active, item))
    add, remove, close = st.columns(3)
    if len(items) < MAX_KEYS and add.button("Add one after it", icon=":material/add:"):
        new = item_picker.random_item(space.data_set)
        use([*items[: active + 1], new, *items[active + 1 :]])
    if len(items) > 2 and remove.button("Take it out", icon=":material/remove:"):
        st.session_state[keys.MORPH_ACTIVE] = None
        use([*items[:active], *items[active + 1 :]])
    if close.button("Close", icon=":material/close:"):
        st.session_state[keys.MORPH_ACTIVE] = None
        st.rerun()
