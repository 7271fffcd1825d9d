"""Long work in one place: a quiet tray in the sidebar with progress, an estimate and a cancel."""

import streamlit as st

from ae_core.processes import tasks
from ae_core.processes.tasks import Task
from zoetrope.ui import keys
from zoetrope.ui.plain_text import as_written, message

POLL_S = 1.0


def show() -> None:
    """Draw the tray where there is work; ask for progress only while there is."""
    listed = tasks.list_tasks()
    running = [task for task in listed if task.state == "running"]
    for task in listed:
        if task.state == "failed":
            _failed(task)
    st.session_state[keys.TASKS_SEEN] = sorted(task.task_id for task in running)
    if running:
        _watch()


@st.fragment(run_every=POLL_S)
def _watch() -> None:
    by_id = {task.task_id: task for task in tasks.list_tasks()}
    for name in st.session_state[keys.TASKS_SEEN]:
        task = by_id.get(name)
        if task is None or task.state != "running":
            st.rerun()  # the whole page: what was waited for is there, or has failed
        _running(task)


def _running(task: Task) -> None:
    left, right = st.columns([0.84, 0.16], vertical_alignment="center")
    left.progress(task.progress, f"{as_written(task.title)}, {remaining(task.seconds_left)}")
    if right.button("", icon=":material/close:", key=f"cancel-{task.task_id}", help="Cancel"):
        tasks.cancel(task)
        st.rerun()


def _failed(task: Task) -> None:
    st.error(message(f"{task.title}: {task.message}"), icon=":material/error:")
    if st.button("Dismiss", key=f"dismiss-{task.task_id}"):
        tasks.forget(task)
        st.rerun()


def remaining(seconds: float | None) -> str:
    """An estimate in words: "about 40 s left"."""
    if seconds is None:
        return "estimating"
    if seconds < 90:
        return f"about {max(1, round(seconds))} s left"
    return f"about {round(seconds / 60)} min left"
