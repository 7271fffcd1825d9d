"""What does the latent space look like?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.maps.projection import ProjectionSettings
from ae_core.maps.quality import load_quality, quality_key
from ae_core.maps.service import JobState
from zoetrope.live.components.map import ItemSource, MapPoints, choose_group, latent_map
from zoetrope.live.projections import service
from zoetrope.ui import cached, page, state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore import exploring, map_pair, map_sources
from zoetrope.ui.explore.map_pair import Beside
from zoetrope.ui.explore.map_sources import Mapped, Source
from zoetrope.ui.plain_text import message

MAP = "explore_map"
POLL_S = 0.5
POLLING = "explore_polling"
HOW = r"""
Every item is a point; items with similar codes lie near each other.

**PCA** shows the plane of largest variance (Pearson 1901): distances on it are true, but what
stands out of the plane is lost. **t-SNE** (van der Maaten & Hinton 2008) and **UMAP** (McInnes et
al. 2018) keep neighbours together and bend everything else: sizes of clusters and gaps between
them mean little. Above 100,000 items (a setting) both are fitted on a sample, and the rest join at
the median point of their 10 nearest codes (Poličar et al. 2019).

**What lives here** decodes the place under the hand. On a PCA map a place *is* a code,
$z = \mu + x_1 a_1 + x_2 a_2$. Elsewhere it is the mean of the codes of the 12 items nearest on the
map, weighted $(1 - d^2/h^2)^2$ with $h$ the distance of the twelfth (Nadaraya 1964, Watson 1964):
the farthest weighs nothing, so the picture never jumps. The *round trip* sends an item's code to
the map and back, without its own help: the distance from where it started, in units of the codes'
spread $\sqrt{\mathbb E \lVert z - \mu \rVert^2}$.

**How far to trust it.** With $k = 15$, $N_i$ the nearest codes of item $i$, $M_i$ its nearest
points, and $r(i, j)$ the rank of $j$ among the codes:
$$T = 1 - \frac{2}{nk(2n-3k-1)} \sum_i \sum_{j \in M_i \setminus N_i} (r(i, j) - k)$$
is *trustworthiness*: low when strangers are shown as neighbours. *Continuity* is the same with
codes and points exchanged: low when neighbours are torn apart (Venna & Kaski 2001). *Neighbours
kept* is $|N_i \cap M_i| / k$ (Lee & Verleysen 2009).

**Beside it** stands a second map: another method, the pixels, another checkpoint, or an epoch of a
run made here, which keeps codes of up to 2,000 held-out items as it learns. It is turned, mirrored
and scaled to lie as near to the first as it can (Procrustes, Gower 1975): what differs now is more
than a turn. *Neighbours changed* is the share of an item's 15 nearest points that are others on
the second map.
"""


@dataclass(frozen=True)
class Choice:
    """What the controls say."""

    settings: ProjectionSettings
    source: Source
    colour: str | None
    found: np.ndarray | None
    beside: Beside | None


def controls(checkpoint: Checkpoint, work: WorkingSet) -> Choice:
    """One row, which breaks where it must: the map, its settings, colours, what to look for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = exploring.choose_method()
        settings, source = exploring.choose_settings(
            method,
            is_preview=work.is_preview,
            has_epochs=bool(map_sources.epochs_of(checkpoint, work)),
        )
        colour = exploring.choose_colour(work.data_set, is_preview=work.is_preview)
        beside = map_pair.choose(work, settings, source, checkpoint)
        found = exploring.find(work.data_set)
    return Choice(settings, source, colour, found, beside)


def the_map(checkpoint: Checkpoint, work: WorkingSet, choice: Choice, is_polling: bool) -> None:
    """The map, its doubt and its group; looks again twice a second while something is made."""
    with page.errors_in_words(ends_page=False):
        settings, name = choice.settings, exploring.METHODS[choice.settings.method]
        epoch, other_epoch = map_pair.choose_epochs(checkpoint, choice.source, choice.beside, work)
        what = map_sources.mapped(checkpoint, work, choice.source, epoch)
        job = what.job or exploring.ask_for_map(what.codes, settings)
        points, map_key = shown_map(what, settings, job)
        colour, colouring = exploring.map_colour(choice.colour, checkpoint, work, what, map_key)
        said = colouring or job
        if said.state == "failed":
            st.error(message(said.message), icon=":material/error:")
        title = choice.colour if colouring and choice.colour else name
        codes = exploring.codes_source(checkpoint, work)
        is_plane = choice.source == "codes" and points.part is None
        left, right = st.columns(2) if choice.beside else (st.container(), None)
        with left:
            seen = latent_map(
                points,
                items=ItemSource.of(work.data_set),
                colour=colour,
                codes=codes,
                codec=exploring.codec_of(checkpoint, work),
                plane=exploring.open_map(points.key).plane if is_plane else None,
                spread=exploring.spread_of(codes.key, work.codes),
                found=choice.found,
                job=exploring.job_words(said, what.words, title),
                layout="narrow" if choice.beside else "wide",
                key=MAP,
            )
        if seen.action:
            act(seen.action, said)
        jobs = [said, job]
        if choice.beside and right:
            with right:
                other = map_pair.show(
                    choice.beside,
                    work,
                    points,
                    colour,
                    codes,
                    epoch=other_epoch,
                    found=choice.found,
                    key=f"{MAP}_beside",
                )
                jobs.append(other.job)
                if other.key:
                    map_pair.what_changed(other.key, points, work, chooser(work))
        measuring = doubt(what.codes, job.key) if job.state == "done" else None
        exploring.groups_bar(work.data_set, seen.group)
        keep_polling(is_polling, [*jobs, *([measuring] if measuring else [])])


def chooser(work: WorkingSet) -> Callable[[np.ndarray], None]:
    """Makes rows the group."""
    items = ItemSource.of(work.data_set)
    return lambda rows: choose_group(items, rows, len(work.data_set.items))


def shown_map(what: Mapped, settings: ProjectionSettings, job: JobState) -> tuple[MapPoints, str]:
    """The points to draw and their map's name: what was asked for, else PCA, there at once."""
    points = exploring.shown_points(what, settings, job)
    if points is not None:
        return points, job.key
    settings = ProjectionSettings(n_components=settings.n_components)
    job = service().request(what.codes, settings)
    points = exploring.shown_points(what, settings, job)
    assert points is not None  # PCA is done when it is asked
    return points, job.key


def act(action: str, job: JobState) -> None:
    """Do what the button beside the job offered."""
    if action == "cancel":
        service().cancel(job.key)
    else:
        service().forget(job.key)
    st.rerun()


def doubt(mapped: np.ndarray, map_key: str) -> JobState | None:
    """How far to trust the map: measured by itself where the worker runs anyway."""
    quality = load_quality(quality_key(map_key))
    if quality is not None:
        st.markdown(exploring.doubt_words(quality))
        return None
    job = service().state(quality_key(map_key))
    is_lost = job is not None and job.state == "done"  # somebody has deleted the cache
    if (job is None or is_lost) and (service().pid or st.button("How far to trust this map?")):
        job = service().request_quality(mapped, map_key)
    if job is not None:
        waiting = "Measuring how far to trust this map." if job.is_active else message(job.message)
        st.markdown(f":gray[{waiting}]")
    return job


def keep_polling(is_polling: bool, jobs: list[JobState]) -> None:
    """Look again in a moment while a job is active, and not when none is."""
    is_waiting = any(job.is_active for job in jobs)
    if is_waiting != is_polling:
        st.session_state[POLLING] = is_waiting
        st.rerun()


page.header("Explore", "What does the latent space look like?", HOW)
with page.errors_in_words():
    checkpoint = state.current_checkpoint()
    work = cached.working_set(checkpoint)
    choice = controls(checkpoint, work)
    is_polling = st.session_state.get(POLLING, False)
    draw = st.fragment(the_map, run_every=POLL_S if is_polling else None)
    draw(checkpoint, work, choice, is_polling)
