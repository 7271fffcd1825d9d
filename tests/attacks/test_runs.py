"""Runs under attack: broken files, clocks, signals, full disks, folders that vanish.

Whatever is wrong with one run, it alone is affected, and it ends in its true words.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from ae_core.errors import RunError
from ae_core.locations import checkpoints_dir, project_root
from ae_core.processes.detached import ProcessIdentity, is_locked
from ae_core.training import runs, status
from ae_core.training.runs import is_its_turn
from ae_core.training.status import LOCK, STATUS, Status, write_status
from tests.attacks.stopping import posix, stop
from tests.core.training.test_runs import (
    a_run_on_disk,
    endless,
    request_of,
    wait_for,
    wait_until_over,
)
from tests.waiting import wait_until

# A process that holds the lock of the folder that it is given.
HOLDER = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[1] + "/.lock"):
    print("held", flush=True)
    time.sleep(600)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    """A process that works on a run's folder, as far as anybody can see."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdout=subprocess.PIPE, text=True, cwd=project_root(),
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def going(name: str) -> Status:
    """A run that trains; its status."""
    runs.start_run(endless(name))
    return wait_for(name, lambda status: status.epoch >= 1)


# --------------------------------------------------------------------------------- broken files

DEEP = "[" * 5_000 + "]" * 5_000
OUTSIDE = "outside.json"


def as_folder(path: Path) -> None:
    path.mkdir()


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_link(path: Path) -> None:
    path.symlink_to(checkpoints_dir().parent / OUTSIDE)


def as_loop(path: Path) -> None:
    path.symlink_to(path)


def as_text(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text) and None


BROKEN: dict[str, Callable[[Path], object]] = {
    "folder": as_folder,
    "pipe": as_pipe,
    "link": as_link,
    "loop": as_loop,
    "dangling": lambda path: path.symlink_to("nowhere"),
    "empty": as_text(""),
    "half": as_text('{"state": "queued", '),
    "deep": as_text(DEEP),
    "large": as_text(" " * (64 << 20)),
    "bytes": lambda path: path.write_bytes(b"\xff\xfe"),
    "infinite": as_text('{"state": "queued", "queued_at": 0, "heartbeat": Infinity}'),
    "huge": as_text('{"state": "queued", "queued_at": 0, "heartbeat": 1e999}'),
    "a pid that is none": as_text('{"state": "queued", "queued_at": 0, "heartbeat": 0, "pid": -1}'),
}  # fmt: skip


@posix
def test_of_a_broken_run_others_are_not_affected() -> None:
    (checkpoints_dir().parent).mkdir(parents=True, exist_ok=True)
    for file in (runs.REQUEST, STATUS):
        for n, damage in enumerate(BROKEN.values()):
            folder, whole = a_run_on_disk(f"broken-{file[:3]}-{n}", state="queued")
            if n == 0:
                (checkpoints_dir().parent / OUTSIDE).write_text(whole.model_dump_json())
            (folder / file).unlink()
            damage(folder / file)
    assert runs.list_runs() == []
    runs.start_run(request_of("whole"))
    assert wait_until_over("whole").state == "done"
    for name in [path.name for path in checkpoints_dir().iterdir() if path.name != "whole"]:
        with pytest.raises(RunError, match=name):
            runs.resume(name)


@posix
def test_a_run_that_may_not_be_read_hurts_only_itself() -> None:
    folder, _ = a_run_on_disk("closed", state="queued")
    secret, _ = a_run_on_disk("secret", state="queued")
    (secret / STATUS).chmod(0)
    folder.chmod(0)
    try:
        if os.access(secret / STATUS, os.R_OK):
            pytest.skip("this user may read everything")
        assert runs.list_runs() == []
        assert set(runs.list_broken_runs()) == {"closed", "secret"}
        runs.start_run(request_of("whole"))
        assert wait_until_over("whole").state == "done"
    finally:
        folder.chmod(0o700)


@posix
def test_a_run_whose_folder_is_closed_while_it_trains_says_so() -> None:
    before = going("closing")
    folder = checkpoints_dir() / "closing"
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        ended = wait_until_over("closing")
        assert ended.state == "failed" and "The system refuses access" in ended.message
        wait_until(lambda: not before.process.is_alive)
    finally:
        folder.chmod(0o700)
    runs.resume("closing")
    assert wait_for("closing", lambda status: status.epoch > ended.epoch).state == "running"


@posix
@pytest.mark.parametrize("file", [LOCK, status.LOG, runs.CANCEL])
@pytest.mark.parametrize("damage", [as_folder, as_pipe, as_loop])
def test_nothing_in_a_runs_folder_makes_a_page_wait(
    file: str, damage: Callable[[Path], None]
) -> None:
    """A pipe without a reader keeps whoever opens it to write; a page would wait for ever."""
    folder, _ = a_run_on_disk("odd", state="cancelled")
    damage(folder / file)
    try:
        runs.resume("odd")
    except RunError as refusal:
        assert "'odd' could not be resumed" in str(refusal)
        assert runs.read_status("odd").state == "cancelled"
    else:
        assert wait_until_over("odd").state == "done"


# --------------------------------------------------------------------------------------- clocks

CLOCKS = {
    "far ahead": {"queued_at": 9e9, "heartbeat": 9e9, "queued_monotonic": 0.0},
    "far behind": {"queued_at": -9e9, "heartbeat": -9e9, "queued_monotonic": -9e9},
    "in the year zero": {"queued_at": 0.0, "heartbeat": 0.0},
}


@pytest.mark.parametrize("times", CLOCKS.values(), ids=CLOCKS)
@pytest.mark.parametrize("state", ["queued", "running"])
@pytest.mark.parametrize("pid", [0, 1, 2**22 + 1])
def test_whatever_a_status_says_of_time_without_a_process_it_is_lost(
    times: dict[str, float], state: str, pid: int
) -> None:
    """It waited for ever in front of all others before."""
    a_run_on_disk("odd", **times, state=state, pid=pid)
    assert runs.read_status("odd").state == "lost"
    assert is_its_turn("next", 0.0)


def test_a_run_is_followed_whatever_is_done_to_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    going("steady")
    for moved_s in (-1e6, -3600.0, 3600.0, 1e6):
        with monkeypatch.context() as moved:
            now = status.time.time
            moved.setattr(status.time, "time", lambda now=now, by=moved_s: now() + by)
            assert runs.read_status("steady").state == "running"
            assert not is_its_turn("next", 0.0)
            with pytest.raises(RunError, match="is running: there is nothing to resume"):
                runs.resume("steady")


@pytest.mark.skipif(sys.platform != "linux", reason="there the clock moves psutil's times")
def test_a_process_is_recognised_when_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux tells when a process was created since the machine's start; psutil adds the clock."""
    noted = ProcessIdentity.of_this_process()
    by_the_clock = ProcessIdentity(noted.pid, psutil.Process().create_time())
    assert by_the_clock.is_alive  # as files of before have it
    started_at = psutil.boot_time()
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: started_at + 7_200.0)  # type: ignore[attr-defined]
    assert noted.is_alive and noted.works_on(psutil.Process().cmdline()[0])
    assert not by_the_clock.is_alive


@posix
def test_of_two_that_were_started_at_the_same_moment_one_is_first() -> None:
    moment = status.time.monotonic()
    names = ("b", "a")
    for name in names:
        a_run_on_disk(name, state="queued", queued_monotonic=moment)
    with holder(checkpoints_dir() / "a") as one, holder(checkpoints_dir() / "b") as other:
        assert [run.status.state for run in runs.list_runs()] == ["queued", "queued"]
        assert {name for name in names if is_its_turn(name, moment)} == {"a"}
        one.kill()
        one.wait()
        assert is_its_turn("b", moment)  # whoever dies in front keeps nobody waiting
        other.kill()


def test_runs_may_come_and_go_while_they_are_listed() -> None:
    a_run_on_disk("stays", state="done")
    folder, _ = a_run_on_disk("moves", state="done")
    over = threading.Event()

    def move() -> None:
        while not over.is_set():
            folder.rename(checkpoints_dir().parent / "away")
            (checkpoints_dir().parent / "away").rename(folder)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        for _ in range(300):
            assert {"stays"} <= {run.name for run in runs.list_runs()} <= {"stays", "moves"}
            assert is_its_turn("next", 0.0)
    finally:
        over.set()
        mover.join()


@posix
def test_a_process_that_was_stopped_keeps_nobody_waiting() -> None:
    going("first")
    runs.start_run(request_of("stopped"))
    runs.start_run(request_of("next"))
    wait_for("stopped", lambda status: status.phase == "waiting")
    stop(runs.read_status("stopped").pid)
    runs.cancel("first")
    assert wait_until_over("next").state == "done"
    os.kill(runs.read_status("stopped").pid, signal.SIGCONT)
    assert wait_until_over("stopped").state == "done"


@posix
def test_a_run_that_is_there_and_says_nothing_is_lost_and_lets_others_pass() -> None:
    folder, _ = a_run_on_disk("hangs", pid=1)
    with holder(folder) as process:
        quick = runs.read_status("hangs")
        assert quick.state == "running" and not is_its_turn("next", 0.0)
        late = quick.heartbeat - status.STALE_AFTER_S - 1
        write_status(folder, quick.model_copy(update={"heartbeat": late}))
        lost = runs.read_status("hangs")
        assert lost.state == "lost" and "has not reported for 120 s" in lost.message
        assert is_its_turn("next", 0.0)
        process.kill()


@pytest.fixture
def idle_process() -> Iterator[dict[str, float]]:
    """A process that works on three runs, as far as its command line tells."""
    folders = [str(checkpoints_dir() / name) for name in ("alive", "reused", "silent")]
    code = "import time; time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code, *folders]) as process:
        created = psutil.Process(process.pid).create_time()
        yield {"pid": process.pid, "process_created": created}
        process.kill()


def test_a_run_is_lost_when_its_process_is_another_one_or_silent(
    idle_process: dict[str, float],
) -> None:
    a_run_on_disk("alive", **idle_process)
    a_run_on_disk("reused", **(idle_process | {"process_created": 1.0}))
    a_run_on_disk("silent", **idle_process, heartbeat=status.time.monotonic() - 1000)
    a_run_on_disk("another", **idle_process)
    states = {run.name: run.status.state for run in runs.list_runs()}
    expected = {"alive": "running", "reused": "lost", "silent": "lost", "another": "lost"}
    assert states == expected
    assert "has not reported for 120 s" in runs.read_status("silent").message


@posix
def test_a_lock_is_looked_at_without_being_taken(tmp_path: Path) -> None:
    lock = tmp_path / LOCK
    assert is_locked(lock) is None
    lock.touch()
    assert is_locked(lock) is False
    with FileLock(lock):
        assert is_locked(lock) is True
        with FileLock(tmp_path / "other"):
            assert is_locked(lock) is True
    assert is_locked(lock) is False
    as_pipe(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(lock)
    assert is_locked(tmp_path / "pipe") is False and is_locked(tmp_path / "link") is None


@posix
def test_a_copy_of_a_run_that_is_going_is_not_going() -> None:
    now = going("original")
    copied = shutil.copytree(
        checkpoints_dir() / "original",
        checkpoints_dir() / "copy",
        ignore=shutil.ignore_patterns(".*.*", "watch"),
    )
    assert (copied / LOCK).exists()
    assert runs.read_status("copy").state == "lost"
    assert runs.read_status("original").state == "running"
    runs.end_process(runs.find_run("copy"))
    assert now.process.is_alive


def test_a_process_that_dies_before_it_has_said_anything_is_missed_at_once() -> None:
    runs.start_run(request_of("short"))
    started = runs.read_status("short")
    assert started.state == "queued" and started.process.is_alive
    psutil.Process(started.pid).kill()
    assert wait_until_over("short").state == "lost"
