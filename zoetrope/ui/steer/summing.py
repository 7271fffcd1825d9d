"""A sum on the stage: its sliders, its code for each codec, its steps, what is read off it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import numpy as np
import streamlit as st

from ae_core.steering.expressions import Term, format_sum
from zoetrope.live.components import stage as live
from zoetrope.live.components.gallery import gallery
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui.plain_text import as_written
from zoetrope.ui.steer import readings, steering, terms
from zoetrope.ui.steer.steering import Side, Space
from zoetrope.ui.steer.terms import Shown


def controls(shown: list[Shown], hand: str, url: str) -> list[live.Control]:
    """One slider a term; its place in the URL, if it has one, is the distance from 1."""
    signature = format_sum([part.term for part in shown])
    moved = steering.opening_hand(hand, url, signature) if url else {}
    found = []
    for index, part in enumerate(shown):
        low = -2.0 if part.term.is_direction else 0.0
        start = 1.0 + moved.get(f"w{index}", 0.0)
        label = f"{terms.SIGNS[part.term.sign]} {part.words}"
        found.append(live.Control(f"w{index}", label, low, 2.0, start, 0.05, default=1.0))
    return found


def weights_moved(
    weights: Mapping[str, float], before: Sequence[Term], after: Sequence[Term]
) -> dict[str, float]:
    """Weights by the places of `after`: they follow their terms; what replaces one inherits it."""
    found: dict[str, float] = {}
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        pairs = zip(range(a, b), range(c, d), strict=False) if tag in ("equal", "replace") else ()
        found |= {f"w{new}": weights[f"w{old}"] for old, new in pairs if f"w{old}" in weights}
    return found


def basis(side: Side, space: Space, shown: list[Shown]) -> live.Affine:
    """From slider positions to a code of one codec."""
    return live.Affine(
        terms.centre(side, space.data_set), terms.vectors(shown, side, space.data_set)
    )


def partial_sums(side: Side, space: Space, shown: list[Shown], weights: list[float]) -> np.ndarray:
    """Codes after one term, two terms, ..., float32 (n_terms, latent_dim)."""
    found = basis(side, space, shown)
    rows = np.asarray(found.directions) * np.array(weights)[:, None]
    return (np.asarray(found.origin) + np.cumsum(rows, axis=0)).astype(np.float32)


def steps(space: Space, shown: list[Shown], weights: list[float]) -> None:
    """The sum term by term, decoded, for each codec."""
    for side in space.sides:
        codes = partial_sums(side, space, shown, weights)
        gallery(
            get_engine().decode(side.key, codes).transpose(0, 3, 1, 2),
            captions=[part.words for part in shown],
            between=terms.signs(shown),
            clickable=False, size_px=112, key=f"algebra_steps_{side.colour}",
        )  # fmt: skip


def read(space: Space, shown: list[Shown], weights: list[float]) -> None:
    """What probes read off the first term's picture and off the result's."""
    for side in space.sides:
        codes = partial_sums(side, space, shown, weights)
        table = readings.change_table(side, space, codes[0], codes[-1])
        change = as_written(f"{shown[0].words} → result: {readings.sentence(table)}")
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
