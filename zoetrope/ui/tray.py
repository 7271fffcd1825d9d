"""Long work in one place: a quiet tray in the sidebar with progress, an estimate and a cancel."""

import streamlit as st

from ae_core.processes import tasks
from ae_core.processes.tasks import Task
from ae_core.words import count_of
from zoetrope.ui import keys, page
from zoetrope.ui.owner import current_owner
from zoetrope.ui.plain_text import as_written, message

POLL_S = 1.0


def show() -> None:
    """Draw the tray where there is work; ask for progress only while there is.

    What this browser asked for, with its title and how it ended; of others' work only how much.
    """
    owner = current_owner()
    listed = tasks.list_tasks()
    for task in listed:
        if owner in task.owners and task.state == "failed":
            _failed(task, owner)
    own, others = _running(listed, owner)
    st.session_state[keys.TASKS_SEEN] = sorted(task.task_id for task in own)
    if own or others:
        _watch(owner)


@st.fragment(run_every=POLL_S)
def _watch(owner: str) -> None:
    own, others = _running(tasks.list_tasks(), owner)
    seen = st.session_state[keys.TASKS_SEEN]
    has_ended = not set(seen) <= {task.task_id for task in own}
    if has_ended or not (own or others):
        st.rerun()  # the whole page: what was waited for is there, or has failed
    for task in own:
        _progress(task, owner)
    if others:
        st.caption(f"Running here too: {count_of(len(others), 'other task')}.")


def _running(listed: list[Task], owner: str) -> tuple[list[Task], list[Task]]:
    """Tasks that run: this owner's, and the others."""
    running = [task for task in listed if task.state == "running"]
    own = [task for task in running if owner in task.owners]
    return own, [task for task in running if owner not in task.owners]


def _progress(task: Task, owner: str) -> None:
    left, right = st.columns([0.84, 0.16], vertical_alignment="center")
    left.progress(task.progress, f"{as_written(task.title)}, {remaining(task.seconds_left)}")
    help_text = "Cancel" if task.owners == (owner,) else "Hide: others wait for it, so it goes on"
    if right.button("", icon=":material/close:", key=f"cancel-{task.task_id}", help=help_text):
        _leave(task, owner)


def _failed(task: Task, owner: str) -> None:
    st.error(message(f"{task.title}: {task.message}"), icon=":material/error:")
    if st.button("Dismiss", key=f"dismiss-{task.task_id}"):
        _leave(task, owner)


def _leave(task: Task, owner: str) -> None:
    with page.errors_in_words(ends_page=False):
        tasks.leave(task, owner)
        st.rerun()


def remaining(seconds: float | None) -> str:
    """An estimate in words: "about 40 s left"."""
    return "estimating" if seconds is None else f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """A length of time in words: "about 40 s", "about 3 min", "about 2.5 h"."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5_400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3_600:.1f} h"
