"""How runs end: signals of the system, folders that vanish, full disks; always in true words."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ae_core import locations
from ae_core.errors import RunError
from ae_core.locations import OwnFolder, checkpoints_dir, project_root, write_state
from ae_core.processes import detached
from ae_core.processes.failures import LONGEST_WORDS, Remedy, explain_error
from ae_core.training import runs
from ae_core.training.status import RESUME, STATUS, Status
from tests.attacks.stopping import SITECUSTOMIZE, posix
from tests.attacks.test_runs import going
from tests.core.training.test_runs import (
    a_run_on_disk,
    no_space,
    request_of,
    wait_for,
    wait_until_over,
)
from tests.waiting import wait_until

# -------------------------------------------------------------------------------------- signals

SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"]


@posix
@pytest.mark.parametrize("name", SIGNALS)
def test_a_system_that_ends_a_run_lets_it_save(name: str) -> None:
    before = going("ended")
    number = getattr(signal, name)
    os.kill(before.pid, number)
    ended = wait_until_over("ended")
    assert ended.state == "cancelled"
    assert ended.message == f"Ended by the system ({name}): resume goes on from here."
    assert (checkpoints_dir() / "ended" / RESUME).is_file()
    wait_until(lambda: not before.process.is_alive)
    if name == "SIGTERM":
        runs.resume("ended")
        assert wait_for("ended", lambda status: status.epoch > ended.epoch).state == "running"


@posix
def test_a_system_that_ends_a_run_that_waits_says_so() -> None:
    going("first")
    runs.start_run(request_of("waits"))
    waiting = wait_for("waits", lambda status: status.phase == "waiting")
    os.kill(waiting.pid, signal.SIGTERM)
    ended = wait_until_over("waits")
    assert ended.state == "cancelled" and "Ended by the system (SIGTERM)" in ended.message
    wait_until(lambda: not waiting.process.is_alive)


DEEP_IN_A_LIBRARY = """
import ctypes, os, threading
from ae_core.processes.signals import EndSignals

signals = EndSignals()

def look():
    while (name := signals.read()) is None:
        threading.Event().wait(0.02)
    print(name, flush=True)
    os._exit(0)

threading.Thread(target=look).start()
print("ready", flush=True)
libc = ctypes.CDLL(None)
while True:  # a signal ends each sleep, and no Python runs between them for long
    libc.usleep(900_000)
"""


@posix
def test_a_signal_is_noted_while_the_main_thread_is_deep_in_a_library() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEEP_IN_A_LIBRARY],
        stdout=subprocess.PIPE, text=True, cwd=project_root(),
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "SIGTERM\n"
    assert process.returncode == 0


# ---------------------------------------------------------------------------- folders that vanish


def put_in_trash(folder: Path) -> None:
    folder.rename(checkpoints_dir().parent / "trash")


def remove(folder: Path) -> None:
    """Removed as by hand: files first, while the process writes others."""
    wait_until(lambda: shutil.rmtree(folder, ignore_errors=True) or not folder.exists())


@posix
@pytest.mark.parametrize("vanish", [put_in_trash, remove])
@pytest.mark.parametrize("state", ["running", "waiting"])
def test_a_run_whose_folder_vanishes_ends_and_leaves_nothing(
    vanish: Callable[[Path], None], state: str
) -> None:
    first = going("first")
    gone = first
    if state == "waiting":
        runs.start_run(request_of("gone"))
        gone = wait_for("gone", lambda status: status.phase == "waiting")
    folder = checkpoints_dir() / ("gone" if state == "waiting" else "first")
    runs.start_run(request_of("next"))
    vanish(folder)
    wait_until(lambda: not gone.process.is_alive)
    assert not folder.exists()
    if state == "waiting":
        runs.cancel("first")
    assert wait_until_over("next").state == "done"


@posix
def test_a_new_run_under_a_removed_ones_name_is_left_alone() -> None:
    before = going("name")
    put_in_trash(checkpoints_dir() / "name")
    runs.start_run(request_of("name"))
    assert wait_until_over("name").state == "done"
    assert not before.process.is_alive
    assert runs.read_status("name").pid != before.pid


def test_a_folder_is_told_from_the_one_that_takes_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    own = OwnFolder(folder)
    assert own.is_there
    shutil.rmtree(folder)
    assert not own.is_there
    for _ in range(20):  # one of them might be given the number of the deleted one
        folder.mkdir()
        assert not own.is_there
        folder.rmdir()
    own.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_state_is_not_written_into_a_folder_that_is_gone(tmp_path: Path, when: str) -> None:
    path = tmp_path / "folder" / STATUS
    if when == "after":
        path.parent.mkdir()
        write_state(path, "{}")
        shutil.rmtree(path.parent)
    with pytest.raises(FileNotFoundError):
        write_state(path, "{}")
    assert not path.parent.exists()


# ------------------------------------------------------------------- full disks, refused writing


@pytest.fixture
def refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Has the system refuse new files to processes of long work, with this error."""
    folder = tmp_path / "refusing"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    monkeypatch.setenv("PYTHONPATH", f"{project_root()}:{folder}")
    yield (folder / "refused").write_text


WORDS = {
    "ENOSPC": "The disk is full: free some space, and resume.",
    "EROFS": "The system refuses access (a-new-file: Read-only file system): allow it, and resume.",
}


@pytest.mark.parametrize("error", WORDS)
def test_a_run_that_may_not_write_any_more_ends_in_true_words_and_resumes(
    error: str, refuse: Callable[[str], None], tmp_path: Path
) -> None:
    before = going("full")
    refuse(error)
    ended = wait_until_over("full")
    assert (ended.state, ended.message) == ("failed", WORDS[error])
    wait_until(lambda: not before.process.is_alive)
    (tmp_path / "refusing" / "refused").unlink()
    if error == "ENOSPC":
        runs.resume("full")
        assert wait_for("full", lambda status: status.epoch > ended.epoch).state == "running"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="of Linux only")
def test_an_error_is_told_also_where_it_cannot_be_printed() -> None:
    """The traceback went to a full disk first, and hid the reason."""
    folder, _ = a_run_on_disk("mute", state="queued")
    wanted = request_of("mute", data="no-such-data")
    (folder / runs.REQUEST).write_text(wanted.model_dump_json())
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "ae_core.training.worker", str(folder)]
        subprocess.run(command, check=False, stdout=full, stderr=full, cwd=project_root())
    ended = runs.read_status("mute")
    assert ended.state == "failed" and "there is no data set 'no-such-data'" in ended.message


def test_what_could_not_be_written_is_told_by_whoever_reads_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_run_on_disk("silent", pid=2**22 + 1)
    usage = shutil.disk_usage(checkpoints_dir())
    assert "ended without a word" in runs.read_status("silent").message
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
        assert "its disk is full: free some space" in runs.read_status("silent").message
    with monkeypatch.context() as closed:
        closed.setattr(os, "access", lambda *_: False)
        assert "nothing can be written to its folder" in runs.read_status("silent").message


@pytest.mark.parametrize("n_bytes", [locations.STATE_BYTES, 3 * locations.STATE_BYTES])
def test_a_state_is_written_into_its_old_blocks_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_bytes: int
) -> None:
    path = tmp_path / STATUS
    path.write_bytes(b"{}".ljust(n_bytes))
    monkeypatch.setattr(locations, "write_atomically", no_space)
    write_state(path, '{"a": 1}')
    assert json.loads(path.read_text()) == {"a": 1} and path.stat().st_size == n_bytes
    before = path.read_bytes()
    with pytest.raises(OSError, match="No space left"):
        write_state(path, json.dumps({"a": "x" * n_bytes}))
    assert path.read_bytes() == before


@posix
def test_a_state_is_not_written_through_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"x" * locations.STATE_BYTES)
    (tmp_path / STATUS).symlink_to(target)
    with monkeypatch.context() as full:
        full.setattr(locations, "write_atomically", no_space)
        with pytest.raises(OSError, match="No space left"):
            write_state(tmp_path / STATUS, "{}")
    write_state(tmp_path / STATUS, "{}")  # the link itself is replaced
    assert target.read_bytes() == b"x" * locations.STATE_BYTES


class WordlessError(Exception):
    """What a library may raise."""

    def __str__(self) -> str:
        raise ValueError("no words")


ODD_NAME = "caf\udce9.npy"  # of bytes that are no UTF-8, as the system gives it
ODD = {
    "long": RunError("x" * 10**6),
    "long, of the program": ValueError("x" * 10**6),
    "wordless": WordlessError(),
    "no text": RunError(f"{ODD_NAME} is broken"),
    "no text, of the program": ValueError(ODD_NAME),
    "of a file": FileNotFoundError(errno.ENOENT, "No such file", ODD_NAME),
    "refused": PermissionError(errno.EACCES, "Permission denied", ODD_NAME),
    "full": OSError(errno.ENOSPC, "No space left", ODD_NAME),
}


@pytest.mark.parametrize("error", ODD.values(), ids=ODD)
def test_whatever_is_raised_has_words_that_fit_a_state(error: Exception) -> None:
    """The state was not written, and the run or task then ended without a word."""
    said = explain_error(error, Remedy("resume", log=f"{ODD_NAME}.log"))
    assert len(said) < LONGEST_WORDS + 200
    fits = Status(state="failed", queued_at=0, heartbeat=0, message=said).model_dump_json()
    assert len(fits.encode()) <= locations.STATE_BYTES


def test_a_run_that_cannot_be_cancelled_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    going("first")
    with monkeypatch.context() as full:
        full.setattr(runs, "write_atomically", no_space)
        with pytest.raises(RunError, match=r"'first' could not be cancelled \(No space left"):
            runs.cancel("first")
    runs.cancel("first")
    assert wait_until_over("first").state == "cancelled"


def test_a_process_that_may_not_be_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    a_run_on_disk("stuck", state="failed")

    def refused(*_: object) -> None:
        raise psutil.TimeoutExpired(10)

    monkeypatch.setattr(detached.ProcessIdentity, "kill", refused)
    with pytest.raises(RunError, match="process of run 'stuck' cannot be ended.*end it by hand"):
        runs.resume("stuck")
