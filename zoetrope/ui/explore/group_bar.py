"""Keep the group under a name, bring kept ones back, combine them, undo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ae_core.data.groups import (
    Group,
    delete_group,
    make_group,
    restore_group,
    save_group,
)
from ae_core.data.store import DataSet
from zoetrope.live.components.map import ItemSource
from zoetrope.live.components.map_group import can_undo, choose_group, undo_group
from zoetrope.ui import kept_groups
from zoetrope.ui.plain_text import as_written, message


def show(data_set: DataSet, group: NDArray[np.int64] | None) -> None:
    """`group` are the rows chosen on the map, int64 (n,); None: there is none."""
    about, n_items = data_set.about, len(data_set.items)
    kept = kept_groups.read(data_set)
    deleted = [each for name, each in kept.deleted().items() if name not in kept.groups]
    place = ItemSource.of(data_set).place
    row = st.container(horizontal=True, vertical_alignment="bottom")
    name = row.text_input(
        "Keep the group as", key="group_name", placeholder="a name", disabled=group is None
    )
    if row.button("Keep", icon=":material/bookmark:", disabled=group is None):
        made = make_group(name, group if group is not None else [], n_items, source="lasso")
        save_group(made, about.name, about.fingerprint, n_items)
        st.rerun()
    if row.button(
        "Undo",
        icon=":material/undo:",
        disabled=not can_undo(place),
        help="Back to the group before this one",
    ):
        undo_group(place)
        st.rerun()
    is_empty = not kept.groups and not deleted and not kept.problems
    label = f"Kept groups ({len(kept.groups)})"
    with row.popover(label, disabled=is_empty):
        st.caption("Shared by everybody who uses this server.")
        for each in kept.groups.values():
            _offer(each, data_set, group)
        for each in deleted:
            _offer_back(each, data_set)
        for problem in kept.problems:
            st.caption(f"Left out: {message(problem)}")


def offer_as_group(data_set: DataSet, rows: NDArray[np.int64], *, key: str) -> None:
    """A button that makes these items the group."""
    if st.button("Make these the group", icon=":material/bookmark:", key=key):
        _choose(data_set, np.sort(rows).astype(np.int64))


def _choose(data_set: DataSet, rows: NDArray[np.int64]) -> None:
    choose_group(ItemSource.of(data_set).place, rows, len(data_set.items))
    st.rerun()


_Rows = NDArray[np.int64]
COMBINED: dict[str, tuple[str, Callable[[_Rows, _Rows], _Rows]]] = {
    "and": ("Items in both", np.intersect1d),
    "or": ("Items in either", np.union1d),
    "not": ("Items of the present group that are not in this one", np.setdiff1d),
}


def _offer(group: Group, data_set: DataSet, present: NDArray[np.int64] | None) -> None:
    """A kept group: use it, combine the present one with it, or delete it."""
    about, n_items = data_set.about, len(data_set.items)
    label = f"{as_written(group.name)} ({group.n_items:,})"
    items = np.array(group.items, np.int64)
    row = st.container(horizontal=True, gap="small")
    if row.button(label, key=f"use-{group.name}", width="stretch"):
        _choose(data_set, items)
    for name, (meaning, combine) in COMBINED.items():
        key = f"{name}-{group.name}"
        if row.button(name, key=key, help=meaning, disabled=present is None, type="tertiary"):
            assert present is not None  # the button is off without a group
            _choose(data_set, combine(present, items))
    if row.button(
        "",
        icon=":material/delete:",
        key=f"drop-{group.name}",
        type="tertiary",
        help="Delete; it can be brought back for a day",
    ):
        delete_group(group.name, about.name, about.fingerprint, n_items)
        st.rerun()


def _offer_back(group: Group, data_set: DataSet) -> None:
    """A group that was deleted within the last day."""
    about, n_items = data_set.about, len(data_set.items)
    label = f"Bring back {as_written(group.name)}"
    key = f"restore-{group.name}"
    if st.button(label, icon=":material/undo:", key=key, type="tertiary"):
        restore_group(group.name, about.name, about.fingerprint, n_items)
        st.rerun()
