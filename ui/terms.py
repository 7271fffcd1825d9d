"""The terms of a sum on a page: their pictures, their vectors, and the drawer that edits one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.codes import codes_key
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.expressions import MAX_TERMS, Kind, Term, term_items, term_vector
from ae_core.groups import FEW_ITEMS, Group, load_groups
from ae_core.questions import select_items
from live.gallery import gallery
from ui import picking, state
from ui.steering import Side

N_IN_MEAN_PICTURE = 256
SIGNS = {1: "+", -1: "\N{MINUS SIGN}"}
KIND_WORDS: dict[Kind, str] = {
    "item": "One item",
    "all": "All who answer",
    "group": "A kept group",
    "mean": "Direction, mean difference",
    "probe": "Direction, linear probe",
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
    words = f"towards {term.what}" if term.is_direction else term.what
    doubt = ""
    if len(items) < FEW_ITEMS:
        doubt = Group(term.what, tuple(items.tolist()), "question").doubt()
    return Shown(term, items, picture, words, doubt)


def vectors(shown: Sequence[Shown], side: Side, data_set: DataSet) -> np.ndarray:
    """What weight 1 of each term adds to a code, sign included, float32 (n_terms, latent_dim)."""
    key = codes_key(side.checkpoint, data_set)
    rows = [
        part.term.sign * _vector(key, part.term, len(part.items), side.codes, part.items)
        for part in shown
    ]
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
    key: str, term: Term, n_items: int, _codes: np.ndarray, _items: np.ndarray
) -> np.ndarray:
    return term_vector(term, _codes, _items, _centre(key, _codes))


def row(shown: Sequence[Shown], *, key: str, active: int | None) -> int | None:
    """The sum as pictures; the term that was just clicked."""
    signs = ["" if i == 0 and s.term.sign > 0 else SIGNS[s.term.sign] for i, s in enumerate(shown)]
    captions = [
        s.words if s.term.kind == "item" else f"{s.words} ({len(s.items):,})" for s in shown
    ]
    return gallery(
        np.stack([s.picture for s in shown]), captions=captions, between=signs, size_px=80,
        labels=[f"Change {caption}" for caption in captions], selected=active, key=key,
    )  # fmt: skip


def drawer(
    terms: Sequence[Term], active: int, data_set: DataSet, groups: Mapping[str, Group]
) -> tuple[Term, ...] | None:
    """Edit one term; the new sum when something was changed."""
    term = terms[active]
    kinds = [kind for kind in KIND_WORDS if kind != "group" or groups]
    left, right = st.columns([0.2, 0.8])
    sign = left.segmented_control(
        "Sign", list(SIGNS), default=term.sign, format_func=SIGNS.__getitem__, key=f"sign_{active}"
    )
    kind = right.segmented_control(
        "What", kinds, default=term.kind if term.kind in kinds else "item",
        format_func=KIND_WORDS.__getitem__, key=f"kind_{active}",
    ) or term.kind  # fmt: skip
    what = _what(kind, term, data_set, groups, key=f"what_{active}")
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
    before = "" if term.kind in ("item", "group") else term.what
    question = st.text_input(
        "Question", before, placeholder=picking.example(data_set), key=f"{key}_{kind}"
    )
    if not question.strip():
        return ""
    try:
        n_found = len(select_items(question, data_set.attributes))
    except AeCoreError as error:
        st.caption(f":material/info: {error}")
        return ""
    st.caption(f"{n_found:,} items")
    return question.strip() if n_found else ""


def remember(terms_text: str) -> None:
    """Put the sum into the URL."""
    state.remember("sum", terms_text)
