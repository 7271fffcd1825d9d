"""The first map: made of what was chosen, else PCA, there at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ae_core.arrays import spread
from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import codes_key
from ae_core.errors import ProjectionError
from ae_core.maps.map import open_map
from ae_core.maps.mapped import Mapped
from ae_core.maps.pairs import aligned_key
from ae_core.maps.projection import ProjectionSettings
from ae_core.processes.worker_client import RequestState
from ae_core.training import watch
from zoetrope.live.components.map import (
    CodeSource,
    ItemSource,
    MapCodec,
    MapColour,
    MapPoints,
    MapState,
    latent_map,
)
from zoetrope.live.projections import service
from zoetrope.palette import MODEL_COLOUR, PCA_COLOUR
from zoetrope.ui import keys, state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore.map_choice import MapChoice
from zoetrope.ui.explore.map_source import mapped, own_codes
from zoetrope.ui.explore.map_words import METHODS, REFUSED, axis_words, job_words
from zoetrope.ui.steer.panels import gauge
from zoetrope.ui.steer.space import Side


@dataclass(frozen=True)
class FirstMap:
    """The map asked for, as far as it is.

    Attributes:
        mapped: What it is of.
        job: The job that makes it.
        points: What is drawn: the map, an unfinished one, or PCA's in its place.
        made_key: Name of the finished map drawn, on disk.
    """

    mapped: Mapped
    job: RequestState
    points: MapPoints
    made_key: str


def make(
    checkpoint: Checkpoint, work: WorkingSet, choice: MapChoice, epoch: watch.Frame | None
) -> FirstMap:
    """Ask for the map.

    Raises:
        ProjectionError: Not even PCA can be made of these codes.
    """
    what, before = mapped(checkpoint, work, choice.source, epoch)
    own = own_codes(checkpoint, work)
    job = before or request_map(what.codes, choice.settings)
    points = _points(what, own, choice.settings, job)
    if points is not None:
        return FirstMap(what, job, points, job.key)
    settings = ProjectionSettings(n_components=choice.settings.n_components)
    pca = service().request(what.codes, settings)
    points = _points(what, own, settings, pca)
    assert points is not None  # PCA is done when it is asked
    return FirstMap(what, job, points, pca.key)


def request_map(codes: NDArray[np.float32], settings: ProjectionSettings) -> RequestState:
    """The map's job; where these codes make none, a failed one, so that PCA stays in sight.

    Raises:
        ProjectionError: Not even PCA can be made of them.
    """
    try:
        return service().request(codes, settings)
    except ProjectionError as error:
        if settings.method == "pca":
            raise
        return RequestState(REFUSED, "failed", message=str(error))


def _points(
    what: Mapped, own: np.ndarray, settings: ProjectionSettings, job: RequestState
) -> MapPoints | None:
    """The map asked for, finished or as far as it is; None where there is nothing of it yet."""
    n_axes = settings.n_components
    if job.is_active and job.n_partial and what.rows is None:
        return MapPoints(job.key, what.n_items, n_axes, part=job.n_partial)
    if job.state != "done":
        return None
    if what.rows is None:
        return MapPoints(job.key, what.n_items, n_axes, axis_words(open_map(job.key)))
    # Every epoch's map is turned like the checkpoint's own, so that points move and do not jump.
    whole = service().request(own, ProjectionSettings(n_components=n_axes))
    return MapPoints(aligned_key(what.map_key(job.key), whole.key), what.n_items, n_axes)


def draw(
    first: FirstMap,
    checkpoint: Checkpoint,
    work: WorkingSet,
    choice: MapChoice,
    colour: MapColour | None,
    colour_job: RequestState | None,
) -> MapState:
    """Draw it, with the card that decodes what is pointed at, and what is being made above it."""
    points, codes = first.points, code_source(checkpoint, work)
    is_plane = choice.source == "codes" and points.part is None
    title = (choice.colour if colour_job else None) or METHODS[choice.settings.method]
    seen = latent_map(
        points,
        items=ItemSource.of(work.data_set),
        colour=colour,
        codes=codes,
        codec=_codec_of(checkpoint, work),
        plane=open_map(points.key).plane if is_plane else None,
        spread=_spread_of(codes.key, work.codes),
        matching_rows=choice.matching_rows,
        pictures=state.recall(keys.DOTS) != "1",
        part=st.session_state.get(keys.LINKED_PART),
        job=job_words(colour_job or first.job, first.mapped.words, title),
        layout="narrow" if choice.beside else "wide",
        key=keys.FIRST_MAP,
    )
    if seen.pictures is not None:
        state.remember(keys.DOTS, None if seen.pictures else "1")
    return seen


def code_source(checkpoint: Checkpoint, work: WorkingSet) -> CodeSource:
    """Where the browser gets the codes from."""
    n_items, size = work.codes.shape
    return CodeSource(codes_key(checkpoint, work.data_set), size, n_items)


def _codec_of(checkpoint: Checkpoint, work: WorkingSet) -> MapCodec:
    """The chosen checkpoint's codec, with its live gauge."""
    colour = MODEL_COLOUR if checkpoint.has_partner else PCA_COLOUR
    side = Side(checkpoint.name, checkpoint.caption, colour, checkpoint, work.codes)
    return MapCodec(side.key, side.caption, colour, (gauge(side, work.data_set),))


@st.cache_data(max_entries=32, show_spinner=False)
def _spread_of(key: str, _codes: np.ndarray) -> float:
    return spread(_codes)
