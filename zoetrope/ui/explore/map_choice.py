"""The row of controls over the map: which map, its settings, its colours, what to look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from pydantic import ValidationError

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.data.item_search import select_items
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError
from ae_core.maps.item_columns import KINDS
from ae_core.maps.projection import Method, ProjectionSettings
from zoetrope.ui import kept_groups, keys, state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore import second_map_choice
from zoetrope.ui.explore.map_source import Source, epochs_of, source_words
from zoetrope.ui.explore.map_words import GROUP_PREFIX, LOCAL_TRUST, METHODS, words
from zoetrope.ui.explore.second_map_choice import Beside
from zoetrope.ui.plain_text import message
from zoetrope.ui.steer.item_picker import example
from zoetrope.ui.train import settings_form
from zoetrope.ui.url_choice import UrlChoice


@dataclass(frozen=True)
class MapChoice:
    """What the controls say.

    Attributes:
        settings: How the map is made.
        source: Of what.
        colour: What colours mean: an attribute or a derived number; None: one colour for all.
        matching_rows: Rows that the question leaves, int64; None: nothing is asked.
        beside: The second map, if there is one.
    """

    settings: ProjectionSettings
    source: Source
    colour: str | None
    matching_rows: NDArray[np.int64] | None
    beside: Beside | None


def choose_map(checkpoint: Checkpoint, work: WorkingSet) -> MapChoice:
    """A row, which breaks where it must, and under it the question, as wide as the page."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        has_epochs = bool(epochs_of(checkpoint, work))
        method = _choose_method()
        settings, source = _choose_settings(
            method,
            unit=work.data_set.about.item.unit,
            is_preview=work.is_preview,
            has_epochs=has_epochs,
        )
        colour = _choose_colour(work.data_set, is_preview=work.is_preview)
        beside = second_map_choice.choose(work, settings, source, checkpoint)
    rows = _ask_question(work.data_set)
    return MapChoice(settings, source, colour, rows, beside)


def _choose_method() -> Method:
    options = list(METHODS)
    recalled = state.recall(keys.METHOD)
    chosen = st.segmented_control(
        "Map",
        options,
        default=recalled if recalled in options else "pca",
        format_func=METHODS.__getitem__,
        required=True,
        key="map_method",
        width=216,
    )
    state.remember(keys.METHOD, chosen)
    return chosen


def _choose_settings(
    method: Method, *, unit: str, is_preview: bool, has_epochs: bool
) -> tuple[ProjectionSettings, Source]:
    """Axes, what is mapped, and the settings that the method reads, folded away."""
    usual = ProjectionSettings(method=method)
    names = [name for name in usual.relevant() if name not in ("method", "n_components")]
    start = _recalled_settings(usual, names)
    with st.popover("Settings", icon=":material/tune:", width=128):
        n_axes = _choose_axes()
        source = _choose_source(unit, is_preview=is_preview, has_epochs=has_epochs)
        values = {name: settings_form.widget(start, name, key=f"map-{method}") for name in names}
    for name, value in values.items():
        state.remember(name, None if value == getattr(usual, name) else f"{value:.12g}")
    return start.model_copy(update={**values, "n_components": n_axes}), source


def _choose_axes() -> int:
    start = 3 if state.recall(keys.N_AXES) == "3" else 2
    n_axes = st.segmented_control(
        "Axes", [2, 3], default=start, key="map_axes", required=True, format_func="{}-D".format
    )
    state.remember(keys.N_AXES, "3" if n_axes == 3 else None)
    return n_axes


def _choose_source(unit: str, *, is_preview: bool, has_epochs: bool) -> Source:
    sources: dict[str, Source] = {
        each: each for each in get_args(Source) if each != "an epoch" or has_epochs
    }
    choice = UrlChoice(keys.SOURCE, list(sources), is_preview=is_preview)
    source = st.segmented_control(
        "Map of",
        list(sources),
        default=choice.start,
        format_func=lambda source: source_words(source, unit),
        key=choice.key("map_source"),
        required=True,
        disabled=is_preview,
        help=f"Codes of the checkpoint; the {unit}s themselves (their first 50 principal "
        "components): what the network adds; or the codes as they were after an epoch of "
        "training, which runs made here keep for some held-out items.",
    )
    choice.keep(source)
    return sources[source]


def _recalled_settings(usual: ProjectionSettings, names: list[str]) -> ProjectionSettings:
    """The settings that the address asks for; the usual ones where it asks for nonsense."""
    recalled = {name: value for name in names if (value := state.recall(name)) is not None}
    try:
        return ProjectionSettings.model_validate({**usual.model_dump(), **recalled}, strict=False)
    except ValidationError:
        return usual


def _choose_colour(data_set: DataSet, *, is_preview: bool) -> str | None:
    """What colours mean: an attribute, a kept group, or a number made from codes and map."""
    names = [str(name) for name in data_set.visible_attributes()]
    groups = [f"{GROUP_PREFIX}{name}" for name in kept_groups.read(data_set).groups]
    options = names if is_preview else [*names, *groups, *KINDS, LOCAL_TRUST]
    if not options:
        return None
    choice = UrlChoice(keys.COLOUR, options, is_preview=is_preview)
    chosen = st.selectbox(
        "Colour by",
        options,
        choice.index,
        format_func=words,
        key=choice.key("map_colour"),
        width=160,
    )
    choice.keep(chosen)
    return chosen


def _ask_question(data_set: DataSet) -> NDArray[np.int64] | None:
    """Rows that a question about attributes leaves; None where nothing is asked."""
    question = st.text_input(
        "Find",
        state.recall(keys.FIND) or "",
        placeholder=f"Find: {example(data_set).removeprefix('Search, for example ')}; "
        "and, or, not, brackets",
        icon=":material/search:",
        label_visibility="collapsed",
        key="map_find",
    )
    state.remember(keys.FIND, question or None)
    if not question.strip():
        return None
    try:
        return select_items(question, data_set.attributes)
    except AeCoreError as error:
        st.warning(message(error))
        return None
