"""The terms of a sum on a page: their pictures, their words and their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.data.faces.vocabulary import OPENING_SUM
from ae_core.data.groups import FEW_ITEMS, Group
from ae_core.data.item_search import select_items
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.steering.sums import (
    Term,
    matched_terms,
    term_items,
    term_vector,
)
from ae_core.words import count_of
from zoetrope.live.components.gallery import gallery
from zoetrope.ui import kept_groups
from zoetrope.ui.plain_text import as_written
from zoetrope.ui.steer.space import Side

N_IN_MEAN_PICTURE = 256
SIGNS = {1: "+", -1: "\N{MINUS SIGN}"}


@dataclass(frozen=True)
class ShownTerm:
    """A term with what is needed to show it.

    Attributes:
        term: The term.
        items: Items it is made of.
        picture: The item, or the mean of (the first 256) items, drawn: uint8 (C, h, w).
        words: What people read: "item 12", "man and not glasses".
        warning: What a person should know about it, "" if nothing.
    """

    term: Term
    items: np.ndarray
    picture: np.ndarray
    words: str
    warning: str


def look_up(term: Term, data_set: DataSet, groups: Mapping[str, Group]) -> ShownTerm:
    """Look a term up.

    Raises:
        LatentInputError: It names nothing here.
    """
    items = term_items(term, data_set.attributes, groups)
    item = data_set.about.item
    mean = item.mean(np.array(data_set.items[items[:N_IN_MEAN_PICTURE]]))
    picture = item.drawn(mean[None])[0]
    if term.kind == "item":
        return ShownTerm(term, items, picture, f"item {term.what}", "")
    if term.kind == "items":
        return ShownTerm(term, items, picture, count_of(len(items), "item"), "")
    words = f"towards {term.question}" if term.is_direction else term.what
    if term.held_fixed:
        words += f", {', '.join(term.held_fixed)} held fixed"
    warning = ""
    if len(items) < FEW_ITEMS:
        warning = Group(term.what, tuple(items.tolist()), "question").doubt()
    return ShownTerm(term, items, picture, words, warning)


def match_groups(
    shown_terms: Sequence[ShownTerm], side: Side, data_set: DataSet
) -> list[ShownTerm]:
    """The sum's two groups replaced by the pairs most alike around its item; same order."""
    groups = kept_groups.read(data_set).groups
    key = codes_key(side.checkpoint, data_set)
    members = tuple(item for group in groups.values() for item in group.items)
    chosen = tuple(part.term for part in shown_terms)
    matched_sum = _matched(key, chosen, members, side.codes, data_set, groups)
    return [
        part if term == part.term else replace(look_up(term, data_set, groups), words=part.words)
        for term, part in zip(matched_sum, shown_terms, strict=True)
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


def vectors(shown_terms: Sequence[ShownTerm], side: Side, data_set: DataSet) -> np.ndarray:
    """What weight 1 of each term adds to a code, sign included, float32 (n_terms, latent_dim)."""
    key = codes_key(side.checkpoint, data_set)
    groups = kept_groups.read(data_set).groups
    rows = []
    for part in shown_terms:
        members = groups[part.term.what].items if part.term.kind == "group" else ()
        rows.append(_vector(key, part.term, members, side.codes, data_set, groups))
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


def signs(shown_terms: Sequence[ShownTerm]) -> list[str]:
    """The sign before each term; none before a first one that is added."""
    texts = [SIGNS[part.term.sign] for part in shown_terms]
    return ["" if texts[0] == SIGNS[1] else texts[0], *texts[1:]]


def show_row(shown_terms: Sequence[ShownTerm], *, key: str, active: int | None) -> int | None:
    """The sum as pictures; the term that was just clicked."""
    captions = [
        part.words if part.term.kind == "item" else f"{part.words} ({len(part.items):,})"
        for part in shown_terms
    ]
    return gallery(
        np.stack([part.picture for part in shown_terms]),
        captions=captions,
        between=signs(shown_terms),
        size_px=80,
        labels=[f"Change {caption}" for caption in captions],
        selected=active,
        key=key,
    )


def show_warnings(shown_terms: Sequence[ShownTerm]) -> None:
    """What a person should know about terms, such as that a group has few items."""
    for part in shown_terms:
        if part.warning:
            st.caption(f":material/info: {as_written(part.words)}: {part.warning}.")


def other_example(terms: Sequence[Term], data_set: DataSet) -> tuple[Term, ...]:
    """The same sum with another item like the first one.

    Like it: one that also answers the opening sum's first question, where the item does.
    """
    place = next((index for index, term in enumerate(terms) if term.kind == "item"), None)
    if place is None:
        return tuple(terms)
    candidates = _similar_items(int(terms[place].what), data_set)
    new = Term(terms[place].sign, "item", str(np.random.default_rng().choice(candidates)))
    return (*terms[:place], new, *terms[place + 1 :])


def _similar_items(item: int, data_set: DataSet) -> np.ndarray:
    try:
        similar = select_items(OPENING_SUM[0], data_set.attributes)
    except AeCoreError:
        similar = np.array([], int)
    if item in similar:
        return similar
    return np.arange(len(data_set.items))
