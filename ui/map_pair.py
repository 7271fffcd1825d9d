"""A second map beside the first: linked, laid over it, with what changed between the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.checkpoints import Checkpoint
from ae_core.codes import cached_codes
from ae_core.map_pairs import aligned_key, changed_neighbours
from ae_core.maps import load_map
from ae_core.projection import Method, ProjectionSettings
from ae_core.projection_service import JobState
from live.gallery import gallery
from live.map_component import (
    CodeSource,
    ItemSource,
    MapColour,
    MapJob,
    MapPoints,
    latent_map,
)
from live.projections import service
from ui import exploring, state
from ui.cached import WorkingSet

BESIDE = "beside"
N_CHANGED = 12


@dataclass(frozen=True)
class Beside:
    """Which map stands beside the first.

    Attributes:
        title: What people call it.
        method: How it is made.
        source: Of codes or of pixels.
        checkpoint: Whose codes; None for the one chosen in the sidebar.
    """

    title: str
    method: Method
    source: exploring.Source = "codes"
    checkpoint: Checkpoint | None = None


def choose(work: WorkingSet, settings: ProjectionSettings, chosen: Checkpoint) -> Beside | None:
    """What to put beside the map; other checkpoints are offered once their codes are there."""
    offers = {each.title: each for each in _offers(work, settings, chosen)}
    recalled = state.recall(BESIDE)
    options = ["nothing", *offers]
    title = st.selectbox(
        "Beside it",
        options,
        options.index(recalled) if recalled in options else 0,
        width=160,
        key="map_beside",
    )
    state.remember(BESIDE, None if title == "nothing" else title)
    return offers.get(title)


def _offers(work: WorkingSet, settings: ProjectionSettings, chosen: Checkpoint) -> list[Beside]:
    own = [
        Beside(f"{name} of codes", method)
        for method, name in exploring.METHODS.items()
        if method != settings.method
    ]
    if work.is_preview:
        return own
    name = exploring.METHODS[settings.method]
    others = [
        Beside(f"{name} of {each.name}", settings.method, checkpoint=each)
        for each in state.fitting_checkpoints()
        if each.name != chosen.name and cached_codes(each, work.data_set) is not None
    ]
    return [*own, Beside(f"{name} of pixels", settings.method, "pixels"), *others]


def show(
    beside: Beside,
    work: WorkingSet,
    first: MapPoints,
    colour: MapColour | None,
    codes: CodeSource,
    *,
    key: str,
) -> JobState:
    """The second map, laid over the first; gives the job that makes it."""
    mapped, job = _codes_of(beside, work)
    settings = ProjectionSettings(method=beside.method, n_components=first.n_components)
    job = job or service().request(mapped, settings)
    if job.state != "done" or first.part is not None:
        st.caption(exploring.job_words(job, len(mapped), beside.title).text)
        return job
    aligned = aligned_key(job.key, first.key)
    lines = st.session_state.get("map_lines", False)
    latent_map(
        MapPoints(aligned, first.n_items, first.n_components),
        items=ItemSource.of(work.data_set),
        colour=colour,
        codes=codes,
        job=MapJob(f"{beside.title}, laid over the first"),
        layout="bare",
        moved_from=first.key if lines else None,
        key=key,
    )
    return job


def _codes_of(beside: Beside, work: WorkingSet) -> tuple[np.ndarray, JobState | None]:
    if beside.checkpoint is not None:
        codes = cached_codes(beside.checkpoint, work.data_set)
        return (work.codes if codes is None else codes), None
    return exploring.mapped_codes(work, beside.source)


def what_changed(
    beside: JobState, first: MapPoints, work: WorkingSet, use: Callable[[np.ndarray], None]
) -> None:
    """The items whose neighbours differ most between the two maps."""
    changed = _changed(first.key, beside.key)
    if changed is None:
        return
    most = np.argsort(-changed, kind="stable")[:N_CHANGED]
    left, right = st.columns([0.58, 0.42], vertical_alignment="center")
    left.markdown(
        f"**Neighbours changed:** {changed.mean():.0%} of 15 on average :gray[most for these]"
    )
    right.toggle("Draw the movement", key="map_lines")
    gallery(
        np.array(work.data_set.items[most]),
        key="map_changed",
        captions=[f"{share:.0%}" for share in changed[most]],
        labels=[f"item {item}" for item in most],
        clickable=False,
    )
    if st.button("Make these the group", icon=":material/bookmark:"):
        use(np.sort(most).astype(np.int64))
        st.rerun()


@st.cache_data(max_entries=16, show_spinner="Comparing the neighbours on both maps")
def _changed(first_key: str, second_key: str) -> np.ndarray | None:
    first, second = load_map(first_key), load_map(second_key)
    if first is None or second is None:
        return None
    return changed_neighbours(np.asarray(first.points), np.asarray(second.points))
