"""What the Explore page is put together from: which map, coloured how, found what, how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from pydantic import ValidationError

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import codes_key
from ae_core.data.groups import delete_group, load_groups, make_group, save_group
from ae_core.data.questions import select_items
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError, ProjectionError
from ae_core.maps.derived import KINDS, derived_path
from ae_core.maps.map import Map, load_map
from ae_core.maps.pairs import aligned_key
from ae_core.maps.projection import Method, ProjectionSettings
from ae_core.maps.quality import MapQuality
from ae_core.maps.service import JobState
from zoetrope.live.components.map import (
    CodeSource,
    ItemSource,
    MapCodec,
    MapColour,
    MapJob,
    MapPoints,
    choose_group,
    colour_of,
)
from zoetrope.live.projections import service
from zoetrope.ui import state
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore.map_sources import Mapped, Source
from zoetrope.ui.palette import MODEL_COLOUR, PCA_COLOUR
from zoetrope.ui.plain_text import as_written, message
from zoetrope.ui.steer.panels import gauge
from zoetrope.ui.steer.space import Side
from zoetrope.ui.train import settings_form
from zoetrope.ui.tray import remaining

METHOD, COLOUR, FIND = "method", "colour", "find"
AXES, SOURCE, EPOCH = "axes", "of", "epoch"
REFUSED = ""  # key of a job that was never begun
LOCAL_TRUST = "trust in each place"
METHODS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class Wish:
    """What the address asks for, among options; the first of them is not written there.

    While only the first items of the data are there, fewer options are: a wish for one of the
    others waits for the rest instead of being forgotten.
    """

    name: str
    options: Sequence[str]
    is_preview: bool

    @property
    def start(self) -> str:
        """The option to begin with."""
        recalled = state.recall(self.name)
        return recalled if recalled is not None and recalled in self.options else self.options[0]

    def key(self, name: str) -> str:
        """The widget's: another one for the first items, whose choice must not outlast them."""
        return f"{name}_preview" if self.is_preview else name

    def keep(self, chosen: str) -> None:
        """Put a choice into the address."""
        recalled = state.recall(self.name)
        if self.is_preview and recalled is not None and recalled not in self.options:
            return
        state.remember(self.name, None if chosen == self.options[0] else chosen)


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
        width=216,
    )
    state.remember(METHOD, chosen)
    return chosen


def choose_settings(
    method: Method, *, is_preview: bool, has_epochs: bool
) -> tuple[ProjectionSettings, Source]:
    """Axes, what is mapped, and the settings that the method reads, folded away."""
    usual = ProjectionSettings(method=method)
    names = [name for name in usual.relevant() if name not in ("method", "n_components")]
    start = _asked_for(usual, names)
    sources = [each for each in get_args(Source) if each != "an epoch" or has_epochs]
    wish = Wish(SOURCE, sources, is_preview=is_preview)
    with st.popover("Settings", icon=":material/tune:", width=128):
        n_axes = st.segmented_control(
            "Axes",
            [2, 3],
            default=3 if state.recall(AXES) == "3" else 2,
            key="map_axes",
            required=True,
            format_func="{}-D".format,
        )
        source = st.segmented_control(
            "Map of",
            sources,
            default=wish.start,
            key=wish.key("map_source"),
            required=True,
            disabled=is_preview,
            help="Codes of the checkpoint; the pixels themselves (their first 50 principal "
            "components): what the network adds; or the codes as they were after an epoch of "
            "training, which runs made here keep for some held-out items.",
        )
        values = {name: settings_form.widget(start, name, key=f"map-{method}") for name in names}
    state.remember(AXES, "3" if n_axes == 3 else None)
    for name, value in values.items():
        state.remember(name, None if value == getattr(usual, name) else f"{value:.12g}")
    wish.keep(source)
    return start.model_copy(update={**values, "n_components": n_axes}), source


def _asked_for(usual: ProjectionSettings, names: list[str]) -> ProjectionSettings:
    """The settings that the address asks for; the usual ones where it asks for nonsense."""
    asked = {name: value for name in names if (value := state.recall(name)) is not None}
    try:
        return ProjectionSettings.model_validate({**usual.model_dump(), **asked}, strict=False)
    except ValidationError:
        return usual


def choose_colour(data_set: DataSet, *, is_preview: bool) -> str | None:
    """What colours mean: an attribute, or a number made from codes and map."""
    names = [str(name) for name in data_set.visible_attributes()]
    options = names if is_preview else [*names, *KINDS, LOCAL_TRUST]
    if not options:
        return None
    wish = Wish(COLOUR, options, is_preview=is_preview)
    chosen = st.selectbox(
        "Colour by",
        options,
        options.index(wish.start),
        format_func=words,
        key=wish.key("map_colour"),
        width=160,
    )
    wish.keep(chosen)
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
    )
    state.remember(FIND, question or None)
    if not question.strip():
        return None
    try:
        return select_items(question, data_set.attributes)
    except AeCoreError as error:
        st.warning(message(error))
        return None


def ask_for_map(codes: NDArray[np.float32], settings: ProjectionSettings) -> JobState:
    """The map's job; where these codes make none, a failed one, so that PCA stays in sight.

    Raises:
        ProjectionError: Not even PCA can be made of them.
    """
    try:
        return service().request(codes, settings)
    except ProjectionError as error:
        if settings.method == "pca":
            raise
        return JobState(REFUSED, "failed", message=str(error))


def job_words(job: JobState, items: str, what: str) -> MapJob:
    """What is being done, how long it takes, and what can be done about it."""
    if job.state == "done":
        return MapJob(f"{what} of {items}{fitted_words(job.key)}")
    if job.key == REFUSED:
        return MapJob(f"no {what}, this is PCA")
    if job.state in ("failed", "cancelled"):
        return MapJob(f"{what} {job.state}, this is PCA", action="try again")
    words = {
        "warming": f"UMAP is warming up, {remaining(job.seconds_left)}",
        "queued": f"{what} waits for the work before it",
        "running": f"{what}: {job.message}, {remaining(job.seconds_left)}",
    }
    return MapJob(words[job.state], job.progress, "cancel")


def fitted_words(map_key: str) -> str:
    """What to add where a map was fitted on few items, or on a part of them; else nothing."""
    kept = load_map(map_key)
    if kept is None:
        return ""
    lowered = kept.about.get("lowered", {}).items()
    said = [
        f", {words(name).removeprefix('n ')} {value:.3g}, as there are few items"
        for name, value in lowered
    ]
    n_fitted = kept.about.get("n_fitted", len(kept.points))
    if n_fitted < len(kept.points):
        said.append(f", fitted on {n_fitted:,}; the rest joined")
    return "".join(said)


def shown_points(what: Mapped, settings: ProjectionSettings, job: JobState) -> MapPoints | None:
    """The map asked for, finished or as far as it is; None where there is nothing of it yet."""
    n_axes = settings.n_components
    if job.is_active and job.n_partial and what.rows is None:
        return MapPoints(job.key, what.n_items, n_axes, part=job.n_partial)
    if job.state != "done":
        return None
    if what.rows is None:
        return MapPoints(job.key, what.n_items, n_axes, axis_words(open_map(job.key)))
    # Every epoch's map is turned like the checkpoint's own, so that points move and do not jump.
    own = service().request(what.own_codes, ProjectionSettings(n_components=n_axes))
    return MapPoints(aligned_key(what.map_key(job.key), own.key), what.n_items, n_axes)


def map_colour(
    chosen: str | None, checkpoint: Checkpoint, work: WorkingSet, what: Mapped, map_key: str
) -> tuple[MapColour | None, JobState | None]:
    """The colours chosen, or the job that makes them; `map_key` is the map's own."""
    if chosen is None or chosen in work.data_set.attributes.columns:
        return colour_of(work.data_set, chosen) if chosen else None, None
    if chosen == LOCAL_TRUST:
        job = service().request_quality(what.codes, map_key, everyone=True)
        if job.state == "done":
            return derived_colour(chosen, what.column_key(job.key)), None
    else:
        key = codes_key(checkpoint, work.data_set)
        kind = KINDS[0] if chosen == KINDS[0] else KINDS[1]
        job = service().request_column(kind, checkpoint.name, work.data_set.name, key)
    return (derived_colour(chosen, job.key), None) if job.state == "done" else (None, job)


def derived_colour(label: str, key: str) -> MapColour:
    """Colours of a derived column; the scale leaves out the farthest percent at both ends."""
    values = np.load(derived_path(key), mmap_mode="r", allow_pickle=False)
    low, high = (float(v) for v in np.nanpercentile(values, (1, 99)))
    return MapColour(label, f"api/derived/{key}", "number", low=low, high=max(high, low + 1e-9))


def doubt_words(quality: MapQuality) -> str:
    """The scores of a map beside those of a random one, in one line."""
    ours, zero = quality.scores, quality.random
    parts = [
        f"trustworthiness {ours.trustworthiness:.3f} :gray[(random {zero.trustworthiness:.2f})]",
        f"continuity {ours.continuity:.3f} :gray[({zero.continuity:.2f})]",
        f"neighbours kept {ours.recall:.0%} :gray[({zero.recall:.0%})]",
        f"round trip {quality.round_trip:.2f} of the spread",
    ]
    asked = f"{quality.n_asked:,} of {quality.n_items:,} items asked"
    if quality.n_asked < quality.n_items:
        asked += f", standard errors up to {max(ours.standard_errors):.3f}"
    return " · ".join(parts) + f"  \n:gray[{asked}, {quality.n_neighbours} neighbours each]"


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
    shares = kept.plane.shares if kept.plane else ()
    return [f"axis {k + 1}, {share:.0%} of the variance" for k, share in enumerate(shares)]


def codec_of(checkpoint: Checkpoint, work: WorkingSet) -> MapCodec:
    """The chosen checkpoint's codec, with its live gauge."""
    is_pca = checkpoint.config.codec == "pca"
    colour = PCA_COLOUR if is_pca else MODEL_COLOUR
    side = Side(checkpoint.name, checkpoint.name, colour, checkpoint, work.codes)
    readout = gauge(side, work.data_set)
    return MapCodec(side.key, side.caption, colour, (readout.name,))


def codes_source(checkpoint: Checkpoint, work: WorkingSet) -> CodeSource:
    """Where the browser gets the codes from."""
    n_items, size = work.codes.shape
    return CodeSource(codes_key(checkpoint, work.data_set), size, n_items)


@st.cache_data(max_entries=32, show_spinner=False)
def spread_of(key: str, _codes: np.ndarray) -> float:
    """Root mean square distance of the codes from their mean."""
    return float(np.sqrt(np.var(_codes, axis=0, dtype=np.float64).sum()))


def groups_bar(data_set: DataSet, group: NDArray[np.int64] | None) -> None:
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
                f"{as_written(each.name)} ({each.n_items:,})",
                key=f"use-{each.name}",
                width="stretch",
            ):
                rows = np.array(each.items, np.int64)
                choose_group(ItemSource.of(data_set), rows, n_items)
                st.rerun()
            if two.button("", icon=":material/delete:", key=f"drop-{each.name}", help="Forget"):
                delete_group(each.name, about.name, about.fingerprint, n_items)
                st.rerun()
