"""Which map stands beside the first, and which epochs the two show."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import cached_codes
from ae_core.maps.projection import Method, ProjectionSettings
from ae_core.training import watch
from zoetrope.ui import keys, state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore.map_source import Source, choose_epoch, epochs_of, source_words
from zoetrope.ui.explore.map_words import METHODS
from zoetrope.ui.url_choice import UrlChoice


@dataclass(frozen=True)
class Beside:
    """Which map stands beside the first.

    Attributes:
        title: What people call it.
        method: How it is made.
        checkpoint: Whose codes.
        source: Of its codes, of pixels, or of the codes of one of its epochs.
    """

    title: str
    method: Method
    checkpoint: Checkpoint
    source: Source = "codes"


def choose(
    work: WorkingSet, settings: ProjectionSettings, source: Source, chosen: Checkpoint
) -> Beside | None:
    """What to put beside the map; other checkpoints are offered once their codes are there."""
    offers = {each.title: each for each in _offers(work, settings, source, chosen)}
    options = ["nothing", *offers]
    choice = UrlChoice(keys.BESIDE, options, is_preview=work.is_preview)
    title = st.selectbox(
        "Beside it", options, choice.index, width=160, key=choice.key("map_beside")
    )
    choice.keep(title)
    return offers.get(title)


def _offers(
    work: WorkingSet, settings: ProjectionSettings, source: Source, chosen: Checkpoint
) -> list[Beside]:
    name = METHODS[settings.method]
    own = [
        Beside(f"{other} of codes", method, chosen)
        for method, other in METHODS.items()
        if method != settings.method or source != "codes"
    ]
    if work.is_preview:
        return own
    others = [
        Beside(f"{name} of {each.name}", settings.method, each)
        for each in state.fitting_checkpoints()
        if each.name != chosen.name and cached_codes(each, work.data_set) is not None
    ]
    epochs = [
        Beside(f"{name} of an epoch{whose}", settings.method, each, "an epoch")
        for each, whose in [
            (chosen, ""),
            *((other.checkpoint, f" of {other.checkpoint.name}") for other in others),
        ]
        if epochs_of(each, work)
    ]
    numbers = source_words("pixels", work.data_set.about.item.unit)
    unencoded = Beside(f"{name} of {numbers}", settings.method, chosen, "pixels")
    return [*own, unencoded, *epochs, *others]


def choose_epochs(
    chosen: Checkpoint, source: Source, beside: Beside | None, work: WorkingSet
) -> tuple[watch.Frame | None, watch.Frame | None]:
    """A slider over the epochs for each of the two maps that shows one, in one row above them."""
    first = epochs_of(chosen, work) if source == "an epoch" else []
    second = []
    if beside is not None and beside.source == "an epoch":
        second = epochs_of(beside.checkpoint, work)
    if not first and not second:
        return None, None
    left, right = st.columns(2)
    with left:
        one = choose_epoch(first, "Epoch", name=keys.EPOCH)
    with right:
        two = choose_epoch(second, "Epoch beside it", name=keys.BESIDE_EPOCH)
    return one, two
