"""A sum on the stage: its sliders, its code for each codec, its partial sums, its readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import numpy as np
import streamlit as st

from ae_core.steering.sums import Term, format_sum, partial_sums
from zoetrope.live.components import stage as live
from zoetrope.live.components.gallery import gallery
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui.plain_text import as_written
from zoetrope.ui.steer import probe_readings, terms
from zoetrope.ui.steer.slider_positions import opening_positions
from zoetrope.ui.steer.space import Side, Space
from zoetrope.ui.steer.terms import ShownTerm

QUESTIONED = ("all", "mean", "probe", "conditional")
"""Kinds of term that name their items by a question."""


def sliders(shown_terms: list[ShownTerm], component: str, url: str) -> list[live.Control]:
    """One slider a term; its place in the URL, if it has one, is the distance from 1."""
    signature = format_sum([part.term for part in shown_terms])
    distances = opening_positions(component, url, signature) if url else {}
    controls = []
    for index, part in enumerate(shown_terms):
        low = -2.0 if part.term.is_direction else 0.0
        start = 1.0 + distances.get(f"w{index}", 0.0)
        label = f"{terms.SIGNS[part.term.sign]} {part.words}"
        controls.append(live.Control(f"w{index}", label, low, 2.0, start, 0.05, default=1.0))
    return controls


def move_weights(
    weights: Mapping[str, float], before: Sequence[Term], after: Sequence[Term]
) -> dict[str, float]:
    """Weights by the places of `after`: they follow their terms; what replaces one inherits it."""
    moved: dict[str, float] = {}
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        pairs = zip(range(a, b), range(c, d), strict=False) if tag in ("equal", "replace") else ()
        moved |= {f"w{new}": weights[f"w{old}"] for old, new in pairs if f"w{old}" in weights}
    return moved


def basis(side: Side, space: Space, shown_terms: list[ShownTerm]) -> live.Affine:
    """From slider positions to a code of one codec."""
    return live.Affine(
        terms.centre(side, space.data_set), terms.vectors(shown_terms, side, space.data_set)
    )


def partial_codes(
    side: Side, space: Space, shown_terms: list[ShownTerm], weights: list[float]
) -> np.ndarray:
    """Codes after one term, two terms, ..., the sum, float32 (n_terms, latent_dim)."""
    return partial_sums(
        terms.vectors(shown_terms, side, space.data_set),
        weights,
        terms.centre(side, space.data_set),
    )


def show_steps(space: Space, shown_terms: list[ShownTerm], weights: list[float]) -> None:
    """The sum term by term, decoded, for each codec."""
    for side in space.sides:
        codes = partial_codes(side, space, shown_terms, weights)
        gallery(
            side.draw(get_engine().decode(side.key, codes)),
            captions=[part.words for part in shown_terms],
            between=terms.signs(shown_terms),
            clickable=False, size_px=112, key=f"algebra_steps_{side.colour}",
        )  # fmt: skip


def show_readings(
    space: Space, chosen: Sequence[Term], shown_terms: list[ShownTerm], weights: list[float]
) -> None:
    """What probes read off the first term's picture and off the result's.

    Args:
        space: The codecs.
        chosen: The sum as it was asked for: its questions name what is steered.
        shown_terms: The sum as it is shown; groups may be matched.
        weights: One a term.
    """
    questions = [term.question for term in chosen if term.kind in QUESTIONED]
    for side in space.sides:
        codes = partial_codes(side, space, shown_terms, weights)
        table = probe_readings.change_table(side, space, codes[0], codes[-1], questions)
        change = as_written(
            f"{shown_terms[0].words} → result: {probe_readings.change_sentence(table)}"
        )
        st.markdown(f"**{as_written(side.caption)}**, {change}")
        st.dataframe(
            table,
            hide_index=True,
            height=260,
            column_config={
                name: st.column_config.NumberColumn(format="%.2f")
                for name in ("before", "after", "change", "quality")
            },
        )
    st.caption(
        "Probability of a yes/no attribute, value of a number; change in the reading's own sigmas; "
        "quality on held-out items: AUC or R²."
    )
