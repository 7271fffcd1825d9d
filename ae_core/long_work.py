"""Which long work there is: every kind of task, and the function that does it.

`processes` starts, watches and ends tasks and knows none of them; the rooms above it do the work
and do not know that they do it in a process of its own. Here, above both, a kind is one entry. It
names its function in words, so that a page that starts a task imports nothing of what does it.

    python -m ae_core.long_work ID      works on a task; started by `start`
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import cast

from ae_core.errors import TaskError
from ae_core.processes import tasks
from ae_core.processes.tasks import Task

# A kind to "module:function"; the function takes (on_progress, **arguments of the task).
TASKS: dict[str, str] = {
    "prepare": "ae_core.data.catalogue:prepare_data_set",
    "add": "ae_core.data.own_files:add_upload",
    "fit-pca": "ae_core.codecs.data_pca:fit_data_pca",
    "encode": "ae_core.codecs.codes:encode_with_partner",
    "compare": "ae_core.codecs.comparison:compare_by_name",
    "time-training": "ae_core.training.pace:time_training",
}


def start(
    kind: str, title: str, *, owner: str = "", fresh: bool = False, **arguments: str | int
) -> Task:
    """Start a task once: see `ae_core.processes.tasks.start`.

    Args:
        kind: A key of `TASKS`.
        title: What its owners read beside the progress bar.
        owner: Who asks, and is shown it from now on; empty: nobody is.
        fresh: Start it again also where it failed or was cancelled.
        arguments: What the work needs; part of the task's identity.

    Raises:
        TaskError: There is no such kind, or the process cannot be started.
    """
    if kind not in TASKS:
        raise TaskError(f"`kind` must be one of {', '.join(TASKS)}; got {kind!r}.")
    return tasks.start("ae_core.long_work", kind, title, arguments, owner=owner, fresh=fresh)


def find_work(kind: str) -> Callable[..., None]:
    """The function that does a kind of task; its module is imported now."""
    module, function = TASKS[kind].split(":")
    return cast(Callable[..., None], getattr(import_module(module), function))


if __name__ == "__main__":
    sys.exit(tasks.work_on(sys.argv[1], find_work))
