"""The editor of one term of a sum: its sign, its kind and what it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ae_core.data.groups import Group
from ae_core.data.item_search import select_items
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.steering.sums import GIVEN, MAX_TERMS, Kind, Term, format_sum
from ae_core.words import count_of
from zoetrope.ui.plain_text import message
from zoetrope.ui.steer import item_picker
from zoetrope.ui.steer.terms import SIGNS

KIND_WORDS: dict[Kind, str] = {
    "item": "One item",
    "items": "Named items",
    "all": "All who answer",
    "group": "A kept group",
    "mean": "Direction, mean difference",
    "probe": "Direction, linear probe",
    "conditional": "Direction, others held fixed",
}


def show(
    terms: Sequence[Term], active: int, data_set: DataSet, groups: Mapping[str, Group]
) -> tuple[Term, ...] | None:
    """Edit the term at place `active`; the new sum when something was changed or closed."""
    term = terms[active]
    # The term is part of the widgets' names: those of another one must not write into this.
    edited_term = _edit(term, data_set, groups, key=f"{active}_{format_sum([term])}")
    add, remove, close = st.columns(3)
    if len(terms) < MAX_TERMS and add.button("Add a term", icon=":material/add:"):
        new = Term(1, "item", str(item_picker.random_item(data_set)))
        return (*terms[: active + 1], new, *terms[active + 1 :])
    if len(terms) > 1 and remove.button("Take it out", icon=":material/remove:"):
        return (*terms[:active], *terms[active + 1 :])
    if close.button("Close", icon=":material/close:"):
        return tuple(terms)
    if edited_term != term:
        return (*terms[:active], edited_term, *terms[active + 1 :])
    return None


def _edit(term: Term, data_set: DataSet, groups: Mapping[str, Group], *, key: str) -> Term:
    """The term as the widgets have it; as it was, while they do not name anything."""
    kinds = [kind for kind in KIND_WORDS if kind != "items" and (kind != "group" or groups)]
    left, right = st.columns([0.2, 0.8])
    sign = left.segmented_control(
        "Sign", list(SIGNS), default=term.sign, format_func=SIGNS.__getitem__, key=f"sign_{key}"
    )
    kind = right.segmented_control(
        "What", kinds, default=term.kind if term.kind in kinds else "item",
        format_func=KIND_WORDS.__getitem__, key=f"kind_{key}", wrap=True,
    ) or term.kind  # fmt: skip
    what = _name(kind, term, data_set, groups, key=f"what_{key}")
    return Term(sign or term.sign, kind, what) if what else term


def _name(
    kind: Kind, term: Term, data_set: DataSet, groups: Mapping[str, Group], *, key: str
) -> str:
    """Item, question or group name for a term of this kind; "" while it is not yet chosen."""
    if kind == "item":
        item = item_picker.pick_item(data_set, key=key)
        if item is not None:
            return str(item)
        return term.what if term.kind == "item" else ""
    if kind == "group":
        names = list(groups)
        place = names.index(term.what) if term.what in names else 0
        return str(st.selectbox("Group", names, index=place, key=f"{key}_group"))
    return _question(kind, term, data_set, key=key)


def _question(kind: Kind, term: Term, data_set: DataSet, *, key: str) -> str:
    """The question typed, with what is held fixed; "" where no item answers it."""
    before = "" if term.kind in ("item", "items", "group") else term.question
    question = st.text_input(
        "Question", before, placeholder=item_picker.example(data_set), key=f"{key}_{kind}"
    ).strip()
    if not question:
        return ""
    try:
        n_matching = len(select_items(question, data_set.attributes))
    except AeCoreError as error:
        st.caption(f":material/info: {message(error)}")
        return ""
    st.caption(count_of(n_matching, "item"))
    if kind != "conditional":
        return question if n_matching else ""
    held_fixed = st.text_input(
        "Held fixed",
        "; ".join(term.held_fixed),
        placeholder="questions, semicolons between",
        key=f"{key}_fixed",
    ).strip()
    return f"{question} {GIVEN} {held_fixed}" if n_matching and held_fixed else ""
