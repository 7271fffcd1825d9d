"""What is said about a map: what it is of, how far it is made, what its axes mean, how far to
trust it."""

from __future__ import annotations

from ae_core.maps import projection
from ae_core.maps.map import Map, load_map
from ae_core.maps.projection import Method
from ae_core.maps.quality import MapQuality
from ae_core.processes.worker_client import RequestState
from ae_core.words import count_of
from zoetrope.live.components.map import MapJob
from zoetrope.ui.tray import remaining

METHODS: dict[Method, str] = {name: method.title for name, method in projection.METHODS.items()}
LOCAL_TRUST = "trust in each place"
GROUP_PREFIX = "group: "
"""Before the name of a kept group, among the things to colour by."""
REFUSED = ""  # key of a job that was never begun


def words(name: str) -> str:
    """A name of settings or attributes as people read it."""
    return name.replace("_", " ")


def job_words(job: RequestState, items: str, what: str) -> MapJob:
    """What is being done, how long it takes, and what can be done about it."""
    if job.state == "done":
        return MapJob(f"{what} of {items}{fitted_words(job.key)}")
    if job.key == REFUSED:
        return MapJob(f"no {what}, this is PCA")
    if job.state in ("failed", "cancelled"):
        return MapJob(f"{what} {job.state}, this is PCA", action="try again")
    texts = {
        "warming": f"UMAP is warming up, {remaining(job.seconds_left)}",
        "queued": f"{what} waits for the work before it",
        "running": f"{what}: {job.message}, {remaining(job.seconds_left)}",
    }
    return MapJob(texts[job.state], job.progress, "cancel")


def fitted_words(map_key: str) -> str:
    """What to add where a map was fitted on few items, or on a part of them; else nothing."""
    made = load_map(map_key)
    if made is None:
        return ""
    lowered = made.about.get("lowered", {}).items()
    parts = [
        f", {words(name).removeprefix('n ')} {value:.3g}, as there are few items"
        for name, value in lowered
    ]
    n_fitted = made.about.get("n_fitted", len(made.points))
    if n_fitted < len(made.points):
        parts.append(f", fitted on {n_fitted:,}; the rest joined")
    return "".join(parts)


def axis_words(made: Map) -> list[str]:
    """What the axes of a PCA map mean; nothing for the others, whose axes mean nothing."""
    if made.plane is None:
        return []
    if made.plane.axes.shape[1] == 1:
        return ["the code's one number", "thick where items are many"]
    shares = made.plane.shares
    return [f"axis {k + 1}, {share:.0%} of the variance" for k, share in enumerate(shares)]


def trust_words(quality: MapQuality) -> str:
    """The scores of a map beside those of a random one, in one line."""
    ours, zero = quality.scores, quality.random
    parts = [
        f"trustworthiness {ours.trustworthiness:.3f} :gray[(random {zero.trustworthiness:.2f})]",
        f"continuity {ours.continuity:.3f} :gray[({zero.continuity:.2f})]",
        f"neighbours kept {ours.recall:.0%} :gray[({zero.recall:.0%})]",
        f"round trip {quality.round_trip:.2f} of the spread",
    ]
    measured = f"{quality.n_asked:,} of {count_of(quality.n_items, 'item')} asked"
    if quality.n_asked < quality.n_items:
        measured += f", standard errors up to {max(ours.standard_errors):.3f}"
    return (
        " · ".join(parts)
        + f"  \n:gray[{measured}, {count_of(quality.n_neighbours, 'neighbour')} each]"
    )
