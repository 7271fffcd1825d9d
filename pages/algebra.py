"""What does glasses + woman - man give?"""

import numpy as np
import streamlit as st

from ae_core.errors import AeCoreError
from ae_core.expressions import Term, default_sum, format_sum, parse_sum
from live import components as live
from live.engine import get_engine
from live.gallery import gallery
from ui import page, picking, state, steering, terms
from ui.steering import Side, Space
from ui.terms import Shown

HAND, URL_SUM, URL_WEIGHTS, ACTIVE = "algebra_hand", "sum", "weights", "algebra_active"
HOW = r"""
Codes are added as points, around the mean code $m$ of the data:
$z = m + \sum_i s_i w_i (z_i - m) + \sum_j s_j w_j d_j$, with signs $s$, your sliders $w$, and
directions $d$. With all sliders at 1 and signs that sum to 1 this is the plain
$z_A - z_B + z_C$ (Mikolov et al. 2013; for pictures Radford, Metz & Chintala 2016, section 6.3).

A **group** enters as the mean of its items' codes: what its items do not share averages out, by
$1/\sqrt n$. A **direction** leads from all other items to those who answer: by mean difference, or
as the unit normal of a logistic regression (Shen et al. 2020).

The neighbours are the real items whose codes are nearest to the sum. If the nearest is the item you
began with, the sum did little.

**Support**: mean distance to the 10 nearest training codes, as a percentile of held-out items.
"""


def current_terms(space: Space) -> tuple[Term, ...]:
    """The sum in the URL, else one worth opening with."""
    asked = state.recall(URL_SUM)
    if asked:
        try:
            found = parse_sum(asked)
            for term in found:
                terms.show(term, space.data_set, terms.kept_groups(space.data_set))
            return found
        except AeCoreError as error:
            st.warning(f"The sum in the address cannot be used: {error} Showing another one.")
    return default_sum(space.data_set.attributes[space.data_set.visible_attributes()])


def use(new: tuple[Term, ...]) -> None:
    state.remember(URL_SUM, format_sum(new))
    st.rerun()


def steps(space: Space, shown: list[Shown], weights: list[float]) -> None:
    """The sum term by term, for the model and for PCA, decoded."""
    for side in space.sides:
        rows = terms.vectors(shown, side, space.data_set) * np.array(weights)[:, None]
        codes = terms.centre(side, space.data_set) + np.cumsum(rows, axis=0)
        pictures = get_engine().decode(side.key, codes.astype(np.float32)).transpose(0, 3, 1, 2)
        gallery(
            pictures, captions=[s.words for s in shown], clickable=False, size_px=96,
            between=[terms.SIGNS[s.term.sign] for s in shown], key=f"algebra_steps_{side.key}",
        )  # fmt: skip


def edit(space: Space, chosen: tuple[Term, ...], shown: list[Shown]) -> None:
    """The sum as pictures; a click opens the drawer that changes a term."""
    active = st.session_state.get(ACTIVE)
    picked = terms.row(shown, key="algebra_terms", active=active)
    if picked is not None:
        st.session_state[ACTIVE] = None if picked == active else picked
        st.rerun()
    if active is not None and active < len(chosen):
        groups = terms.kept_groups(space.data_set)
        new = terms.drawer(chosen, active, space.data_set, groups)
        if new is not None:
            if new == chosen or len(new) != len(chosen):
                st.session_state[ACTIVE] = None
            use(new)


def controls(shown: list[Shown]) -> list[live.Control]:
    moved = steering.opening_hand(HAND, URL_WEIGHTS, format_sum([s.term for s in shown]))
    found = []
    for index, part in enumerate(shown):
        low = -2.0 if part.term.is_direction else 0.0
        start = 1.0 + moved.get(f"w{index}", 0.0)
        label = f"{terms.SIGNS[part.term.sign]} {part.words}"
        found.append(live.Control(f"w{index}", label, low, 2.0, start, 0.05, default=1.0))
    return found


def basis(side: Side, space: Space, shown: list[Shown]) -> live.Affine:
    return live.Affine(
        terms.centre(side, space.data_set), terms.vectors(shown, side, space.data_set)
    )


page.header("Algebra", "What does adding and subtracting pictures' codes give?", HOW)
with page.errors_in_words():
    space = steering.open_space()
    chosen = current_terms(space)
    groups = terms.kept_groups(space.data_set)
    shown = [terms.show(term, space.data_set, groups) for term in chosen]
    edit(space, chosen, shown)
    hand = live.slider_bank(
        stage=space.panels(lambda side: basis(side, space, shown)),
        controls=controls(shown),
        buttons=("play", "reset"),
        key=HAND,
    )
    state.remember_numbers(URL_WEIGHTS, {name: value - 1 for name, value in hand.items()})
    for part in shown:
        if part.doubt:
            st.caption(f":material/info: {part.words}: {part.doubt}.")
    steering.say_preview(space)
    weights = list(hand.values())
    result = live.code_at(basis(space.model, space, shown), weights)
    near = steering.neighbours(space, result, key="algebra_neighbours")
    if near is not None:
        use((Term(1, "item", str(near)), *chosen[1:]))
    if st.button("Another example", icon=":material/casino:"):
        first = [t for t in chosen if t.kind == "item"][:1]
        use((Term(1, "item", str(picking.random_item(space.data_set))), *chosen[len(first) :]))
    with st.expander("Step by step"):
        steps(space, shown, weights)
