"""What can be done with the group chosen on the map: take it to another page, or look into it."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import codes_key
from ae_core.data.groups import make_group, save_group
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.steering.contrasts import Contrast, contrasts
from ae_core.steering.paths import MAX_KEYS
from ae_core.steering.sums import Term, format_sum
from ae_core.steering.unusual import MAX_ASKED, Pair, most_unusual, near_duplicates
from ae_core.words import count_of
from zoetrope.live.components.gallery import gallery
from zoetrope.ui import keys, state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore import group_bar
from zoetrope.ui.explore.map_words import words
from zoetrope.ui.plain_text import message

N_SHOWN = 12
N_CONTRASTS = 25
LEAST_EFFECT = 0.05
"""A smaller effect is not worth a row."""
MAX_NAMED_ITEMS = 60
"""A sum names so many items one by one; a larger group is kept under a name."""

Rows = NDArray[np.int64]
VIEWS = {
    "apart": "What sets it apart",
    "unusual": "Most unusual",
    "duplicates": "Duplicates",
}


def show(checkpoint: Checkpoint, work: WorkingSet, group: Rows | None) -> None:
    """`group`: rows chosen on the map, ascending; None: nothing is offered."""
    if group is None:
        return
    data_set = work.data_set
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _offer_pages(data_set, work.codes, group)
        view = st.segmented_control(
            "Look into it",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            label_visibility="collapsed",
            key="group_view",
        )
    key = codes_key(checkpoint, data_set)
    try:
        if view == "apart":
            _show_contrasts(_contrasts(key, group, data_set, work.codes))
        elif view == "unusual":
            _show_unusual(*_unusual(key, group, work.codes), data_set, len(group))
        elif view == "duplicates":
            _show_duplicates(_duplicates(key, group, work.codes, data_set), data_set)
    except AeCoreError as error:
        st.info(message(error))


# ---------------------------------------------------------------------------- other pages


def _offer_pages(data_set: DataSet, codes: np.ndarray, group: Rows) -> None:
    if st.button(
        "Morph between these",
        icon=":material/timeline:",
        disabled=len(group) < 2,
        help=f"Up to {MAX_KEYS} of them, evenly spaced, become the key items of a path.",
    ):
        chosen = group[np.linspace(0, len(group) - 1, min(MAX_KEYS, len(group))).astype(int)]
        state.remember(keys.ITEMS, ",".join(map(str, chosen)))
        state.remember(keys.PLACE, None)
        st.switch_page("morph.py")
    if st.button(
        "Use in Algebra", icon=":material/calculate:", help="Their mean code begins a sum."
    ):
        state.remember(keys.SUM, format_sum([_term(data_set, group)]))
        state.remember(keys.WEIGHTS, None)
        st.switch_page("algebra.py")
    if st.button(
        "Start Dimensions here",
        icon=":material/tune:",
        help="From the item whose code is nearest to the group's mean.",
    ):
        state.remember(keys.START, str(middle_item(codes, group)))
        state.remember(keys.POSITIONS, None)
        st.switch_page("dimensions.py")


def middle_item(codes: np.ndarray, group: Rows) -> int:
    """The item of a group whose code is nearest to the group's mean code."""
    ours = np.asarray(codes[group], np.float64)
    return int(group[np.linalg.norm(ours - ours.mean(axis=0), axis=1).argmin()])


def _term(data_set: DataSet, group: Rows) -> Term:
    """The group's mean as a term of a sum; a large group is kept, so that a link can name it."""
    if len(group) <= MAX_NAMED_ITEMS:
        return Term(1, "items", ",".join(map(str, group)))
    digest = hashlib.sha256(np.ascontiguousarray(group).data).hexdigest()[:4]
    name = f"{count_of(len(group), 'item')} of the map {digest}"
    about, n_items = data_set.about, len(data_set.items)
    made = make_group(name, group, n_items, source="lasso")
    save_group(made, about.name, about.fingerprint, n_items)
    return Term(1, "group", name)


# ---------------------------------------------------------------------------- what it is like


@st.cache_data(max_entries=8, show_spinner="Comparing the group with all others")
def _contrasts(
    key: str, group: Rows, _data_set: DataSet, _codes: np.ndarray
) -> tuple[Contrast, ...]:
    visible = _data_set.attributes[_data_set.visible_attributes()]
    return contrasts(group, visible, _codes)[:N_CONTRASTS]


def _show_contrasts(found: tuple[Contrast, ...]) -> None:
    rows = [
        {
            "what": words(each.name),
            "in the group": _number(each, each.inside),
            "all others": _number(each, each.outside),
            "effect": round(each.effect, 2),
            "odds ratio": "" if each.odds_ratio is None else f"{each.odds_ratio:,.3g}",
        }
        for each in found
        if abs(each.effect) >= LEAST_EFFECT
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    st.caption(
        "Means and shares, by size of the effect: Cohen's d of numbers, Cohen's h of shares "
        "(0.2 small, 0.8 large; Cohen 1988); odds ratio with half an item added to each count "
        "(Haldane 1956). The largest of many is partly chance."
    )


def _number(contrast: Contrast, value: float) -> str:
    return f"{value:.3g}" if contrast.odds_ratio is None else f"{value:.1%}"


@st.cache_data(max_entries=8, show_spinner="Looking for the most unusual items")
def _unusual(key: str, group: Rows, _codes: np.ndarray) -> tuple[Rows, np.ndarray]:
    return most_unusual(_codes, group, N_SHOWN)


def _show_unusual(rows: Rows, far: np.ndarray, data_set: DataSet, n_items: int) -> None:
    gallery(
        data_set.drawn(rows),
        key="group_unusual",
        captions=[f"{distance:.2f}" for distance in far],
        labels=[f"item {row}" for row in rows],
        clickable=False,
    )
    st.caption(f"Mean distance to the 10 nearest codes of all items{_sampled(n_items)}.")
    group_bar.offer_as_group(data_set, rows, key="unusual_as_group")


@st.cache_data(max_entries=8, show_spinner="Looking for duplicates")
def _duplicates(key: str, group: Rows, _codes: np.ndarray, _data_set: DataSet) -> tuple[Pair, ...]:
    return near_duplicates(_codes, _data_set.items, group, N_SHOWN // 2)


def _show_duplicates(pairs: tuple[Pair, ...], data_set: DataSet) -> None:
    rows = np.array([row for pair in pairs for row in (pair.first, pair.second)], np.int64)
    said = ["the same" if pair.is_same else f"{pair.distance:.3g} apart" for pair in pairs]
    gallery(
        data_set.drawn(rows),
        key="group_duplicates",
        captions=[text for each in said for text in (each, "")],
        labels=[f"item {row}" for row in rows],
        clickable=False,
    )
    n_same = sum(pair.is_same for pair in pairs)
    st.caption(
        f"Pairs of nearest codes, two by two; equal number by number: {n_same} of "
        f"{count_of(len(pairs), 'pair')}."
    )
    group_bar.offer_as_group(data_set, np.unique(rows), key="duplicates_as_group")


def _sampled(n_items: int) -> str:
    return f"; {MAX_ASKED:,} of {n_items:,} were asked" if n_items > MAX_ASKED else ""
