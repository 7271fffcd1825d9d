"""A second map beside the first: linked, laid over it, with what changed between the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import cached_codes
from ae_core.maps.map import load_map
from ae_core.maps.pairs import N_NEIGHBOURS, aligned_key, changed_neighbours
from ae_core.maps.projection import Method, ProjectionSettings
from ae_core.maps.service import JobState
from ae_core.training import watch
from zoetrope.live.components.gallery import gallery
from zoetrope.live.components.map import (
    CodeSource,
    ItemSource,
    MapColour,
    MapJob,
    MapPoints,
    latent_map,
)
from zoetrope.ui import state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore import exploring, map_sources
from zoetrope.ui.explore.map_sources import Source
from zoetrope.ui.plain_text import message

BESIDE, BESIDE_EPOCH, URL_LINES = "beside", "beside_epoch", "movement"
N_CHANGED = 12


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


@dataclass(frozen=True)
class Second:
    """The job that makes the second map and, when it is done, the map's name."""

    job: JobState
    key: str | None = None


def choose(
    work: WorkingSet, settings: ProjectionSettings, source: Source, chosen: Checkpoint
) -> Beside | None:
    """What to put beside the map; other checkpoints are offered once their codes are there."""
    offers = {each.title: each for each in _offers(work, settings, source, chosen)}
    options = ["nothing", *offers]
    wish = exploring.Wish(BESIDE, options, is_preview=work.is_preview)
    title = st.selectbox(
        "Beside it", options, options.index(wish.start), width=160, key=wish.key("map_beside")
    )
    wish.keep(title)
    return offers.get(title)


def _offers(
    work: WorkingSet, settings: ProjectionSettings, source: Source, chosen: Checkpoint
) -> list[Beside]:
    name = exploring.METHODS[settings.method]
    own = [
        Beside(f"{other} of codes", method, chosen)
        for method, other in exploring.METHODS.items()
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
        if map_sources.epochs_of(each, work)
    ]
    return [*own, Beside(f"{name} of pixels", settings.method, chosen, "pixels"), *epochs, *others]


def show(
    beside: Beside,
    work: WorkingSet,
    first: MapPoints,
    colour: MapColour | None,
    codes: CodeSource,
    *,
    epoch: watch.Frame | None,
    found: np.ndarray | None,
    key: str,
) -> Second:
    """The second map, laid over the first."""
    what = map_sources.mapped(beside.checkpoint, work, beside.source, epoch)
    settings = ProjectionSettings(method=beside.method, n_components=first.n_components)
    job = what.job or exploring.ask_for_map(what.codes, settings)
    if job.state == "failed":
        st.error(message(job.message), icon=":material/error:")
        return Second(job)
    if job.state != "done" or first.part is not None:
        st.caption(message(exploring.job_words(job, what.words, beside.title).text))
        return Second(job)
    aligned = aligned_key(what.map_key(job.key), first.key)
    lines = state.is_on(URL_LINES)
    latent_map(
        MapPoints(aligned, first.n_items, first.n_components),
        items=ItemSource.of(work.data_set),
        colour=colour,
        codes=codes,
        found=found,
        job=MapJob(
            f"{_title(beside, epoch)}, laid over the first{exploring.fitted_words(job.key)}"
        ),
        layout="bare",
        moved_from=first.key if lines else None,
        key=key,
    )
    return Second(job, aligned)


def _title(beside: Beside, epoch: watch.Frame | None) -> str:
    return beside.title.replace("an epoch", f"epoch {epoch.epoch}") if epoch else beside.title


def choose_epochs(
    chosen: Checkpoint, source: Source, beside: Beside | None, work: WorkingSet
) -> tuple[watch.Frame | None, watch.Frame | None]:
    """A slider over the epochs for each of the two maps that shows one, in one row above them."""
    first = map_sources.epochs_of(chosen, work) if source == "an epoch" else []
    second = []
    if beside is not None and beside.source == "an epoch":
        second = map_sources.epochs_of(beside.checkpoint, work)
    if not first and not second:
        return None, None
    left, right = st.columns(2)
    with left:
        one = map_sources.choose_epoch(first, "Epoch", name=exploring.EPOCH)
    with right:
        two = map_sources.choose_epoch(second, "Epoch beside it", name=BESIDE_EPOCH)
    return one, two


def what_changed(
    second_key: str, first: MapPoints, work: WorkingSet, use: Callable[[np.ndarray], None]
) -> None:
    """The items whose neighbours differ most between the two maps."""
    changed = _changed(first.key, second_key)
    if changed is None:
        return
    n_both = int(np.isfinite(changed).sum())
    most = np.argsort(-changed, kind="stable")[: min(N_CHANGED, n_both)]  # NaN comes last
    among = "" if n_both == len(changed) else f", among the {n_both:,} items on both maps"
    state.switch("Draw the movement", URL_LINES)
    st.markdown(
        f"**Neighbours changed:** {np.nanmean(changed):.0%} of {min(N_NEIGHBOURS, n_both - 1)} "
        f"on average{among} "
        ":gray[most for these]"
    )
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
