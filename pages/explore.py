"""What does the latent space look like?"""

import numpy as np
import streamlit as st

from ae_core.checkpoints import Checkpoint
from ae_core.projection import ProjectionSettings
from live.map_component import ItemSource, colour_of, latent_map
from live.projections import service
from ui import cached, exploring, page, state
from ui.cached import WorkingSet

MAP = "explore_map"
POLL_S = 1.0
HOW = r"""
Every item is a point; items with similar codes lie near each other.

**PCA** shows the plane of largest variance (Pearson 1901): distances on it are true, but what
stands out of the plane is lost. **t-SNE** (van der Maaten & Hinton 2008) and **UMAP** (McInnes et
al. 2018) keep neighbours together and bend everything else: sizes of clusters and gaps between
them mean little.

**What lives here** decodes the place under the hand. On a PCA map a place *is* a code,
$z = \mu + x_1 a_1 + x_2 a_2$. Elsewhere it is the mean of the codes of the 12 items nearest on the
map, weighted $(1 - d^2/h^2)^2$ with $h$ the distance of the twelfth (Nadaraya 1964, Watson 1964):
the farthest weighs nothing, so the picture never jumps. The *round trip* sends an item's code to
the map and back, without its own help: the distance from where it started, in units of the codes'
spread $\sqrt{\mathbb E \lVert z - \mu \rVert^2}$.
"""


def controls(work: WorkingSet) -> tuple[ProjectionSettings, str | None, np.ndarray | None]:
    """One row, which breaks where it must: the map, its settings, colours, what to look for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = exploring.choose_method()
        settings = exploring.choose_settings(method)
        attribute = exploring.choose_colour(work.data_set)
        found = exploring.find(work.data_set)
    return settings, attribute, found


def the_map(
    checkpoint: Checkpoint,
    work: WorkingSet,
    settings: ProjectionSettings,
    attribute: str | None,
    found: np.ndarray | None,
    waiting: bool,
) -> None:
    """The map and its group; looks again every second while it is being made."""
    with page.errors_in_words():
        job = service().request(work.codes, settings)
        if waiting and not job.is_active:
            st.rerun()  # the whole page: nothing to wait for any more
        if job.state == "failed":
            st.error(job.message, icon=":material/error:")
        points = exploring.shown_points(work, settings, job)
        codes = exploring.codes_source(checkpoint, work)
        seen = latent_map(
            points,
            items=ItemSource.of(work.data_set),
            colour=colour_of(work.data_set, attribute) if attribute else None,
            codes=codes,
            codec=exploring.codec_of(checkpoint, work),
            plane=exploring.open_map(points.key).linear if points.part is None else None,
            spread=exploring.spread_of(codes.key, work.codes),
            found=found,
            job=exploring.job_words(job, work, settings.method),
            key=MAP,
        )
        exploring.act(seen.action, job, work, settings)
        exploring.groups_bar(work.data_set, seen.group, key=MAP)


page.header("Explore", "What does the latent space look like?", HOW)
with page.errors_in_words():
    checkpoint = state.current_checkpoint()
    work = cached.working_set(checkpoint)
    settings, attribute, found = controls(work)
    waiting = service().request(work.codes, settings).is_active
    draw = st.fragment(the_map, run_every=POLL_S if waiting else None)
    draw(checkpoint, work, settings, attribute, found, waiting)
