"""A process of its own: recognised by pid and creation time, collected, ended with its children."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ae_core.processes.detached import ProcessIdentity, start_detached, start_worker
from ae_core.processes.priority import NICENESS_VARIABLE
from tests.waiting import wait_until

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def identity_of(pid: int) -> ProcessIdentity:
    return ProcessIdentity(pid, psutil.Process(pid).create_time())


@pytest.fixture
def parent() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process with a child, and the child's pid."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, "the-argument"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        yield process, int(process.stdout.readline())
        process.kill()


def test_a_pid_that_was_given_out_again_is_another_process() -> None:
    now = ProcessIdentity.of_this_process()
    assert now.is_alive
    before = ProcessIdentity(now.pid, now.created - 100)
    assert not before.is_alive
    before.kill(sys.executable)  # it is in our command line, and we are still here
    assert not ProcessIdentity(0, now.created).is_alive


def test_killing_takes_the_children_along(parent: tuple[subprocess.Popen[str], int]) -> None:
    process, child_pid = parent
    identity, child = identity_of(process.pid), identity_of(child_pid)
    identity.kill("another-argument")
    assert identity.is_alive and child.is_alive
    identity.kill("the-argument")
    assert not identity.is_alive
    wait_until(lambda: not child.is_alive)


@pytest.mark.skipif(os.name != "posix", reason="only there the dead stay until they are collected")
def test_a_dead_process_that_nobody_collected_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    identity = identity_of(process.pid)
    wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    assert not identity.is_alive
    process.wait()


WAITER = """
import pathlib, sys, time
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print("told to end")
"""


def test_a_detached_process_is_collected_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "waiter.py").write_text(WAITER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv(NICENESS_VARIABLE, "7")
    before = set(psutil.Process().children())
    start_detached("waiter", str(tmp_path / "end"), log=tmp_path / "log")
    (process,) = set(psutil.Process().children()) - before
    assert os.getsid(process.pid) == process.pid  # what ends this session does not end it
    assert process.nice() == 7  # from its birth on: the waiter itself does nothing for it
    (tmp_path / "end").touch()
    wait_until(lambda: not psutil.pid_exists(process.pid))
    assert (tmp_path / "log").read_text().strip()


@pytest.mark.parametrize("keep_log", [False, True])
def test_what_was_logged_before_is_kept_where_wanted(tmp_path: Path, keep_log: bool) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    start_detached("platform", log=log, keep_log=keep_log)
    wait_until(lambda: len(log.read_text().replace("before\n", "")) > 0)
    assert log.read_text().startswith("before\n") == keep_log


def test_processes_of_long_work_find_the_same_home_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZOETROPE_HOME", "relative")
    (tmp_path / "say.py").write_text(
        "import os; from ae_core.locations import home; print(home(), os.environ['OWN'])"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = start_worker("say", environment={"OWN": "1"})
    output, _ = process.communicate(timeout=60)
    assert output.decode().split() == [str(tmp_path / "relative"), "1"]
