"""What does glasses + woman - man give?"""

import streamlit as st

from ae_core.errors import AeCoreError
from ae_core.steering.expressions import (
    MAX_TERMS,
    Term,
    default_sum,
    format_sum,
    opposed_groups,
    parse_sum,
)
from ae_core.steering.matching import N_PAIRS
from zoetrope.live.components import stage as live
from zoetrope.ui import page, presenting, state
from zoetrope.ui.plain_text import as_written, message
from zoetrope.ui.steer import direction_panel, steering, summing, terms
from zoetrope.ui.steer.steering import Space
from zoetrope.ui.steer.terms import Shown

HAND, URL_SUM, URL_WEIGHTS, ACTIVE = "algebra_hand", "sum", "weights", "algebra_active"
URL_MATCHED = "matched"
STEPS, READINGS, DIRECTIONS = "Step by step", "Readings", "Directions"
HOW = r"""
Codes are added as points, around the mean code $m$ of the data:
$z = m + \sum_i s_i w_i (z_i - m) + \sum_j s_j w_j d_j$, with signs $s$, your sliders $w$, and
directions $d$. With all sliders at 1 and signs that sum to 1 this is the plain
$z_A - z_B + z_C$ (Mikolov et al. 2013; for pictures Radford, Metz & Chintala 2016, section 6.3).

A **group** enters as the mean of its items' codes: what its items do not share averages out, by
$1/\sqrt n$. **Matched**, the groups are the 16 pairs most alike around the item: of the 128 of the
group taken away that are nearest to it, each with the nearest one of the group added, apart from
the groups' mean difference (Upchurch et al. 2017, section 3.1; Rosenbaum & Rubin 1985). What the
pairs share cancels. A **direction** leads from the items that do not answer to those that do: by
mean difference; as the unit normal of a logistic regression; or as the mean difference without its
part along the probes of what is held fixed, $n_1 - (n_1^\top n_2)\,n_2$ (Shen, Gu, Tang & Zhou
2020).

**Readings**: linear probes on codes, applied to the *decoded picture, encoded again*. A probe is
not the truth; its held-out quality stands beside it.

**Beyond 97 % of real items**: the code's mean distance to the 10 nearest training codes is larger
than that of 97 % of held-out items.
"""


def current_terms(space: Space) -> tuple[tuple[Term, ...], bool]:
    """The sum in the URL, else one worth opening with; and whether the URL's weights are its."""
    asked = state.recall(URL_SUM)
    if asked:
        try:
            found = parse_sum(asked)
            for term in found:
                terms.show(term, space.data_set, terms.kept_groups(space.data_set))
            return found, True
        except AeCoreError as error:
            if space.is_preview:
                st.caption("The sum in the address comes when all items are there.")
            else:
                words = f"The sum in the address cannot be used: {error} Showing another one."
                st.warning(message(words))
    default = default_sum(space.data_set.attributes[space.data_set.visible_attributes()])
    return default, not asked


def use(new: tuple[Term, ...], before: tuple[Term, ...]) -> None:
    """Show another sum from now on; weights follow the terms that stay."""
    weights = state.recall_numbers(URL_WEIGHTS)
    state.remember_numbers(URL_WEIGHTS, summing.weights_moved(weights, before, new))
    state.remember(URL_SUM, format_sum(new))
    st.rerun()


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
            use(new, chosen)


def is_matched(chosen: tuple[Term, ...]) -> bool:
    """Whether the groups are to be the pairs most alike, asked where the sum has two to match."""
    if opposed_groups(chosen) is None:
        return False
    return state.switch(
        f"Match the groups: the {N_PAIRS} pairs most alike, around the item",
        URL_MATCHED,
        help="Less of hair and background comes along than with everyone's mean.",
    )


page.header("Algebra", "What does adding and subtracting pictures' codes give?", HOW, is_live=True)
with page.errors_in_words():
    space = steering.open_space()
    chosen, is_asked = current_terms(space)
    kept = terms.kept_groups(space.data_set)
    shown = [terms.show(term, space.data_set, kept) for term in chosen]
    above = st.container()  # the sum stands above the choice that changes its pictures
    if is_matched(chosen):
        shown = terms.matched(shown, space.model, space.data_set)
    with above:
        edit(space, chosen, shown)
    hand = live.slider_bank(
        stage=space.panels(lambda side: summing.basis(side, space, shown)),
        controls=summing.controls(shown, HAND, URL_WEIGHTS if is_asked else ""),
        buttons=("play", "reset"),
        picture_px=presenting.picture_px(),
        key=HAND,
    )
    if is_asked:  # else those in the address are another sum's
        state.remember_numbers(URL_WEIGHTS, {name: value - 1 for name, value in hand.items()})
    presenting.stop_here()
    for part in shown:
        if part.doubt:
            st.caption(f":material/info: {as_written(part.words)}: {part.doubt}.")
    steering.say_preview(space)
    steering.wait_until_warm()
    weights = list(hand.values())
    result = live.code_at(summing.basis(space.model, space, shown), weights)
    near = steering.neighbours(space, result, key="algebra_neighbours")
    if near is not None:
        use((Term(1, "item", str(near)), *chosen[1:]), chosen)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        view = st.segmented_control(
            "More", [STEPS, READINGS, DIRECTIONS], default=STEPS, label_visibility="collapsed",
            key="algebra_view",
        )  # fmt: skip
        if st.button("Another example", icon=":material/casino:"):
            use(terms.other_example(chosen, space.data_set), chosen)
    if view == STEPS:
        summing.steps(space, shown, weights)
    elif view == READINGS:
        summing.read(space, shown, weights)
    elif view == DIRECTIONS:
        added = direction_panel.show(space)
        if added is not None and len(chosen) < MAX_TERMS:
            use((*chosen, added), chosen)
