"""Sums of codes: "this man with glasses - men + women", as text, as terms, and as vectors.

    + item:12 - all:man and not glasses + all:woman and not glasses

A term is an item, the mean of a group (by question or kept under a name), or a direction. Codes
are points, so they are added relative to the mean code m of the data:

    z = m + sum_i s_i w_i (z_i - m) + sum_j s_j w_j d_j

with signs s, weights w (the sliders) and directions d_j of the length that leads from the items
without to those with. Where the s_i w_i of the points add up to 1 the mean drops out and this is
the plain sum (Mikolov et al. 2013, eq. in sec. 4; Radford et al. 2016, sec. 6.3); where they do
not, the sum stays at the scale of the data instead of drifting with the origin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.directions import Direction, linear_probe, mean_difference
from ae_core.errors import LatentInputError
from ae_core.groups import Group, make_group
from ae_core.paths import Codes
from ae_core.questions import select_items

Kind = Literal["item", "all", "group", "mean", "probe"]
KINDS: tuple[Kind, ...] = ("item", "all", "group", "mean", "probe")
DIRECTION_KINDS = ("mean", "probe")
SEPARATOR = "~"
MAX_TERMS = 8
MAX_PROBE_ITEMS = 4_000


@dataclass(frozen=True)
class Term:
    """One summand.

    Attributes:
        sign: +1 or -1.
        kind: item; all (mean of the items that answer a question); group (mean of a kept one);
            mean or probe (direction towards the items that answer a question, by mean difference
            or by linear probe).
        what: Position of the item, the question, or the group's name.
    """

    sign: int
    kind: Kind
    what: str

    @property
    def is_direction(self) -> bool:
        return self.kind in DIRECTION_KINDS


def format_sum(terms: Sequence[Term]) -> str:
    """Terms as one line of text, for a URL; `parse_sum` reads it."""
    signs = {1: "+", -1: "-"}
    return SEPARATOR.join(f"{signs[term.sign]}{term.kind}:{term.what}" for term in terms)


def parse_sum(text: str) -> tuple[Term, ...]:
    """Read what `format_sum` wrote.

    Raises:
        LatentInputError: It is not of that form, or has more than `MAX_TERMS` terms.
    """
    parts = text.split(SEPARATOR)
    if len(parts) > MAX_TERMS:
        raise LatentInputError(f"a sum may have {MAX_TERMS} terms; got {len(parts)}: remove some.")
    terms = []
    for part in parts:
        kind, colon, what = part[1:].partition(":")
        if part[:1] not in ("+", "-") or kind not in KINDS or not colon or not what.strip():
            raise LatentInputError(
                f'a term must look like "+item:12" or "-all:man and not glasses"; got {part!r}.'
            )
        terms.append(Term(1 if part[0] == "+" else -1, kind, what.strip()))
    return tuple(terms)


def term_items(
    term: Term, attributes: pd.DataFrame, groups: Mapping[str, Group]
) -> NDArray[np.int64]:
    """Items that a term is made of; for a direction those it points to.

    Raises:
        LatentInputError: There is no such item or group, or no item answers the question.
    """
    n_items = len(attributes)
    if term.kind == "item":
        if not term.what.isdecimal():
            raise LatentInputError(f"an item must be a whole number; got {term.what!r}.")
        if int(term.what) >= n_items:
            raise LatentInputError(
                f"item {term.what} is not among the {n_items} items here: choose another one."
            )
        return np.array([int(term.what)], dtype=np.int64)
    if term.kind == "group":
        if term.what not in groups:
            raise LatentInputError(
                f"there is no group {term.what!r} for this data: it was kept for other data, or "
                "deleted; choose another one."
            )
        return np.array(make_group(term.what, groups[term.what].items, n_items).items)
    items = select_items(term.what, attributes)
    if items.size == 0:
        raise LatentInputError(
            f"no item answers {term.what!r}: ask for less at once, or wait for the whole data."
        )
    return items


def term_direction(term: Term, codes: Codes, items: NDArray[np.int64]) -> Direction:
    """The direction from all other items to `items`, by the term's estimator.

    Raises:
        LatentInputError: All items are in the group, or the two do not differ.
    """
    others = np.setdiff1d(np.arange(len(codes)), items)
    if others.size == 0:
        raise LatentInputError(
            f"all items answer {term.what!r}: a direction needs items that do not."
        )
    if term.kind == "mean":
        return mean_difference(codes[items], codes[others])
    rng = np.random.default_rng(0)  # a probe on a few thousand is as good, and at once
    some, rest = (
        group if len(group) <= MAX_PROBE_ITEMS else rng.choice(group, MAX_PROBE_ITEMS, False)
        for group in (items, others)
    )
    return linear_probe(codes[some], codes[rest])


def term_vector(term: Term, codes: Codes, items: NDArray[np.int64], centre: Codes) -> Codes:
    """What weight 1 of a term adds, before its sign; shape (latent_dim,), float32.

    Args:
        term: The term.
        codes: Codes of the whole data set, shape (n_items, latent_dim).
        items: From `term_items`.
        centre: Mean code of the data, shape (latent_dim,).
    """
    if term.is_direction:
        direction = term_direction(term, codes, items)
        return (direction.unit * direction.step).astype(np.float32)
    chosen = np.asarray(codes[items], np.float64)
    if not np.isfinite(chosen).all():
        raise LatentInputError(f"{term.what!r} has items without a code: encode the data again.")
    return (chosen.mean(axis=0) - centre).astype(np.float32)


def add_up(
    terms: Sequence[Term], vectors: Sequence[Codes], weights: Sequence[float], centre: Codes
) -> Codes:
    """The code of a sum, shape (latent_dim,), float32; formula in the module's docstring."""
    code = centre.astype(np.float64)
    for term, vector, weight in zip(terms, vectors, weights, strict=True):
        code = code + term.sign * weight * vector
    return code.astype(np.float32)


def default_sum(attributes: pd.DataFrame) -> tuple[Term, ...]:
    """A sum worth opening with: a man with glasses - men + women, where there are such.

    Else one value of the first category that has several is taken for another; else, where
    nothing is known about the items, three items.
    """
    if len(attributes) < 3:
        raise LatentInputError(f"a sum needs 3 items at least; the data has {len(attributes)}.")
    questions = ("glasses and man", "man and not glasses", "woman and not glasses")
    try:
        found = [select_items(question, attributes) for question in questions]
    except LatentInputError:
        found = []
    if found and all(len(items) for items in found):
        return (
            Term(1, "item", str(found[0][0])),
            Term(-1, "all", questions[1]),
            Term(1, "all", questions[2]),
        )
    for name in attributes.columns:
        values = attributes[name]
        common = values.value_counts().index[:12]
        if not pd.api.types.is_float_dtype(values.dtype) and 2 <= values.nunique() <= 40:
            first, second = sorted((str(value) for value in common), key=_by_number)[:2]
            item = int(np.flatnonzero(values.astype(str) == first)[0])
            return (
                Term(1, "item", str(item)),
                Term(-1, "all", f'"{name}" = "{first}"'),
                Term(1, "all", f'"{name}" = "{second}"'),
            )
    return Term(1, "item", "0"), Term(-1, "item", "1"), Term(1, "item", "2")


def _by_number(text: str) -> tuple[float, str]:
    return (float(text), text) if text.lstrip("-").isdecimal() else (np.inf, text)
