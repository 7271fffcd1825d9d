"""The group of items: chosen on a map or by Python, kept in the session, sent as one bit an item.

A group belongs to items, not to one map of them. It is kept under a name of its own, because a
component's state vanishes with a page change.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

GROUP = "map_group of {}"
"""Session key; the place stands for the items (`ItemSource.place`)."""


BEFORE = "map_groups_before of {}"
"""Session key: the groups before the present one, the newest last."""
MAX_BEFORE = 20


def choose_group(place: str, rows: NDArray[np.int64], n_items: int) -> None:
    """Make `rows` the group of all maps of these items, at the next run of the page."""
    bits = pack_rows(rows, n_items) if len(rows) else None
    _keep({"items": place, "n": n_items, "bits": bits, "revision": secrets.token_hex(6)})


def group_of_items(place: str, n_items: int) -> dict[str, Any] | None:
    """The group of these items, packed: what the browser told or Python chose, whichever came
    last."""
    group: dict[str, Any] | None = st.session_state.get(GROUP.format(place))
    return group if group and group["n"] == n_items else None


def keep_told_group(component: str) -> None:
    """The browser tells a group, before the page runs: all its maps then show the same."""
    told = (st.session_state.get(component) or {}).get("group")
    if told:
        _keep(told)


def rows_of(group: dict[str, Any] | None) -> NDArray[np.int64] | None:
    """Rows of a packed group, ascending; None where there is none."""
    return unpack_rows(group["bits"], group["n"]) if group and group["bits"] else None


def can_undo(place: str) -> bool:
    """Whether there was another group of these items before the present one."""
    return bool(st.session_state.get(BEFORE.format(place)))


def undo_group(place: str) -> None:
    """Back to the group, or to none, that there was before."""
    before = st.session_state.get(BEFORE.format(place))
    if before:
        group = before.pop()
        st.session_state[GROUP.format(place)] = group | {"revision": secrets.token_hex(6)}


def _keep(group: dict[str, Any]) -> None:
    place = group["items"]
    nothing = {"items": place, "n": group["n"], "bits": None}
    now = st.session_state.get(GROUP.format(place), nothing)
    if now["bits"] != group["bits"]:
        before = st.session_state.setdefault(BEFORE.format(place), [])
        before.append(now)
        del before[:-MAX_BEFORE]
    st.session_state[GROUP.format(place)] = group


def pack_rows(rows: NDArray[np.int64], n_items: int) -> str:
    """One bit an item, the lowest bit first, as base64."""
    mask = np.zeros(n_items, np.uint8)
    mask[rows] = 1
    return base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode()


def unpack_rows(bits: str, n_items: int) -> NDArray[np.int64]:
    """Rows of the set bits, ascending; what `pack_rows` packed."""
    packed = np.frombuffer(base64.b64decode(bits), np.uint8)
    mask = np.unpackbits(packed, count=min(n_items, 8 * packed.size), bitorder="little")
    return np.flatnonzero(mask).astype(np.int64)
