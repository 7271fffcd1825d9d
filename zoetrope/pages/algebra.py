"""What does glasses + woman - man give?"""

import streamlit as st

from ae_core.steering.sums import MAX_TERMS, Term
from zoetrope.live.components import stage as live
from zoetrope.ui import kept_groups, keys, page, presentation, state
from zoetrope.ui.steer import direction_panel, neighbour_row, notices, sum_editor, sum_stage, terms
from zoetrope.ui.steer.panels import panels
from zoetrope.ui.steer.space import Space, open_space
from zoetrope.ui.steer.terms import ShownTerm

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


def stage_of(space: Space, shown_terms: list[ShownTerm], *, has_own_weights: bool) -> list[float]:
    """The stage with one slider a term; the weights that the sliders have."""
    positions = live.slider_bank(
        stage=panels(space, lambda side: sum_stage.basis(side, space, shown_terms)),
        controls=sum_stage.sliders(
            shown_terms, keys.ALGEBRA_SLIDERS, keys.WEIGHTS if has_own_weights else ""
        ),
        buttons=("play", "reset"),
        picture_px=presentation.picture_px(),
        key=keys.ALGEBRA_SLIDERS,
    )
    if has_own_weights:  # else those in the address are another sum's
        distances = {name: value - 1 for name, value in positions.items()}
        state.remember_numbers(keys.WEIGHTS, distances)
    return list(positions.values())


def choose_view(space: Space, chosen: tuple[Term, ...]) -> str | None:
    """What to see under the neighbours; beside it the button for another example."""
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        view = st.segmented_control(
            "More", [STEPS, READINGS, DIRECTIONS], default=STEPS, label_visibility="collapsed",
            key="algebra_view",
        )  # fmt: skip
        if st.button("Another example", icon=":material/casino:"):
            sum_editor.use(terms.other_example(chosen, space.data_set), chosen)
    return view


page.header("Algebra", "What does adding and subtracting codes give?", HOW, is_live=True)
with page.errors_in_words():
    space = open_space()
    chosen, has_own_weights = sum_editor.current(space)
    groups = kept_groups.read(space.data_set).groups
    shown_terms = [terms.look_up(term, space.data_set, groups) for term in chosen]
    above = st.container()  # the sum stands above the choice that changes its pictures
    if sum_editor.matching_switch(chosen):
        shown_terms = terms.match_groups(shown_terms, space.model, space.data_set)
    with above:
        sum_editor.show(space, chosen, shown_terms)
    weights = stage_of(space, shown_terms, has_own_weights=has_own_weights)
    presentation.stop_here()
    terms.show_warnings(shown_terms)
    notices.say_preview(space)
    notices.wait_until_warm()
    code = sum_stage.partial_codes(space.model, space, shown_terms, weights)[-1]
    neighbour = neighbour_row.show(space, code, key="algebra_neighbours")
    if neighbour is not None:
        sum_editor.use((Term(1, "item", str(neighbour)), *chosen[1:]), chosen)
    view = choose_view(space, chosen)
    if view == STEPS:
        sum_stage.show_steps(space, shown_terms, weights)
    elif view == READINGS:
        sum_stage.show_readings(space, chosen, shown_terms, weights)
    elif view == DIRECTIONS:
        direction = direction_panel.show(space)
        if direction is not None and len(chosen) < MAX_TERMS:
            sum_editor.use((*chosen, direction), chosen)
