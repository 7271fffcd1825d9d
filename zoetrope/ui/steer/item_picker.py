"""The picker of one item: by a question about its attributes, by number, or at random."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ae_core.data.faces.vocabulary import EXAMPLE_SEARCHES
from ae_core.data.item_search import quoted, select_items, whole_number
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.words import count_of
from zoetrope.live.components.gallery import gallery
from zoetrope.ui import keys
from zoetrope.ui.plain_text import as_written, message

N_SHOWN = 16


def pick_item(data_set: DataSet, *, key: str) -> int | None:
    """A search box over some matching items; the item that was just clicked."""
    search, more = st.columns([0.8, 0.2], vertical_alignment="bottom")
    question = search.text_input(
        "Search", key=f"{key}_question", placeholder=example(data_set), label_visibility="collapsed"
    )
    n_more = _count_more(more, key)
    try:
        matching_rows = _search(question, data_set)
    except AeCoreError as error:
        st.caption(f":material/info: {message(error)}")
        return None
    if not matching_rows.size:
        st.caption("No item is like that: ask for less at once.")
        return None
    rows = _some(matching_rows, n_more)
    picked = gallery(data_set.drawn(rows), labels=[f"Use item {row}" for row in rows], key=key)
    verb = "answers" if matching_rows.size == 1 else "answer"
    answer = f" {verb} “{as_written(question)}”" if question else ""
    st.caption(f"{count_of(matching_rows.size, 'item')}{answer}")
    return None if picked is None else int(rows[picked])


def _count_more(place: DeltaGenerator, key: str) -> int:
    """How often "More" has been pressed."""
    name = keys.N_MORE.format(key)
    n_more = int(st.session_state.get(name, 0))
    if place.button("More", key=f"{key}_more", icon=":material/refresh:", width="stretch"):
        n_more += 1
        st.session_state[name] = n_more
    return n_more


def _some(rows: np.ndarray, n_more: int) -> np.ndarray:
    """Up to 16 of the rows, ascending; each `n_more` gives others until all have been shown."""
    shuffled = np.random.default_rng(n_more // max(1, rows.size // N_SHOWN)).permutation(rows)
    start = n_more * N_SHOWN % rows.size
    return np.sort(shuffled[start : start + N_SHOWN])


def random_item(data_set: DataSet) -> int:
    """Any item."""
    return int(np.random.default_rng().integers(len(data_set.items)))


def _search(question: str, data_set: DataSet) -> np.ndarray:
    if not question.strip():
        return np.arange(len(data_set.items))
    item = whole_number(question)
    if item is not None:
        return np.arange(len(data_set.items))[item : item + 1]
    return select_items(question, data_set.attributes[data_set.visible_attributes()])


def example(data_set: DataSet) -> str:
    """A question that this data can answer."""
    for question in EXAMPLE_SEARCHES:
        try:
            if select_items(question, data_set.attributes).size:
                return f"Search, for example {question}"
        except AeCoreError:
            continue
    names = data_set.visible_attributes()
    if names:
        value = data_set.attributes[names[0]].iloc[0]
        return f"Search, for example {quoted(names[0])} = {quoted(value)}"
    return "Number of an item"
