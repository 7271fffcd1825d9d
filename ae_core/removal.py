"""Removing a data set: what depends on it is named, who is using it is asked."""

from contextlib import suppress
from dataclasses import dataclass

from ae_core.codecs.checkpoints import list_checkpoints
from ae_core.data.catalogue import about_data_set, remove_data_set
from ae_core.data.trash import Removed
from ae_core.errors import AeCoreError, DataError
from ae_core.processes import tasks
from ae_core.training import runs
from ae_core.words import count_of


@dataclass(frozen=True)
class Uses:
    """What has to do with a data set.

    Attributes:
        checkpoints: Names of those fitted on it.
        going: Names of runs that wait or train.
        resumable: Names of runs that could be gone on with.
        tasks: Titles of tasks at work on it, of any session.
        n_groups: Groups kept of its items.
    """

    checkpoints: tuple[str, ...] = ()
    going: tuple[str, ...] = ()
    resumable: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    n_groups: int = 0

    def dependants(self) -> str:
        """Sentences about what stays and misses it; empty where there is nothing."""
        sentences = []
        if self.checkpoints:
            sentences.append(
                f"{_listed('checkpoint', self.checkpoints)} trained on it: kept, but without items "
                "to show until it is there again."
            )
        if self.resumable:
            sentences.append(
                f"{_listed('run', self.resumable)} could be resumed on it, and could not without."
            )
        if self.n_groups:
            sentences.append(
                f"{count_of(self.n_groups, 'group')} of its items: kept, and there again with it."
            )
        return " ".join(sentences)

    def who_is_at_it(self) -> str:
        """Who uses it at this moment; empty if nobody does."""
        going = [f"run {name!r} is training on it" for name in self.going]
        return "; ".join([*going, *(f"“{title}” is under way" for title in self.tasks)])


def uses_of_data_set(name: str) -> Uses:
    """What has to do with a data set, whether or not it can be opened."""
    of_it = [run for run in runs.list_runs() if run.request.data == name]
    at_work = [
        task.title
        for task in tasks.list_tasks()
        if task.state == "running" and task.arguments.get("data") == name
    ]
    return Uses(
        checkpoints=tuple(one.name for one in list_checkpoints() if one.config.data == name),
        going=tuple(run.name for run in of_it if run.is_going),
        resumable=tuple(run.name for run in of_it if run.is_resumable),
        tasks=tuple(at_work),
        n_groups=_n_groups(name),
    )


def remove_if_unused(name: str) -> Removed:
    """Put a data set of one's own into the trash, from where `trash.restore` brings it back.

    Raises:
        DataError: It is embedded, does not exist, or somebody is using it.
    """
    busy = uses_of_data_set(name).who_is_at_it()
    if busy:
        raise DataError(
            f"Data set {name!r} is in use: {busy}. Wait until that has ended, or cancel it, then "
            "remove the data set."
        )
    return remove_data_set(name)


def _n_groups(name: str) -> int:
    from ae_core.data.groups import load_groups  # pandas: not before somebody removes

    with suppress(AeCoreError):
        about = about_data_set(name)
        return len(load_groups(name, about.fingerprint, about.n_items))
    return 0


def _listed(noun: str, names: tuple[str, ...]) -> str:
    """ "2 runs (a, b)"; of many the first five by name."""
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"{count_of(len(names), noun)} ({shown})"
