"""A second map beside the first: linked, and laid over it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.maps.pairs import aligned_key
from ae_core.maps.projection import ProjectionSettings
from ae_core.processes.worker_client import RequestState
from ae_core.training import watch
from zoetrope.live.components.map import ItemSource, MapColour, MapJob, MapPoints, latent_map
from zoetrope.ui import keys, state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore.first_map import FirstMap, code_source, request_map
from zoetrope.ui.explore.map_choice import MapChoice
from zoetrope.ui.explore.map_source import mapped
from zoetrope.ui.explore.map_words import fitted_words, job_words
from zoetrope.ui.explore.second_map_choice import Beside
from zoetrope.ui.plain_text import message


@dataclass(frozen=True)
class SecondMap:
    """The job that makes the second map and, when it is done, the map's name."""

    job: RequestState
    key: str | None = None


def show(
    first: FirstMap,
    checkpoint: Checkpoint,
    work: WorkingSet,
    choice: MapChoice,
    colour: MapColour | None,
    epoch: watch.Frame | None,
) -> SecondMap | None:
    """Draw what was chosen to stand beside the first map; None if nothing was."""
    beside, points = choice.beside, first.points
    if beside is None:
        return None
    what, before = mapped(beside.checkpoint, work, beside.source, epoch)
    settings = ProjectionSettings(method=beside.method, n_components=points.n_components)
    job = before or request_map(what.codes, settings)
    if job.state == "failed":
        st.error(message(job.message), icon=":material/error:")
        return SecondMap(job)
    if job.state != "done" or points.part is not None:
        st.caption(message(job_words(job, what.words, beside.title).text))
        return SecondMap(job)
    aligned = aligned_key(what.map_key(job.key), points.key)
    latent_map(
        MapPoints(aligned, points.n_items, points.n_components),
        items=ItemSource.of(work.data_set),
        colour=colour,
        codes=code_source(checkpoint, work),
        matching_rows=choice.matching_rows,
        job=MapJob(f"{_title(beside, epoch)}, laid over the first{fitted_words(job.key)}"),
        layout="bare",
        moved_from=points.key if state.is_on(keys.MOVEMENT) else None,
        key=keys.SECOND_MAP,
    )
    return SecondMap(job, aligned)


def _title(beside: Beside, epoch: watch.Frame | None) -> str:
    return beside.title.replace("an epoch", f"epoch {epoch.epoch}") if epoch else beside.title
