"""The same work asked for twice starts once: by processes, by threads, by reruns of a page."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from ae_core.locations import cache_dir, project_root
from ae_core.processes import tasks
from ae_core.processes.failures import Remedy
from ae_core.processes.once import is_to_start
from ae_core.processes.worker_client import RequestState, WorkerClient
from ae_core.processes.worker_process import WorkerProgram
from tests.waiting import wait_until

# Waits for the file that both look for, then starts the task: at the same moment as the other.
ASKER = """
import sys, time
from pathlib import Path
from ae_core.processes import tasks
print("ready", flush=True)
while not Path(sys.argv[1]).exists():
    pass
task = tasks.start("endless", "wait", "Waiting", {"n": int(sys.argv[2])})
print(task.started, flush=True)
"""

# A module that works on tasks, as `ae_core.long_work` does; each process leaves a file behind.
ENDLESS = """
import os, sys, time
from pathlib import Path
from ae_core.processes import tasks

def wait(on_progress, *, n):
    (Path(__file__).parent / f"{n}-{os.getpid()}").touch()
    while True:
        on_progress("waiting", 0.5)
        time.sleep(0.01)

if __name__ == "__main__":
    sys.exit(tasks.work_on(sys.argv[1], lambda kind: wait))
"""

# A worker that answers every request at once and counts them.
COUNTER = """
import json, sys
for number, line in enumerate(sys.stdin, 1):
    message = json.loads(line)
    print(json.dumps({"event": "count", "n": number}), flush=True)
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules that processes of long work can be started from."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "endless.py").write_text(ENDLESS)
    (folder / "counter.py").write_text(COUNTER)
    monkeypatch.setenv("PYTHONPATH", f"{project_root()}:{folder}")
    return folder


@pytest.mark.parametrize("n", range(100, 103))  # other numbers than other tests, run beside it
def test_two_processes_that_start_a_task_at_the_same_moment_start_it_once(
    programs: Path, n: int
) -> None:
    signal = programs / "go"
    askers = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, str(signal), str(n)],
            stdout=subprocess.PIPE, text=True, cwd=project_root(),
        )
        for _ in range(2)
    ]  # fmt: skip
    for asker in askers:
        assert asker.stdout is not None and asker.stdout.readline() == "ready\n"
    signal.touch()
    started = {asker.communicate(timeout=60)[0] for asker in askers}
    assert len(started) == 1  # both were given the same task
    name = tasks.task_id("wait", {"n": n})
    task = wait_until_working(name)
    assert [path.name for path in programs.glob(f"{n}-*")] == [f"{n}-{task.pid}"]
    running = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if name in (process.info["cmdline"] or [])
    ]
    assert running == [task.pid]
    tasks.cancel(task)
    assert not task.process.is_alive


def wait_until_working(name: str) -> tasks.Task:
    def working() -> tasks.Task | None:
        task = tasks.read(name)
        assert task is not None and task.state == "running"
        return task if task.progress else None

    return wait_until(working)


def test_a_task_cancelled_while_it_reports_stays_cancelled(programs: Path) -> None:
    """A report read before the cancel and written after it would bring the task back to life."""
    for n in range(5):
        task = wait_until_working(tasks.start("endless", "wait", "Waiting", {"n": n}).task_id)
        tasks.cancel(task)
        ended = tasks.read(task.task_id)
        assert ended is not None and ended.state == "cancelled"


def test_a_task_cancelled_before_its_process_has_reported_does_no_work(programs: Path) -> None:
    task = tasks.start("endless", "wait", "Waiting", {"n": 0})
    tasks.cancel(task)
    before = {process.pid for process in psutil.Process().children()}
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in before))
    ended = tasks.read(task.task_id)
    assert ended is not None and ended.state == "cancelled"


def test_files_that_are_no_tasks_of_this_version_are_passed_over() -> None:
    folder = cache_dir() / "tasks"
    folder.mkdir(parents=True)
    before = {"task_id": "encode-1", "state": "running", "pid": 10**9}
    (folder / "encode-1.json").write_text(json.dumps(before))
    (folder / "encode-2.json").write_text("{")
    assert tasks.list_tasks() == [] and tasks.read("encode-1") is None


def client(on_count: list[int]) -> WorkerClient:
    remedy = Remedy(again="try again", log="the log")
    return WorkerClient(
        WorkerProgram("counter", (), {}, "The counter", remedy),
        on_start=lambda: None,
        on_event=lambda event: on_count.append(event["n"]),
    )


def test_many_threads_that_ask_at_once_send_one_request(programs: Path) -> None:
    counts: list[int] = []
    worker, states = client(counts), list[RequestState]()
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        states.append(worker.ask_once("k", "count", dict, lambda: False))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(states) == 8 and all(state.is_active for state in states)
    worker.ask_once("last", "count", dict, lambda: False)
    wait_until(lambda: len(counts) >= 2)
    worker.close()
    assert counts == [1, 2]  # one for the eight, one for the last


def test_what_was_made_between_the_two_looks_is_not_asked_for_again(programs: Path) -> None:
    """Another session's request may end while the inputs of this one are written."""
    worker = client([])
    looks = iter([False, True])
    state = worker.ask_once("k", "count", dict, lambda: next(looks))
    assert state.state == "done" and worker.pid is None


@pytest.mark.parametrize(
    ("state", "rerun", "by_hand"),
    [
        (None, True, True),
        ("queued", False, False),
        ("running", False, False),
        ("done", True, True),
        ("failed", False, True),
        ("cancelled", False, True),
    ],
)
def test_nothing_is_repeated_against_a_persons_will(
    state: str | None, rerun: bool, by_hand: bool
) -> None:
    assert is_to_start(state, fresh=False) == rerun
    assert is_to_start(state, fresh=True) == by_hand
