"""The terms of a sum on a page: their pictures, their vectors, and the drawer that edits one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.data.groups import FEW_ITEMS, Group, load_groups
from ae_core.data.questions import select_items
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.steering.expressions import (
    GIVEN,
    MAX_TERMS,
    Kind,
    Term,
    format_sum,
    matched_terms,
    term_items,
    term_vector,
)
from zoetrope.live.components.gallery import gallery
from zoetrope.ui.plain_text import message
from zoetrope.ui.steer import picking
from zoetrope.ui.steer.steering import Side

N_IN_MEAN_PICTURE = 256
SIGNS = {1: "+", -1: "\N{MINUS SIGN}"}
KIND_WORDS: dict[Kind, str] = {
    "item": "One item",
    "items": "Named items",
    "all": "All who answer",
    "group": "A kept group",
    "mean": "Direction, mean difference",
    "probe": "Direction, linear probe",
    "conditional": "Direction, others held fixed",
}


@dataclass(frozen=True)
class Shown:
    """A term with what is needed to show it.

    Attributes:
        term: The term.
        items: Items it is made of.
        picture: The item, or the mean of (the first 256) items, uint8 (C, H, W).
        words: What people read: "item 12", "man and not glasses".
        doubt: What is wrong with it, "" if nothing.
    """

    term: Term
    items: np.ndarray
    picture: np.ndarray
    words: str
    doubt: str


def kept_groups(data_set: DataSet) -> dict[str, Group]:
    """Groups that a person has kept for this data."""
    return load_groups(data_set.name, data_set.about.fingerprint, len(data_set.items))


def show(term: Term, data_set: DataSet, groups: Mapping[str, Group]) -> Shown:
    """Look a term up.

    Raises:
        LatentInputError: It names nothing here.
    """
    items = term_items(term, data_set.attributes, groups)
    some = np.array(data_set.items[items[:N_IN_MEAN_PICTURE]])
    picture = some[0] if len(some) == 1 else some.mean(axis=0).round().astype(np.uint8)
    if term.kind == "item":
        return Shown(term, items, picture, f"item {term.what}", "")
    if term.kind == "items":
        return Shown(term, items, picture, f"{len(items)} items", "")
    words = f"towards {term.question}" if term.is_direction else term.what
    if term.held_fixed:
        words += f", {', '.join(term.held_fixed)} held fixed"
    doubt = ""
    if len(items) < FEW_ITEMS:
        doubt = Group(term.what, tuple(items.tolist()), "question").doubt()
    return Shown(term, items, picture, words, doubt)


def matched(shown: Sequence[Shown], side: Side, data_set: DataSet) -> list[Shown]:
    """The sum's two groups replaced by the pairs most alike around its item; same order."""
    groups = kept_groups(data_set)
    key = codes_key(side.checkpoint, data_set)
    members = tuple(item for group in groups.values() for item in group.items)
    chosen = tuple(part.term for part in shown)
    found = _matched(key, chosen, members, side.codes, data_set, groups)
    return [
        part if term == part.term else replace(show(term, data_set, groups), words=part.words)
        for term, part in zip(found, shown, strict=True)
    ]


@st.cache_resource(max_entries=64, show_spinner=False)
def _matched(
    key: str,
    terms: tuple[Term, ...],
    members: tuple[int, ...],
    _codes: np.ndarray,
    _data_set: DataSet,
    _groups: Mapping[str, Group],
) -> tuple[Term, ...]:
    """`key` and `members` stand for what is not hashed: codes, data and the kept groups."""
    return matched_terms(terms, _codes, _data_set.attributes, _groups)


def vectors(shown: Sequence[Shown], side: Side, data_set: DataSet) -> np.ndarray:
    """What weight 1 of each term adds to a code, sign included, float32 (n_terms, latent_dim)."""
    key = codes_key(side.checkpoint, data_set)
    groups = kept_groups(data_set)
    rows = []
    for part in shown:
        members = groups[part.term.what].items if part.term.kind == "group" else ()
        vector = _vector(key, part.term, members, side.codes, data_set, groups)
        rows.append(part.term.sign * vector)
    return np.stack(rows)


def centre(side: Side, data_set: DataSet) -> np.ndarray:
    """Mean code of the data, float32 (latent_dim,)."""
    return _centre(codes_key(side.checkpoint, data_set), side.codes)


@st.cache_resource(max_entries=64, show_spinner=False)
def _centre(key: str, _codes: np.ndarray) -> np.ndarray:
    mean: np.ndarray = _codes.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


@st.cache_resource(max_entries=256, show_spinner=False)
def _vector(
    key: str,
    term: Term,
    members: tuple[int, ...],
    _codes: np.ndarray,
    _data_set: DataSet,
    _groups: Mapping[str, Group],
) -> np.ndarray:
    """`key` and `members` stand for what is not hashed: codes, data and the kept group."""
    return term_vector(term, _codes, _data_set.attributes, _groups, _centre(key, _codes))


def signs(shown: Sequence[Shown]) -> list[str]:
    """The sign before each term; none before a first one that is added."""
    found = [SIGNS[part.term.sign] for part in shown]
    return ["" if found[0] == SIGNS[1] else found[0], *found[1:]]


def row(shown: Sequence[Shown], *, key: str, active: int | None) -> int | None:
    """The sum as pictures; the term that was just clicked."""
    captions = [
        s.words if s.term.kind == "item" else f"{s.words} ({len(s.items):,})" for s in shown
    ]
    return gallery(
        np.stack([s.picture for s in shown]), captions=captions, between=signs(shown), size_px=80,
        labels=[f"Change {caption}" for caption in captions], selected=active, key=key,
    )  # fmt: skip


def drawer(
    terms: Sequence[Term], active: int, data_set: DataSet, groups: Mapping[str, Group]
) -> tuple[Term, ...] | None:
    """Edit one term; the new sum when something was changed."""
    term = terms[active]
    kinds = [kind for kind in KIND_WORDS if kind != "items" and (kind != "group" or groups)]
    left, right = st.columns([0.2, 0.8])
    # The term is part of the widgets' names: those of another one must not write into this.
    place = f"{active}_{format_sum([term])}"
    sign = left.segmented_control(
        "Sign", list(SIGNS), default=term.sign, format_func=SIGNS.__getitem__, key=f"sign_{place}"
    )
    kind = right.segmented_control(
        "What", kinds, default=term.kind if term.kind in kinds else "item",
        format_func=KIND_WORDS.__getitem__, key=f"kind_{place}",
    ) or term.kind  # fmt: skip
    what = _what(kind, term, data_set, groups, key=f"what_{place}")
    add, remove, close = st.columns(3)
    changed = Term(sign or term.sign, kind, what) if what else None
    if len(terms) < MAX_TERMS and add.button("Add a term", icon=":material/add:"):
        new = Term(1, "item", str(picking.random_item(data_set)))
        return (*terms[: active + 1], new, *terms[active + 1 :])
    if len(terms) > 1 and remove.button("Take it out", icon=":material/remove:"):
        return (*terms[:active], *terms[active + 1 :])
    if close.button("Close", icon=":material/close:"):
        return tuple(terms)
    if changed is not None and changed != term:
        return (*terms[:active], changed, *terms[active + 1 :])
    return None


def _what(
    kind: Kind, term: Term, data_set: DataSet, groups: Mapping[str, Group], *, key: str
) -> str:
    """Item, question or group name for a term of this kind; "" while it is not yet chosen."""
    if kind == "item":
        found = picking.pick_item(data_set, key=key)
        if found is not None:
            return str(found)
        return term.what if term.kind == "item" else ""
    if kind == "group":
        names = list(groups)
        place = names.index(term.what) if term.what in names else 0
        return str(st.selectbox("Group", names, index=place, key=f"{key}_group"))
    before = "" if term.kind in ("item", "items", "group") else term.question
    question = st.text_input(
        "Question", before, placeholder=picking.example(data_set), key=f"{key}_{kind}"
    )
    if not question.strip():
        return ""
    try:
        n_found = len(select_items(question, data_set.attributes))
    except AeCoreError as error:
        st.caption(f":material/info: {message(error)}")
        return ""
    st.caption(f"{n_found:,} items")
    if kind != "conditional":
        return question.strip() if n_found else ""
    fixed = st.text_input(
        "Held fixed", "; ".join(term.held_fixed), placeholder="woman; smile > 0", key=f"{key}_fixed"
    )
    return f"{question.strip()} {GIVEN} {fixed.strip()}" if n_found and fixed.strip() else ""


def other_example(terms: Sequence[Term], data_set: DataSet) -> tuple[Term, ...]:
    """The same sum with another item like the first one.

    Like it: one that also answers "glasses and man", where the sum opened with such a one.
    """
    place = next((index for index, term in enumerate(terms) if term.kind == "item"), None)
    if place is None:
        return tuple(terms)
    like = np.arange(len(data_set.items))
    for question in ("glasses and man",):
        try:
            found = select_items(question, data_set.attributes)
        except AeCoreError:
            continue
        if int(terms[place].what) in found:
            like = found
    new = Term(terms[place].sign, "item", str(np.random.default_rng().choice(like)))
    return (*terms[:place], new, *terms[place + 1 :])
