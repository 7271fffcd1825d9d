"""Keep the group under a name, and bring kept ones back."""

from __future__ import annotations

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
from zoetrope.live.components.map_group import choose_group
from zoetrope.ui import kept_groups
from zoetrope.ui.plain_text import as_written, message


def show(data_set: DataSet, group: NDArray[np.int64] | None) -> None:
    """`group` are the rows chosen on the map, int64 (n,); None: there is none."""
    about, n_items = data_set.about, len(data_set.items)
    kept = kept_groups.read(data_set)
    deleted = [each for name, each in kept.deleted().items() if name not in kept.groups]
    left, middle, right = st.columns([0.4, 0.2, 0.4], vertical_alignment="bottom")
    name = left.text_input(
        "Keep the group as", key="group_name", placeholder="a name", disabled=group is None
    )
    if middle.button("Keep", icon=":material/bookmark:", disabled=group is None, width="stretch"):
        made = make_group(name, group if group is not None else [], n_items, source="lasso")
        save_group(made, about.name, about.fingerprint, n_items)
        st.rerun()
    is_empty = not kept.groups and not deleted and not kept.problems
    label = f"Kept groups ({len(kept.groups)})"
    with right.popover(label, width="stretch", disabled=is_empty):
        st.caption("Shared by everybody who uses this server.")
        for each in kept.groups.values():
            _offer(each, data_set)
        for each in deleted:
            _offer_back(each, data_set)
        for problem in kept.problems:
            st.caption(f"Left out: {message(problem)}")


def _offer(group: Group, data_set: DataSet) -> None:
    """A kept group: use it or delete it."""
    about, n_items = data_set.about, len(data_set.items)
    left, right = st.columns([0.8, 0.2])
    label = f"{as_written(group.name)} ({group.n_items:,})"
    if left.button(label, key=f"use-{group.name}", width="stretch"):
        choose_group(ItemSource.of(data_set).place, np.array(group.items, np.int64), n_items)
        st.rerun()
    if right.button(
        "",
        icon=":material/delete:",
        key=f"drop-{group.name}",
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
