"""Work that looks to others as if it were under way."""

import time

from ae_core.processes import tasks


def task_at_work(kind: str, title: str, **arguments: str | int) -> tasks.Task:
    """A task as its file tells it while its process is there."""
    now = time.time()
    return tasks.Task(
        task_id="x", kind=kind, title=title, arguments=arguments, state="running", started=now,
        updated=now,
    )  # fmt: skip
