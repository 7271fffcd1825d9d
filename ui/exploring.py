"""What the Explore page is put together from: which map, coloured how, found what, how far."""

from __future__ import annotations

import contextlib

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ae_core.checkpoints import Checkpoint
from ae_core.codes import codes_key
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError, LatentInputError, ProjectionError
from ae_core.groups import delete_group, load_groups, make_group, save_group
from ae_core.projection import Map, Method, ProjectionSettings, load_map
from ae_core.projection_service import JobState
from ae_core.questions import select_items
from live.map_component import CodeSource, ItemSource, MapCodec, MapJob, MapPoints, choose_group
from live.projections import service
from ui import settings_form, state, steering
from ui.cached import WorkingSet
from ui.palette import MODEL_COLOUR, PCA_COLOUR
from ui.tray import remaining

METHOD, COLOUR, FIND = "method", "colour", "find"
METHODS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


def choose_method() -> Method:
    """Which kind of map."""
    options = list(METHODS)
    recalled = state.recall(METHOD)
    chosen = st.segmented_control(
        "Map",
        options,
        default=recalled if recalled in options else "pca",
        format_func=METHODS.__getitem__,
        required=True,
        key="map_method",
        width=240,
    )
    state.remember(METHOD, chosen)
    return chosen


def choose_settings(method: Method) -> ProjectionSettings:
    """Axes, and the settings that the method reads, folded away."""
    start = ProjectionSettings(method=method)
    names = [name for name in start.relevant() if name not in ("method", "n_components")]
    with st.popover("Settings", icon=":material/tune:", width=136):
        n_axes = st.segmented_control(
            "Axes", [2, 3], default=2, key="map_axes", required=True, format_func="{}-D".format
        )
        values = {name: settings_form.widget(start, name, key=f"map-{method}") for name in names}
    return start.model_copy(update={**values, "n_components": n_axes})


def choose_colour(data_set: DataSet) -> str | None:
    """The attribute that colours mean."""
    names = [str(name) for name in data_set.visible_attributes()]
    if not names:
        return None
    recalled = state.recall(COLOUR)
    index = names.index(recalled) if recalled in names else 0
    chosen = st.selectbox("Colour by", names, index, format_func=words, key="map_colour", width=200)
    state.remember(COLOUR, chosen)
    return chosen


def words(name: str) -> str:
    return name.replace("_", " ")


def find(data_set: DataSet) -> NDArray[np.int64] | None:
    """Rows that a question about attributes finds; None where nothing is asked."""
    question = st.text_input(
        "Find",
        state.recall(FIND) or "",
        placeholder="glasses and smile > 0.5",
        help="Attributes, and, or, not, brackets, comparisons; what is not found goes grey.",
        key="map_find",
        width=260,
    )
    state.remember(FIND, question or None)
    if not question.strip():
        return None
    try:
        return select_items(question, data_set.attributes)
    except AeCoreError as error:
        st.warning(str(error))
        return None


def job_words(job: JobState, work: WorkingSet, method: Method) -> MapJob:
    """What is being done, how long it takes, and what can be done about it."""
    name = METHODS[method]
    if job.state == "done":
        return MapJob(f"{name} of {len(work.codes):,} items")
    if job.state == "failed":
        return MapJob(f"{name} failed, this is PCA", action="try again")
    if job.state == "cancelled":
        return MapJob(f"{name} cancelled, this is PCA", action="try again")
    words = {
        "warming": f"UMAP is warming up, {remaining(job.seconds_left)}",
        "queued": f"{name} waits for the map before it",
        "running": f"{name}: {job.message}, {remaining(job.seconds_left)}",
    }
    return MapJob(words[job.state], job.progress, "cancel")


def act(action: str, job: JobState, work: WorkingSet, settings: ProjectionSettings) -> None:
    """Do what the button beside the job offered."""
    if not action:
        return
    if action == "cancel":
        service().cancel(job.key)
    else:
        service().request(work.codes, settings, fresh=True)
    st.rerun()


def shown_points(work: WorkingSet, settings: ProjectionSettings, job: JobState) -> MapPoints:
    """The map asked for; until it is there, what there is of it, else PCA's."""
    n_items, n_axes = len(work.codes), settings.n_components
    if job.is_active and job.n_partial:
        return MapPoints(job.key, n_items, n_axes, part=job.n_partial)
    key = job.key
    if job.state != "done":
        key = service().request(work.codes, ProjectionSettings(n_components=n_axes)).key
    return MapPoints(key, n_items, n_axes, axis_words(open_map(key)))


def open_map(key: str) -> Map:
    """A finished map.

    Raises:
        ProjectionError: It is not in the cache any more.
    """
    kept = load_map(key)
    if kept is None:
        raise ProjectionError("The map is not in the cache any more: reload the page.")
    return kept


def axis_words(kept: Map) -> list[str]:
    """What the axes of a PCA map mean; nothing for the others, whose axes mean nothing."""
    shares = kept.linear.shares if kept.linear else ()
    return [f"axis {k + 1}, {share:.0%} of the variance" for k, share in enumerate(shares)]


def codec_of(checkpoint: Checkpoint, work: WorkingSet) -> MapCodec:
    """The chosen checkpoint's codec, with its live gauge where there are items to calibrate it."""
    is_pca = checkpoint.config.codec == "pca"
    colour = PCA_COLOUR if is_pca else MODEL_COLOUR
    side = steering.Side(checkpoint.name, checkpoint.name, colour, checkpoint, work.codes)
    readouts: tuple[str, ...] = ()
    with contextlib.suppress(LatentInputError):  # a preview may hold no held-out items
        readouts = (steering.gauge(side, work.data_set).name,)
    return MapCodec(side.key, side.caption, colour, readouts)


def codes_source(checkpoint: Checkpoint, work: WorkingSet) -> CodeSource:
    """Where the browser gets the codes from."""
    n_items, size = work.codes.shape
    return CodeSource(codes_key(checkpoint, work.data_set), size, n_items)


@st.cache_data(max_entries=32, show_spinner=False)
def spread_of(key: str, _codes: np.ndarray) -> float:
    """Root mean square distance of the codes from their mean."""
    return float(np.sqrt(np.var(_codes, axis=0, dtype=np.float64).sum()))


def groups_bar(data_set: DataSet, group: NDArray[np.int64] | None, *, key: str) -> None:
    """Keep the group under a name, and bring kept ones back."""
    about, n_items = data_set.about, len(data_set.items)
    kept = load_groups(about.name, about.fingerprint, n_items)
    left, middle, right = st.columns([0.4, 0.2, 0.4], vertical_alignment="bottom")
    name = left.text_input(
        "Keep the group as", key="group_name", placeholder="a name", disabled=group is None
    )
    if middle.button("Keep", icon=":material/bookmark:", disabled=group is None, width="stretch"):
        made = make_group(name, group if group is not None else [], n_items, source="lasso")
        save_group(made, about.name, about.fingerprint, n_items)
        st.rerun()
    with right.popover(f"Kept groups ({len(kept)})", width="stretch", disabled=not kept):
        for each in kept.values():
            one, two = st.columns([0.8, 0.2])
            if one.button(
                f"{each.name} ({each.n_items:,})", key=f"use-{each.name}", width="stretch"
            ):
                rows = np.array(each.items, np.int64)
                choose_group(key, ItemSource.of(data_set), rows, n_items)
                st.rerun()
            if two.button("", icon=":material/delete:", key=f"drop-{each.name}", help="Forget"):
                delete_group(each.name, about.name, about.fingerprint, n_items)
                st.rerun()
