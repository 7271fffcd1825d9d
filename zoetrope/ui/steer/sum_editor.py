"""The sum that the Algebra page shows: which it is, and the row of pictures that changes it."""

from __future__ import annotations

import streamlit as st

from ae_core.errors import AeCoreError
from ae_core.steering.matching import N_PAIRS
from ae_core.steering.sums import (
    Term,
    default_sum,
    format_sum,
    opposed_groups,
    parse_sum,
)
from zoetrope.ui import kept_groups, keys, state
from zoetrope.ui.plain_text import message
from zoetrope.ui.steer import sum_stage, term_editor, terms
from zoetrope.ui.steer.space import Space
from zoetrope.ui.steer.terms import ShownTerm


def current(space: Space) -> tuple[tuple[Term, ...], bool]:
    """The sum in the URL, else one worth opening with; and whether the URL's weights are its."""
    text = state.recall(keys.SUM)
    if text:
        try:
            sum_in_url = parse_sum(text)
            for term in sum_in_url:
                terms.look_up(term, space.data_set, kept_groups.read(space.data_set).groups)
            return sum_in_url, True
        except AeCoreError as error:
            if space.is_preview:
                st.caption("The sum in the address comes when all items are there.")
            else:
                words = f"The sum in the address cannot be used: {error} Showing another one."
                st.warning(message(words))
    default = default_sum(space.data_set.attributes[space.data_set.visible_attributes()])
    return default, not text


def use(new: tuple[Term, ...], before: tuple[Term, ...]) -> None:
    """Show another sum from now on; weights follow the terms that stay."""
    weights = state.recall_numbers(keys.WEIGHTS)
    state.remember_numbers(keys.WEIGHTS, sum_stage.move_weights(weights, before, new))
    state.remember(keys.SUM, format_sum(new))
    st.rerun()


def show(space: Space, chosen: tuple[Term, ...], shown_terms: list[ShownTerm]) -> None:
    """The sum as pictures; a click opens the editor that changes a term."""
    active = st.session_state.get(keys.ALGEBRA_ACTIVE)
    picked = terms.show_row(shown_terms, key="algebra_terms", active=active)
    if picked is not None:
        st.session_state[keys.ALGEBRA_ACTIVE] = None if picked == active else picked
        st.rerun()
    if active is not None and active < len(chosen):
        groups = kept_groups.read(space.data_set).groups
        new = term_editor.show(chosen, active, space.data_set, groups)
        if new is not None:
            if new == chosen or len(new) != len(chosen):
                st.session_state[keys.ALGEBRA_ACTIVE] = None
            use(new, chosen)


def matching_switch(chosen: tuple[Term, ...]) -> bool:
    """Whether the groups are to be the pairs most alike, asked where the sum has two to match."""
    if opposed_groups(chosen) is None:
        return False
    return state.switch(
        f"Match the groups: the {N_PAIRS} pairs most alike, around the item",
        keys.MATCHED,
        help="Less of hair and background comes along than with everyone's mean.",
    )
