"""Keep the group under a name, and bring kept ones back."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ae_core.data.groups import Group, delete_group, load_groups, make_group, save_group
from ae_core.data.store import DataSet
from zoetrope.live.components.map import ItemSource
from zoetrope.live.components.map_group import choose_group
from zoetrope.ui.plain_text import as_written


def show(data_set: DataSet, group: NDArray[np.int64] | None) -> None:
    """`group` are the rows chosen on the map, int64 (n,); None: there is none."""
    about, n_items = data_set.about, len(data_set.items)
    groups = load_groups(about.name, about.fingerprint, n_items)
    left, middle, right = st.columns([0.4, 0.2, 0.4], vertical_alignment="bottom")
    name = left.text_input(
        "Keep the group as", key="group_name", placeholder="a name", disabled=group is None
    )
    if middle.button("Keep", icon=":material/bookmark:", disabled=group is None, width="stretch"):
        made = make_group(name, group if group is not None else [], n_items, source="lasso")
        save_group(made, about.name, about.fingerprint, n_items)
        st.rerun()
    with right.popover(f"Kept groups ({len(groups)})", width="stretch", disabled=not groups):
        for each in groups.values():
            _offer(each, data_set)


def _offer(group: Group, data_set: DataSet) -> None:
    """A kept group: use it or forget it."""
    about, n_items = data_set.about, len(data_set.items)
    left, right = st.columns([0.8, 0.2])
    label = f"{as_written(group.name)} ({group.n_items:,})"
    if left.button(label, key=f"use-{group.name}", width="stretch"):
        choose_group(ItemSource.of(data_set).place, np.array(group.items, np.int64), n_items)
        st.rerun()
    if right.button("", icon=":material/delete:", key=f"drop-{group.name}", help="Forget"):
        delete_group(group.name, about.name, about.fingerprint, n_items)
        st.rerun()
