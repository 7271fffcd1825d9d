"""How long the training that is about to be started will take, measured by a short trial."""

import streamlit as st

from ae_core import long_work
from ae_core.data.store import About
from ae_core.processes import tasks
from ae_core.training.pace import cached_pace, what_decides_it
from ae_core.training.runs import RunRequest
from ae_core.words import count_of
from zoetrope.ui.owner import current_owner
from zoetrope.ui.tray import duration

KIND, TITLE = "time-training", "Timing a short trial"


def show(request: RunRequest, about: About) -> None:
    """Say how long it takes; where that is not known yet, start a trial: the tray ends the wait."""
    training = request.training
    pace = cached_pace(request)
    if pace is None:
        st.caption(_wait_for_trial(request))
        return
    seconds = pace.seconds_for(
        training, n_fitted=about.n_fitted, n_held_out=about.n_items - about.n_fitted
    )
    words = f"It takes {duration(seconds)}"
    if training.patience:
        words += ", less if it stops improving"
    st.caption(f"{words}: {_epochs(request, about)}.")


def _epochs(request: RunRequest, about: About) -> str:
    training = request.training
    n_fitted = min(about.n_fitted, training.max_items or about.n_fitted)
    n_steps = -(-n_fitted // training.batch_size)
    return f"{count_of(training.epochs, 'epoch')} of {count_of(n_steps, 'step')}"


def _wait_for_trial(request: RunRequest) -> str:
    """Start the trial of these settings in place of one of others; what to say meanwhile."""
    owner, wanted = current_owner(), what_decides_it(request)
    for task in tasks.list_tasks():
        if task.kind == KIND and owner in task.owners and task.arguments != {"request": wanted}:
            tasks.leave(task, owner)
    task = long_work.start(KIND, TITLE, owner=owner, request=wanted)
    if task.state == "failed":
        return "How long it takes could not be measured."
    return "How long it takes is being measured."
