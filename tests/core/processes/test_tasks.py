"""Tasks: seen from outside only through their file, cancelled, killed, asked for twice."""

import re
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest

from ae_core import long_work
from ae_core.data.catalogue import is_ready
from ae_core.data.uploads import uploads_dir
from ae_core.errors import TaskError
from ae_core.locations import data_dir
from ae_core.processes import tasks
from tests.core.data.test_pictures import header_only
from tests.waiting import wait_until


def wait(task: tasks.Task, *, until: str = "running", timeout_s: float = 60) -> tasks.Task:
    """The task once it has left the state `until`."""

    def left() -> tasks.Task | None:
        current = tasks.read(task.task_id)
        assert current is not None
        return current if current.state != until else None

    return wait_until(left, timeout_s=timeout_s, explain=lambda: f"still {until}")


def slow_task(tmp_path: Path) -> tasks.Task:
    """A task that takes many seconds: making a zip of many pictures into a data set."""
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "big.npz", images=rng.integers(0, 256, (60_000, 32, 32), np.uint8))
    return long_work.start("add", "Adding", path=str(tmp_path / "big.npz"), name="big", size=32)


def working(task: tasks.Task) -> tasks.Task:
    """The task once its process is known."""

    def with_process() -> tasks.Task | None:
        current = tasks.read(task.task_id)
        assert current is not None and current.state == "running"
        return current if current.pid else None

    return wait_until(with_process, timeout_s=30)


def test_a_task_does_its_work_in_another_process() -> None:
    assert not is_ready("digits")
    ended = wait(long_work.start("prepare", "Drawing", data="digits"))
    assert ended.state == "done" and is_ready("digits")
    assert ended.pid not in (0, psutil.Process().pid)


def test_an_error_of_the_core_arrives_in_words(tmp_path: Path) -> None:
    ended = wait(
        long_work.start("add", "Adding", path=str(tmp_path / "gone.npz"), name="x", size=64)
    )
    assert ended.state == "failed" and "no file" in ended.message


def test_an_error_of_the_program_is_not_taken_for_a_kill() -> None:
    ended = wait(
        long_work.start("prepare", "Drawing", flavour="vanilla")
    )  # it takes no such argument
    assert ended.state == "failed"
    found = re.fullmatch(
        r"An error of the program itself \(TypeError: .*'flavour'.*\); the details are in "
        r"(.*\.log)\. Report it\.",
        ended.message,
    )
    assert found is not None, ended.message
    log = Path(found[1])  # printed after the state is written: that may be impossible
    wait_until(lambda: "Traceback" in log.read_text())


def test_a_picture_made_to_explode_arrives_in_words(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(20):
            archive.writestr(f"huge-{index}.png", header_only(20_000, 10_000))
    ended = wait(long_work.start("add", "Adding", path=str(tmp_path / "a.zip"), name="x", size=64))
    assert ended.state == "failed" and "20,000 x 10,000 pixels" in ended.message


def test_asking_twice_starts_once(tmp_path: Path) -> None:
    first = working(slow_task(tmp_path))
    again = long_work.start("add", "Adding", **first.arguments)
    assert again.pid == first.pid
    tasks.cancel(first)


def test_cancel_ends_the_process_and_leaves_nothing(tmp_path: Path) -> None:
    task = working(slow_task(tmp_path))
    tasks.cancel(task)
    assert wait(task).state == "cancelled"
    psutil.wait_procs([psutil.Process(task.pid)] if psutil.pid_exists(task.pid) else [], timeout=10)
    assert not (data_dir() / "big").exists()


def test_a_killed_process_is_noticed(tmp_path: Path) -> None:
    task = working(slow_task(tmp_path))
    psutil.Process(task.pid).kill()
    ended = wait(task)
    assert ended.state == "failed" and "without a word" in ended.message


def test_an_upload_is_deleted_when_it_was_read() -> None:
    uploads_dir().mkdir(parents=True)
    path = uploads_dir() / "mine.npz"
    np.savez(path, images=np.zeros((30, 9, 9), np.uint8))
    assert (
        wait(long_work.start("add", "Adding", path=str(path), name="mine", size=9)).state == "done"
    )
    assert (data_dir() / "mine").is_dir() and not path.exists()


def test_unknown_work_is_refused() -> None:
    with pytest.raises(TaskError, match="prepare, add"):
        long_work.start("dance", "Dancing")


def test_an_ended_task_can_be_forgotten() -> None:
    task = wait(long_work.start("prepare", "Drawing", data="digits"))
    assert [found.task_id for found in tasks.list_tasks()] == [task.task_id]
    tasks.forget(task)
    assert tasks.list_tasks() == []
