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

from ae_core.data.faces.vocabulary import OPENING_ITEM, OPENING_SUM
from ae_core.data.groups import Group, make_group
from ae_core.data.item_search import quoted, select_items, whole_number
from ae_core.errors import LatentInputError
from ae_core.steering.directions import Direction, conditional, linear_probe, mean_difference
from ae_core.steering.matching import fit_matching
from ae_core.steering.paths import Codes

Kind = Literal["item", "items", "all", "group", "mean", "probe", "conditional"]
KINDS: tuple[Kind, ...] = ("item", "items", "all", "group", "mean", "probe", "conditional")
DIRECTION_KINDS = ("mean", "probe", "conditional")
SEPARATOR = "~"
GIVEN = "|"
"""In a conditional term: "glasses | woman; smile > 0.5" holds what follows fixed."""

MAX_TERMS = 8
MAX_PROBE_ITEMS = 4_000


@dataclass(frozen=True)
class Term:
    """One summand.

    Attributes:
        sign: +1 or -1.
        kind: item; items (mean of those named); all (mean of the items that answer a question);
            group (mean of a kept one); mean, probe or conditional (direction towards the items
            that answer a question, by that estimator).
        what: Position of the item, positions between commas, the question, or the group's name.
    """

    sign: int
    kind: Kind
    what: str

    @property
    def is_direction(self) -> bool:
        return self.kind in DIRECTION_KINDS

    @property
    def question(self) -> str:
        """The question that chooses its items, without what a conditional term holds fixed."""
        return self.what.partition(GIVEN)[0].strip() if self.kind == "conditional" else self.what

    @property
    def held_fixed(self) -> tuple[str, ...]:
        """Questions whose reading a conditional term does not change."""
        _, _, rest = self.what.partition(GIVEN) if self.kind == "conditional" else ("", "", "")
        return tuple(part.strip() for part in rest.split(";") if part.strip())


def format_sum(terms: Sequence[Term]) -> str:
    """Terms as one line of text, for a URL; `parse_sum` reads it."""
    signs = {1: "+", -1: "-"}
    return SEPARATOR.join(f"{signs[term.sign]}{term.kind}:{_coded(term.what)}" for term in terms)


def _coded(what: str) -> str:
    """Text without the separator, which names may hold."""
    return what.replace("%", "%25").replace(SEPARATOR, "%7E")


def _decoded(text: str) -> str:
    return text.replace("%7E", SEPARATOR).replace("%25", "%")


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
        terms.append(Term(1 if part[0] == "+" else -1, kind, _decoded(what.strip())))
    return tuple(terms)


def term_items(
    term: Term, attributes: pd.DataFrame, groups: Mapping[str, Group]
) -> NDArray[np.int64]:
    """Items that a term is made of; for a direction those it points to.

    Raises:
        LatentInputError: There is no such item or group, or no item answers the question.
    """
    n_items = len(attributes)
    if term.kind in ("item", "items"):
        named = term.what.split(",") if term.kind == "items" else [term.what]
        return np.array([_item(text, n_items) for text in named], dtype=np.int64)
    if term.kind == "group":
        if term.what not in groups:
            raise LatentInputError(
                f"there is no group {term.what!r} for this data: it was kept for other data, or "
                "deleted; choose another one."
            )
        return np.array(make_group(term.what, groups[term.what].items, n_items).items)
    for question in term.held_fixed:
        _answers(question, attributes)
    return _answers(term.question, attributes)


def _item(text: str, n_items: int) -> int:
    item = whole_number(text)
    if item is None:
        raise LatentInputError(f"an item must be a whole number; got {text[:40]!r}.")
    if item >= n_items:
        raise LatentInputError(
            f"item {item} is not among the {n_items} items here: choose another one."
        )
    return item


def _answers(question: str, attributes: pd.DataFrame) -> NDArray[np.int64]:
    items = select_items(question, attributes)
    if items.size == 0:
        raise LatentInputError(
            f"no item answers {question!r}: ask for less at once, or wait for the whole data."
        )
    return items


def estimate_direction(
    kind: Kind, question: str, held_fixed: Sequence[str], codes: Codes, attributes: pd.DataFrame
) -> Direction:
    """The direction from the items that do not answer a question to those that do.

    Args:
        kind: mean, probe, or conditional: the mean difference without its part along the linear
            probes of `held_fixed` (see `ae_core.steering.directions` on why these two).
        question: What it leads to.
        held_fixed: Questions whose reading must not change; for conditional only.
        codes: Shape (n_items, latent_dim); rows of `attributes`.
        attributes: One row an item.

    Raises:
        LatentInputError: A question has no answer, or all items answer it; or nothing is left.
    """
    first, second = _sides(question, codes, attributes)
    if kind == "probe":
        return _probe(first, second)
    direction = mean_difference(first, second)
    if kind == "mean":
        return direction
    others = [_probe(*_sides(other, codes, attributes)) for other in held_fixed]
    return conditional(direction, others, codes)


def _sides(question: str, codes: Codes, attributes: pd.DataFrame) -> tuple[Codes, Codes]:
    """Codes of the items that answer, and of the others (an unknown answer counts as no)."""
    items = _answers(question, attributes)
    others = np.setdiff1d(np.arange(len(codes)), items)
    if others.size == 0:
        raise LatentInputError(
            f"all items answer {question!r}: a direction needs some that do not."
        )
    return codes[items], codes[others]


def _probe(first: Codes, second: Codes) -> Direction:
    rng = np.random.default_rng(0)  # a probe on a few thousand is as good, and at once
    some, rest = (group[rng.permutation(len(group))[:MAX_PROBE_ITEMS]] for group in (first, second))
    return linear_probe(some, rest)


def term_vector(
    term: Term,
    codes: Codes,
    attributes: pd.DataFrame,
    groups: Mapping[str, Group],
    centre: Codes,
) -> Codes:
    """What weight 1 of a term adds, its sign included; shape (latent_dim,), float32.

    Args:
        term: The term.
        codes: Codes of the whole data set, shape (n_items, latent_dim).
        attributes: One row an item.
        groups: Kept groups by name.
        centre: Mean code of the data, shape (latent_dim,).
    """
    if term.is_direction:
        direction = estimate_direction(term.kind, term.question, term.held_fixed, codes, attributes)
        return (term.sign * direction.unit * direction.step).astype(np.float32)
    chosen = np.asarray(codes[term_items(term, attributes, groups)], np.float64)
    if not np.isfinite(chosen).all():
        raise LatentInputError(f"{term.what!r} has items without a code: encode the data again.")
    return (term.sign * (chosen.mean(axis=0) - centre)).astype(np.float32)


def opposed_groups(terms: Sequence[Term]) -> tuple[int, int, int] | None:
    """Places of the item, the group taken away and the group added, in a sum of that form.

    None where it has another form: then there is nothing to match (`ae_core.steering.matching`).
    """
    places = []
    for sign, kinds in ((1, ("item",)), (-1, ("all", "group")), (1, ("all", "group"))):
        matching = [i for i, term in enumerate(terms) if term.sign == sign and term.kind in kinds]
        if len(matching) != 1:
            return None
        places.append(matching[0])
    start, minus, plus = places
    return start, minus, plus


def matched_terms(
    terms: Sequence[Term],
    codes: Codes,
    attributes: pd.DataFrame,
    groups: Mapping[str, Group],
) -> tuple[Term, ...]:
    """The sum with both groups replaced by the pairs that are most alike around its item.

    Args:
        terms: A sum with `opposed_groups`.
        codes: Codes of the whole data set, shape (n_items, latent_dim), to match in.
        attributes: One row an item.
        groups: Kept groups by name.

    Raises:
        LatentInputError: The sum has another form, or the groups cannot be matched.
    """
    places = opposed_groups(terms)
    if places is None:
        raise LatentInputError("matching needs a sum of one item - one group + another group.")
    start, minus, plus = (term_items(terms[place], attributes, groups) for place in places)
    pairs = fit_matching(codes, minus, plus).pairs(np.asarray(codes[start]))
    changed = list(terms)
    for place, items in zip(places[1:], pairs, strict=True):
        what = ",".join(map(str, items[0].tolist()))
        changed[place] = Term(terms[place].sign, "items", what)
    return tuple(changed)


def partial_sums(vectors: Codes, weights: Sequence[float], centre: Codes) -> Codes:
    """Codes after one term, two terms, ...; the last is the sum. Formula: the module's docstring.

    Args:
        vectors: `term_vector` of each term, (n_terms, latent_dim).
        weights: One a term.
        centre: Mean code of the data, (latent_dim,).

    Returns:
        float32 (n_terms, latent_dim).

    Raises:
        LatentInputError: Not one weight a term.
    """
    if len(weights) != len(vectors):
        raise LatentInputError(
            f"`weights` must be one a term, {len(vectors)}; got {len(weights)}: reload the page."
        )
    steps = np.asarray(weights, np.float64)[:, None] * vectors
    return (centre + np.cumsum(steps, axis=0)).astype(np.float32)


def default_sum(attributes: pd.DataFrame) -> tuple[Term, ...]:
    """A sum worth opening with: a man with glasses - men + women, where there are such.

    Else one value of the first category that has several is taken for another; else, where
    nothing is known about the items, three items.
    """
    if len(attributes) < 3:
        raise LatentInputError(f"a sum needs 3 items at least; the data has {len(attributes)}.")
    first, *rest = OPENING_SUM
    if all(_has_answer(question, attributes) for question in OPENING_SUM):
        first = OPENING_ITEM if _has_answer(OPENING_ITEM, attributes) else first
        item = select_items(first, attributes)[0]
        return Term(1, "item", str(item)), Term(-1, "all", rest[0]), Term(1, "all", rest[1])
    for name in attributes.columns:
        values = attributes[name]
        common = values.value_counts().index[:12]
        if not pd.api.types.is_float_dtype(values.dtype) and 2 <= values.nunique() <= 40:
            first, second = sorted((str(value) for value in common), key=_by_number)[:2]
            item = int(np.flatnonzero(values.astype(str) == first)[0])
            return (
                Term(1, "item", str(item)),
                Term(-1, "all", f"{quoted(name)} = {quoted(first)}"),
                Term(1, "all", f"{quoted(name)} = {quoted(second)}"),
            )
    return Term(1, "item", "0"), Term(-1, "item", "1"), Term(1, "item", "2")


def _has_answer(question: str, attributes: pd.DataFrame) -> bool:
    try:
        return select_items(question, attributes).size > 0
    except LatentInputError:
        return False


def _by_number(text: str) -> tuple[float, str]:
    return (float(text), text) if text.lstrip("-").isdecimal() else (np.inf, text)
