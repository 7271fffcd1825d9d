"""What a link to the map holds beside the address's own words: its group, and the part in sight.

A kept group goes by its name. Anything else is kept as a bookmark, whose short id is in the
address as long as it is what the map shows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from pydantic import ValidationError

from ae_core.data.bookmarks import BookmarkError, View, keep_view, open_view
from ae_core.data.store import DataSet
from zoetrope.live.components.map import ItemSource, MapState
from zoetrope.live.components.map_group import choose_group, group_of_items, pack_rows, unpack_rows
from zoetrope.ui import kept_groups, keys, state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.plain_text import message


def restore(work: WorkingSet) -> None:
    """Choose what the address names, once a session; say it where that is not there."""
    data_set, n_items = work.data_set, len(work.data_set.items)
    place = ItemSource.of(data_set).place
    if work.is_preview or group_of_items(place, n_items) is not None:
        return
    rows = np.array([], np.int64)
    name, bookmark = state.recall(keys.GROUP), state.recall(keys.VIEW)
    if name is not None:
        group = kept_groups.read(data_set).groups.get(name)
        if group is None:
            st.warning(message(f"The address names the group {name[:80]!r}, which is not kept."))
        else:
            rows = np.array(group.items, np.int64)
    if bookmark is not None:
        view = _opened(bookmark, data_set)
        if view is not None:
            rows = unpack_rows(view.group, n_items) if view.group else rows
            if view.ranges:
                part = {"map": view.map_key, "ranges": list(view.ranges), "revision": bookmark}
                st.session_state[keys.LINKED_PART] = part
    if rows.size:
        choose_group(place, rows, n_items)


def _opened(bookmark: str, data_set: DataSet) -> View | None:
    """The view of that id, if it is one of these items; else it is said."""
    about = data_set.about
    try:
        view = open_view(bookmark)
    except BookmarkError as error:
        st.warning(message(error))
        return None
    is_of_these = view.data_fingerprint == about.fingerprint
    if not is_of_these or (view.group and not view.group_fits(about.n_items)):
        st.warning("The view of the address is one of other items: showing the map without it.")
        return None
    return view


def show(work: WorkingSet, seen: MapState) -> None:
    """The button; and take out of the address what the map does not show any more."""
    if work.is_preview:
        return
    data_set = work.data_set
    view = _current(data_set, seen)
    is_restored = group_of_items(ItemSource.of(data_set).place, len(data_set.items)) is not None
    if is_restored:
        state.remember(keys.GROUP, _kept_name(data_set, seen.group))
    is_known = is_restored or bool(view.ranges)
    if is_known and state.recall(keys.VIEW) not in (None, view.bookmark):
        state.remember(keys.VIEW, None)
    if st.button(
        "Bookmark",
        icon=":material/bookmark_add:",
        disabled=not (view.group or view.ranges),
        help="Keeps the group and the part of the map in sight under a short id in the address: a "
        "link then shows them as well.",
    ):
        state.remember(keys.VIEW, keep_view(view))
        st.toast("The address holds the whole view now: copy it to share it.")


def _current(data_set: DataSet, seen: MapState) -> View:
    """What the map shows, as far as the address's own words do not say it."""
    about = data_set.about
    bits = "" if seen.group is None else pack_rows(seen.group, about.n_items)
    whole = View(data=about.name, data_fingerprint=about.fingerprint, group=bits)
    part: Any = seen.part or st.session_state.get(keys.LINKED_PART)
    try:  # the browser may say anything
        of_part = {"map_key": part["map"], "ranges": tuple(map(float, part["ranges"]))}
        return View.model_validate({**whole.model_dump(), **of_part})
    except (TypeError, KeyError, ValueError, ValidationError):
        return whole


def _kept_name(data_set: DataSet, group: NDArray[np.int64] | None) -> str | None:
    """The name under which exactly these items are kept."""
    if group is None:
        return None
    for name, kept in kept_groups.read(data_set).groups.items():
        if kept.n_items == len(group) and np.array_equal(kept.items, group):
            return name
    return None
