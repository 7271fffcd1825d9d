"""What changed between two maps: the items whose neighbours differ most."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ae_core.data.store import DataSet
from ae_core.maps.map import load_map
from ae_core.maps.pairs import N_NEIGHBOURS, changed_neighbours
from ae_core.words import count_of
from zoetrope.live.components.gallery import gallery
from zoetrope.ui import keys, state
from zoetrope.ui.explore import group_bar

N_SHOWN = 12


def show(first_key: str, second_key: str, data_set: DataSet) -> None:
    """The share of neighbours that changed, and the items with most; they can become the group."""
    changed = _changed(first_key, second_key)
    if changed is None:
        return
    n_both = int(np.isfinite(changed).sum())
    most = np.argsort(-changed, kind="stable")[: min(N_SHOWN, n_both)]  # NaN comes last
    among = "" if n_both == len(changed) else f", among the {count_of(n_both, 'item')} on both maps"
    state.switch("Draw the movement", keys.MOVEMENT)
    st.markdown(
        f"**Neighbours changed:** {np.nanmean(changed):.0%} of {min(N_NEIGHBOURS, n_both - 1)} "
        f"on average{among} "
        ":gray[most for these]"
    )
    gallery(
        data_set.drawn(most),
        key="map_changed",
        captions=[f"{share:.0%}" for share in changed[most]],
        labels=[f"item {item}" for item in most],
        clickable=False,
    )
    group_bar.offer_as_group(data_set, most, key="changed_as_group")


@st.cache_data(max_entries=16, show_spinner="Comparing the neighbours on both maps")
def _changed(first_key: str, second_key: str) -> np.ndarray | None:
    first, second = load_map(first_key), load_map(second_key)
    if first is None or second is None:
        return None
    return changed_neighbours(np.asarray(first.points), np.asarray(second.points))
