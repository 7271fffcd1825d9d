"""A run while it learns, and afterwards: state, losses, reconstructions, the map of its codes."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import streamlit as st

from ae_core.codecs.checkpoints import read_checkpoint
from ae_core.codecs.verdict import kept_epoch, read_verdict
from ae_core.config import Measure
from ae_core.data.attribute_columns import column_of
from ae_core.data.catalogue import load_data_set
from ae_core.data.store import DataSet
from ae_core.errors import CheckpointError, DataError
from ae_core.maps.alignment import aligned_main_axes
from ae_core.training import runs, watch
from ae_core.training.runs import Run
from ae_core.words import count_of
from zoetrope.ui import figures, keys, page, state
from zoetrope.ui.plain_text import message
from zoetrope.ui.tray import remaining

POLL_S = 1.0
_WORDS = {
    "queued": ("Waiting for the run before it", ":material/hourglass_empty:"),
    "running": ("Training", ":material/model_training:"),
    "done": ("Done", ":material/check_circle:"),
    "cancelled": ("Cancelled", ":material/cancel:"),
    "failed": ("Failed", ":material/error:"),
    "lost": ("Lost", ":material/error:"),
}

MEASURES = get_args(Measure)


def show(name: str) -> None:
    """Draw a run; while it is going, look again every second."""
    if runs.find_run(name).is_going:
        _live(name)
    else:
        _draw(runs.find_run(name))


@st.fragment(run_every=POLL_S)
def _live(name: str) -> None:
    with page.errors_in_words(ends_page=False):  # it may be removed while it is watched
        run = runs.find_run(name)
        if not run.is_going:
            st.rerun()  # the whole page: a new checkpoint is in the sidebar now
        _draw(run)


def _draw(run: Run) -> None:
    _state(run)
    history: list[dict[str, Any]] = run.history()
    if history:
        _scores(run, history)
        _losses(history)
    frames = watch.frames(run.folder)
    if frames:
        _frames(run, frames, _shown_epoch(run, history)["epoch"] if history else 0)
    elif run.is_going:
        st.caption("Losses, reconstructions and the map appear after the first epoch.")


def _state(run: Run) -> None:
    status = run.status
    words, icon = _WORDS[status.state]
    if status.state in ("failed", "lost"):
        st.error(message(status.message), icon=icon)
    elif run.is_going:
        epoch = f"epoch {min(status.epoch + 1, status.n_epochs)} of {status.n_epochs}"
        text = f"{words}, {epoch}, {remaining(status.seconds_left)}" if status.n_epochs else words
        st.progress(status.progress, text)
    else:
        st.markdown(f"{icon} {words} after {status.seconds:.0f} s. {message(status.message)}")
    if status.state == "done":
        _verdict(run)
    _actions(run)


def _verdict(run: Run) -> None:
    """How the model stands to PCA and to the mean item, and what to do where that is not well."""
    found = read_verdict(run.folder)
    if found is None:  # PCA itself, or a run of before
        return
    text = f"**{found.headline}.** {message(found.sentence)}"
    if found.is_good:
        st.markdown(text)
    else:
        st.warning(f"{text} {message(found.remedy)}", icon=":material/warning:")


def _actions(run: Run) -> None:
    """What can be done with the run where it stands."""
    if run.is_going:
        _stop(run)
    elif run.is_resumable:
        if st.button("Resume", icon=":material/play_arrow:", key=f"resume-run-{run.name}"):
            runs.resume(run.name)
            st.rerun()
    elif run.status.state == "done":
        with st.container(horizontal=True):
            if st.button(
                "Explore this model", icon=":material/scatter_plot:", key=f"use-run-{run.name}"
            ):
                state.choose(data=run.request.data, checkpoint=run.name)
                st.switch_page("explore.py")
            if run.request.model is not None:
                _train_further(run)


def _stop(run: Run) -> None:
    """Cancel, after asking whether the model so far is wanted."""
    asked = keys.CANCEL_ASKED.format(run.name)
    if not st.session_state.get(asked):
        st.button(
            "Cancel", icon=":material/stop:", key=f"cancel-run-{run.name}",
            on_click=lambda: st.session_state.update({asked: True}),
        )  # fmt: skip
        return
    question = st.empty()
    with question.container():
        is_answered, keep_model = _ask_what_becomes_of_it(run)
    if is_answered:
        st.session_state[asked] = False
        question.empty()
    if keep_model is not None:
        runs.cancel(run.name, keep_model=keep_model)


def _ask_what_becomes_of_it(run: Run) -> tuple[bool, bool | None]:
    """Whether there is an answer; whether the model so far is to be kept, None: train on."""
    st.markdown("Stop training. What about the model so far?")
    with st.container(horizontal=True):
        keep = st.button(
            "Keep it", icon=":material/save:", key=f"keep-run-{run.name}",
            disabled=not run.status.epoch,
            help="As after its best epoch, it becomes a checkpoint; it can be trained further.",
        )  # fmt: skip
        discard = st.button(
            "Discard it", icon=":material/delete:", key=f"discard-run-{run.name}",
            help="No checkpoint is made; the run can be resumed.",
        )  # fmt: skip
        back = st.button("Go on training", key=f"no-cancel-{run.name}")
    return keep or discard or back, keep if keep or discard else None


def _train_further(run: Run) -> None:
    """More epochs for a run that is done: how many, and what becomes of the learning rate."""
    training = run.request.training
    with st.popover("Train further", icon=":material/fast_forward:"):
        epochs = st.number_input(
            "Epochs more", min_value=1, max_value=10_000,
            value=min(max(1, run.status.epoch // 2), 10_000),
            key=f"further-epochs-{run.name}",
        )  # fmt: skip
        st.caption(
            f"From the weights it has, with a fresh optimiser; the learning rate, at most "
            f"{training.learning_rate:g}, follows the {training.schedule.replace('_', ' ')} "
            f"schedule over the new epochs."
        )
        if st.button("Start", type="primary", key=f"further-run-{run.name}"):
            runs.train_further(run.name, int(epochs))
            st.rerun()


def _scores(run: Run, history: list[dict[str, Any]]) -> None:
    entry = _shown_epoch(run, history)
    scores, n_epochs = entry["held_out"], history[-1]["epoch"]
    with st.container(horizontal=True, gap="medium"):  # breaks where there is no room for three
        for measure in MEASURES:
            if measure in scores:
                value = f"{scores[measure]:.5f}"
                st.metric(f"Held-out {measure.upper()}", value, width="content")
        so_far = f"{run.status.seconds:.0f} s so far"
        st.metric("Epochs", f"{n_epochs}", help=so_far, width="content")
        if entry["epoch"] != n_epochs:
            words = "Training went on with patience; the weights kept are this epoch's, the best."
            st.metric("Best epoch", f"{entry['epoch']}", help=words, width="content")


def _shown_epoch(run: Run, history: list[dict[str, Any]]) -> dict[str, Any]:
    """The newest epoch; of a finished run the one whose weights it kept."""
    if run.status.state != "done":
        return history[-1]
    n_epochs = kept_epoch(read_verdict(run.folder), run.request.training.patience, history)
    return history[n_epochs - 1]


def _losses(history: list[dict[str, Any]]) -> None:
    terms = [term for term in history[-1]["held_out"] if term not in MEASURES]
    if len(terms) == 2:  # the objective is its only term: one line says it
        terms.remove("objective")
    figure = figures.losses(history, terms)
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False}, key="losses")


def _frames(run: Run, frames: list[watch.Frame], shown: int) -> None:
    """Reconstructions and map after epoch `shown`, or at any epoch once the run is over."""
    index = len(frames) - 1
    if not run.is_going and len(frames) > 1:
        epochs = [frame.epoch for frame in frames]
        start = shown if shown in epochs else epochs[-1]
        chosen = st.select_slider("Replay: epoch", epochs, value=start)
        index = epochs.index(chosen)
    left, right = st.columns(2)
    left.image(
        _crisp_file(watch.items_sheet_path(run.folder)), width="stretch", caption="Held-out items"
    )
    right.image(
        _crisp_file(frames[index].sheet_path),
        width="stretch",
        caption=f"Reconstructed, epoch {frames[index].epoch}",
    )
    points = _aligned(tuple(frames[: index + 1]))
    figure = figures.small_map(points, _labels(run, len(points)))
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False}, key="codes")
    st.caption(
        f"{count_of(len(points), 'held-out code')} on their two main axes, turned like before"
    )


def _crisp_file(path: Path) -> str:
    """A contact sheet of a run, with sharp pixels."""
    return page.crisp(watch.read_sheet(path), 512)


@st.cache_data(max_entries=4, show_spinner=False)
def _aligned(frames: tuple[watch.Frame, ...]) -> np.ndarray:
    """Points of the last of these frames, each frame turned to lie as the one before it."""
    before = None if len(frames) == 1 else _aligned(frames[:-1])
    codes = frames[-1].codes()
    fits = before is not None and len(before) == len(codes)
    return aligned_main_axes(codes, before if fits else None)


def _is_same_data(run: Run, data_set: DataSet) -> bool:
    """Whether a finished run was fitted on these items; of others it cannot be told yet."""
    try:
        config = read_checkpoint(run.folder).config
    except CheckpointError:
        return True
    return config.data_fingerprint == data_set.about.fingerprint


def _labels(run: Run, n_points: int) -> np.ndarray | None:
    """What to colour the map by: the data's first category with few values."""
    try:
        data_set = load_data_set(run.request.data)
    except DataError:
        return None  # the data is gone; the run's own files can still be looked at
    rows = watch.rows_of(run.folder, len(data_set.items))
    if not _is_same_data(run, data_set) or len(rows) != n_points:
        return None  # the data set was replaced by another of its name
    for name in data_set.visible_attributes():
        column = column_of(data_set.attributes[name])
        if column.kind == "category":
            return column.values[rows]
    return None
