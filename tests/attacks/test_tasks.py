"""Tasks under attack: files that are none, disks that are full, others' titles and errors."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from ae_core import locations
from ae_core.errors import TaskError
from ae_core.locations import cache_dir, project_root
from ae_core.processes import detached, tasks
from ae_core.processes.detached import ProcessIdentity
from ae_core.processes.tasks import Task
from tests import sources
from tests.attacks.stopping import SITECUSTOMIZE, posix, stop
from tests.attacks.test_runs import BROKEN
from tests.core.processes.test_tasks import wait
from tests.core.training.test_runs import no_space
from tests.pages.steering_world import open_page, words
from tests.waiting import wait_until
from zoetrope.ui import tray
from zoetrope.ui.owner import token_of

# Works on any task until the file `go` is there; fails if it says so.
WORKS = """
import sys, time
from pathlib import Path
from ae_core.errors import DataError
from ae_core.processes import tasks

def work(on_progress, **arguments):
    go = Path(__file__).parent / "go"
    while not go.exists():
        on_progress("working", 0.5)
        time.sleep(0.01)
    if go.read_text() == "fail":
        raise DataError("The file of A is broken: mend it.")

if __name__ == "__main__":
    sys.exit(tasks.work_on(sys.argv[1], lambda kind: work))
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that processes of long work import from."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "works.py").write_text(WORKS)
    monkeypatch.setenv("PYTHONPATH", f"{project_root()}:{folder}")
    return folder


def start(owner: str = "", *, n: int = 0, fresh: bool = False) -> Task:
    return tasks.start("works", "work", f"Title {n}", {"n": n}, owner=owner, fresh=fresh)


def now(task: Task) -> Task:
    current = tasks.read(task.task_id)
    assert current is not None
    return current


def listed(owner: str) -> list[str]:
    return [task.title for task in tasks.list_tasks() if owner in task.owners]


# --------------------------------------------------------------------------------- broken files


def make_old(path: Path) -> None:
    os.utime(path, (0, 0), follow_symlinks=False)


@posix
@pytest.mark.parametrize("is_old", [False, True])
def test_what_is_no_task_is_passed_over_and_deleted_when_it_is_old(is_old: bool) -> None:
    folder = cache_dir() / "tasks"
    folder.mkdir(parents=True)
    for n, damage in enumerate(BROKEN.values()):
        damage(folder / f"broken-{n}.json")
    for path in folder.iterdir() if is_old else ():
        make_old(path)
    assert tasks.list_tasks() == []
    assert len(list(folder.glob("broken-*"))) == (0 if is_old else len(BROKEN))
    assert tasks.list_tasks() == []


def test_a_file_cannot_speak_for_another_task(programs: Path) -> None:
    """Cancelling or dismissing it would end and delete what it names."""
    victim = start()
    copy = cache_dir() / "tasks" / "other-1.json"
    shutil.copy(cache_dir() / "tasks" / f"{victim.task_id}.json", copy)
    assert [task.task_id for task in tasks.list_tasks()] == [victim.task_id]
    assert tasks.read("other-1") is None
    tasks.cancel(victim)


def test_where_nothing_can_be_written_a_lost_task_is_shown_all_the_same(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tray is on every page."""
    task = start()
    psutil.Process(task.pid).kill()
    wait_until(lambda: not task.process.is_alive)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tasks, "FileLock", refused)
    (lost,) = tasks.list_tasks()
    assert lost.state == "failed" and "ended without a word" in lost.message


# --------------------------------------------------------------------------------- full disks


@pytest.fixture
def full(programs: Path) -> Callable[[], None]:
    """From when it is called, processes of long work find the disk full."""
    (programs / "sitecustomize.py").write_text(SITECUSTOMIZE)
    return lambda: (programs / "refused").write_text("ENOSPC") and None


@pytest.mark.parametrize("how", ["done", "fail"])
def test_how_a_task_ended_is_written_also_on_a_full_disk(
    programs: Path, full: Callable[[], None], how: str
) -> None:
    """Its progress could not be written: it failed of that, and then without a word."""
    task = start()
    wait_until(lambda: now(task).progress > 0)
    full()
    (programs / "go").write_text(how)
    ended = wait(task)
    expected = {"done": ("done", ""), "fail": ("failed", "The file of A is broken: mend it.")}
    assert (ended.state, ended.message) == expected[how]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="of Linux only")
def test_an_error_is_told_also_where_it_cannot_be_printed(programs: Path) -> None:
    task = start()
    psutil.Process(task.pid).kill()
    wait_until(lambda: not task.process.is_alive)
    process = ProcessIdentity.of_this_process()
    again = task.with_(state="running", pid=process.pid, process_created=process.created)
    path = cache_dir() / "tasks" / f"{task.task_id}.json"
    path.write_text(again.model_dump_json())
    (programs / "go").write_text("fail")
    with Path("/dev/full").open("wb") as nowhere:
        command = [sys.executable, "-m", "works", task.task_id]
        subprocess.run(command, check=False, stdout=nowhere, stderr=nowhere, cwd=project_root())
    assert now(task).message == "The file of A is broken: mend it."


def test_a_task_that_cannot_be_noted_is_not_left_running(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(psutil.Process().children())
    monkeypatch.setattr(locations, "write_atomically", no_space)
    with pytest.raises(TaskError, match="Title 0: it could not be started .No space left"):
        start()
    wait_until(lambda: not (set(psutil.Process().children()) - before))


def test_a_process_that_may_not_be_ended_is_told(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = start()

    def refused(*_: object) -> None:
        raise psutil.AccessDenied(task.pid)

    with monkeypatch.context() as closed:
        closed.setattr(detached.ProcessIdentity, "kill", refused)
        with pytest.raises(TaskError, match="Title 0: it could not be ended"):
            tasks.cancel(task)
    task.process.kill(task.task_id)


# ------------------------------------------------------------------------------ clocks and stops


@pytest.mark.parametrize("moved_s", [-1e6, 1e6])
def test_a_task_is_followed_whatever_is_done_to_the_clock(
    programs: Path, monkeypatch: pytest.MonkeyPatch, moved_s: float
) -> None:
    task = start()
    real = tasks.time.time
    monkeypatch.setattr(tasks.time, "time", lambda: real() + moved_s)
    assert now(task).state == "running"
    (programs / "go").write_text("done")
    assert wait(task).state == "done"


@posix
def test_a_task_that_was_stopped_keeps_no_other_waiting(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One lock for all would be held by whoever was stopped while it held it."""
    monkeypatch.setattr(tasks, "_PAGE_WAITS_S", 0.1)
    stopped = start(n=1)
    wait_until(lambda: now(stopped).progress > 0)
    with tasks.FileLock(cache_dir() / "tasks" / f"{stopped.task_id}.lock"):
        stop(stopped.pid)
        other = start(n=2)
        assert {task.task_id for task in tasks.list_tasks()} == {stopped.task_id, other.task_id}
        (programs / "go").write_text("done")
        assert wait(other).state == "done"
    tasks.cancel(stopped)
    assert now(stopped).state == "cancelled" and not stopped.process.is_alive


# ---------------------------------------------------------------------------------- whose it is


def test_a_task_is_its_owners_and_of_several_who_need_the_same(programs: Path) -> None:
    task = start("a")
    start("c", n=1)
    assert start("b").pid == task.pid  # the same work is done once
    assert (listed("a"), listed("b"), listed("c")) == (["Title 0"], ["Title 0"], ["Title 1"])
    tasks.leave(now(task), "a")
    assert task.process.is_alive and (listed("a"), listed("b")) == ([], ["Title 0"])
    start("a")  # the next look of the page of one who has left it
    assert listed("a") == []
    start("a", fresh=True)  # but a person may come back
    assert listed("a") == ["Title 0"]
    for owner in ("a", "b"):
        tasks.leave(now(task), owner)
    assert now(task).state == "cancelled" and not task.process.is_alive
    tasks.cancel(start("c", n=1))


def test_how_shared_work_failed_is_dismissed_by_each_for_itself(programs: Path) -> None:
    (programs / "go").write_text("fail")
    task = start("a")
    start("b")
    assert wait(task).state == "failed"
    tasks.leave(now(task), "a")
    assert (listed("a"), listed("b")) == ([], ["Title 0"])
    tasks.leave(now(task), "b")
    assert tasks.list_tasks() == []


def seen_by(owner: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(tray, "current_owner", lambda: owner)
    return open_page("data.py", {"data": "digits"})


def test_a_page_shows_titles_and_errors_to_their_owner_only(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = start("a")
    mine, others = seen_by("a", monkeypatch), seen_by("b", monkeypatch)
    assert [bar.proto.text.split(",")[0] for bar in mine.get("progress")] == ["Title 0"]
    assert not others.get("progress") and "Title 0" not in words(others)
    assert "Running here too: 1 other task." in words(others)
    assert not [button for button in others.button if button.key == f"cancel-{task.task_id}"]
    (programs / "go").write_text("fail")
    assert wait(task).state == "failed"
    others, mine = seen_by("b", monkeypatch), seen_by("a", monkeypatch)
    assert [error.value for error in mine.error] == ["Title 0: The file of A is broken: mend it."]
    assert not others.error and not others.exception
    next(button for button in mine.button if button.label == "Dismiss").click().run()
    assert not mine.error and tasks.list_tasks() == []


@pytest.mark.parametrize("path", sources.python_files("zoetrope"), ids=sources.short)
def test_every_page_that_starts_work_says_whose_it_is(path: Path) -> None:
    """Work of nobody is shown to nobody, nor how it ended."""
    tree = sources.tree_of(path)
    known = sources.aliases(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    starts = [
        call for call in calls if sources.dotted(call.func, known).endswith("long_work.start")
    ]
    assert all("owner" in {one.arg for one in call.keywords} for call in starts)


def test_a_browser_is_known_by_what_stays_the_same_of_its_cookie() -> None:
    """Streamlit masks the token anew in every answer."""
    from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

    token, other = b"0123456789abcdef", b"0123456789abcdeg"
    names = {token_of(generate_xsrf_token_string(token, time)) for time in range(20)}
    assert names == {token.hex()}
    assert token_of(f'"{generate_xsrf_token_string(other, 1)}"'[1:-1]) == other.hex()


@pytest.mark.parametrize(
    "cookie", [None, "", "2|", "2|a|b|c", "2||00|1", "2|00||1", "x" * 10_000, "2|zz|zz|1", object()]
)
def test_what_is_no_such_cookie_names_nobody(cookie: object) -> None:
    assert token_of(cookie) is None
