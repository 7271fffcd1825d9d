"""What does the latent space look like?"""

import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.processes.worker_client import RequestState
from zoetrope.live.projections import service
from zoetrope.ui import cached, page, state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore import (
    bookmark,
    first_map,
    group_actions,
    group_bar,
    map_trust,
    neighbour_changes,
    second_map,
)
from zoetrope.ui.explore.map_choice import MapChoice, choose_map
from zoetrope.ui.explore.map_colour import colour_points
from zoetrope.ui.explore.polling import show_while_made
from zoetrope.ui.explore.second_map_choice import choose_epochs
from zoetrope.ui.plain_text import message

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


def show_maps(checkpoint: Checkpoint, work: WorkingSet, choice: MapChoice) -> list[RequestState]:
    """One map or two, how far to trust it, and the group; gives the jobs that they wait for."""
    epoch, other_epoch = choose_epochs(checkpoint, choice.source, choice.beside, work)
    first = first_map.make(checkpoint, work, choice, epoch)
    colour, colour_job = colour_points(choice.colour, checkpoint, work, first)
    job = colour_job or first.job
    if job.state == "failed":
        st.error(message(job.message), icon=":material/error:")
    left, right = st.columns(2) if choice.beside else (st.container(), st.container())
    with left:
        seen = first_map.draw(first, checkpoint, work, choice, colour, colour_job)
    if seen.action:
        act(seen.action, job)
    with right:
        second = second_map.show(first, checkpoint, work, choice, colour, other_epoch)
        if second and second.key:
            neighbour_changes.show(first.points.key, second.key, work.data_set)
    measuring = map_trust.show(first)
    group_bar.show(work.data_set, seen.group)
    bookmark.show(work, seen)
    group_actions.show(checkpoint, work, seen.group)
    jobs = [first.job, colour_job, second.job if second else None, measuring]
    return [each for each in jobs if each is not None]


def act(action: str, job: RequestState) -> None:
    """Do what the button beside the job offered."""
    if action == "cancel":
        service().cancel(job.key)
    else:
        service().forget(job.key)
    st.rerun()


page.header("Explore", "What does the latent space look like?", HOW)
with page.errors_in_words():
    checkpoint = state.current_checkpoint()
    work = cached.working_set(checkpoint)
    bookmark.restore(work)
    choice = choose_map(checkpoint, work)
    show_while_made(lambda: show_maps(checkpoint, work, choice))
