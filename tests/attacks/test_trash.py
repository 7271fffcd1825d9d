"""What is removed can be brought back for a day, whoever else is at it."""

import errno
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from ae_core import cleaning, removal
from ae_core.__main__ import main
from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.checkpoints import save_checkpoint
from ae_core.codecs.config import CheckpointConfig
from ae_core.config import ModelConfig
from ae_core.data import trash
from ae_core.data.catalogue import list_data_sets, load_data_set, remove_data_set
from ae_core.data.groups import load_groups, make_group, save_group
from ae_core.data.own_files import add_file
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError, DataError
from ae_core.locations import checkpoints_dir, data_dir
from ae_core.processes import tasks
from ae_core.training import runs
from ae_core.training.status import LOCK, State, Status, write_status
from tests.attacks.stand_ins import task_at_work
from tests.sources import ROOT


@pytest.fixture
def mine(tmp_path: Path) -> DataSet:
    """A data set of one's own."""
    return added(tmp_path, "mine")


def added(folder: Path, name: str, grey: int = 7) -> DataSet:
    np.savez(folder / "a.npz", images=np.full((30, 9, 9), grey, np.uint8))
    return add_file(folder / "a.npz", name)


def train_on(name: str, data: str) -> None:
    """A checkpoint fitted on a data set, as good as any."""
    about = load_data_set(data).about
    model = ModelConfig(widths=(8,), latent_dim=2)
    config = CheckpointConfig(
        name=name, data=data, data_fingerprint=about.fingerprint, item=about.item, latent_dim=2,
        model=model,
    )  # fmt: skip
    save_checkpoint(checkpoints_dir() / name, config, build_autoencoder(model, about.item))


def run_that(state: State, data: str) -> FileLock:
    """A run's files, and the lock that its process holds while it is there."""
    folder = checkpoints_dir() / "run"
    folder.mkdir(parents=True)
    request = runs.RunRequest(name="run", data=data, codec="pca")
    (folder / runs.REQUEST).write_text(request.model_dump_json())
    status = Status(state=state, queued_at=time.time(), heartbeat=time.monotonic())
    write_status(folder, status)
    return FileLock(folder / LOCK)


def grow_old(removed: trash.Removed, age_s: float) -> None:
    """As if it had been removed so long ago."""
    path = removed.folder / "what.json"
    what = json.loads(path.read_text()) | {"removed_at": time.time() - age_s}
    path.write_text(json.dumps(what))


def test_what_is_brought_back_is_what_was_removed(mine: DataSet) -> None:
    items, kept = np.array(mine.items), mine.items  # open: mapped files stay whole
    removed = remove_data_set("mine")
    assert "mine" not in list_data_sets()
    np.testing.assert_array_equal(kept, items)
    assert trash.restore(removed) == data_dir() / "mine"
    back = load_data_set("mine")
    np.testing.assert_array_equal(back.items, items)
    assert back.about == mine.about and trash.list_removed() == []


def test_it_is_not_brought_back_over_another(mine: DataSet, tmp_path: Path) -> None:
    removed = remove_data_set("mine")
    added(tmp_path, "mine", grey=9)
    with pytest.raises(trash.TrashError, match="there is a data set 'mine' again"):
        trash.restore(removed)
    assert (load_data_set("mine").items == 9).all()
    remove_data_set("mine")  # two of one name: the last removed comes first
    trash.restore(trash.find_removed("mine"))
    assert (load_data_set("mine").items == 9).all()


def test_two_that_bring_it_back_at_once(mine: DataSet) -> None:
    removed = remove_data_set("mine")
    trash.restore(removed)
    with pytest.raises(trash.TrashError, match="there is a data set 'mine' again"):
        trash.restore(removed)
    remove_data_set("mine")
    with pytest.raises(trash.TrashError, match="may have been brought back already"):
        trash.restore(removed)


def test_after_a_day_it_is_gone(mine: DataSet, tmp_path: Path) -> None:
    removed = remove_data_set("mine")
    grow_old(removed, 23 * 3600)
    assert cleaning.clean() == [] and trash.find_removed("mine")
    grow_old(removed, 25 * 3600)
    with pytest.raises(trash.TrashError, match="within the last day"):
        trash.find_removed("mine")
    assert [swept.path for swept in cleaning.clean()] == [removed.folder]
    assert list(trash.trash_dir().iterdir()) == []


def test_a_clock_that_was_set_back_keeps_nothing_for_ever(mine: DataSet) -> None:
    removed = remove_data_set("mine")
    grow_old(removed, -(10**8))
    old = time.time() - 25 * 3600
    os.utime(removed.folder / "what.json", (old, old))
    assert [swept.path for swept in cleaning.clean()] == [removed.folder]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 10_000,
        b"\xff",
        b'{"kind": "data set", "name": "../../etc", "removed_at": 9e9}',
        b'{"kind": "passwords", "name": "x", "removed_at": 1}',
        b'{"kind": "data set", "name": "mine", "removed_at": NaN}',
    ],
)
def test_an_entry_that_somebody_wrote_hurts_only_itself(mine: DataSet, content: bytes) -> None:
    bad = trash.trash_dir() / "bad"
    (bad / "content").mkdir(parents=True)
    (bad / "what.json").write_bytes(content)
    remove_data_set("mine")
    for removed in trash.list_removed():
        if removed.folder == bad:
            with pytest.raises(AeCoreError):
                trash.restore(removed)
    trash.restore(trash.find_removed("mine"))
    assert load_data_set("mine").name == "mine"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such pipes here")
def test_a_pipe_in_the_trash_keeps_nobody_waiting() -> None:
    (trash.trash_dir() / "bad" / "content").mkdir(parents=True)
    os.mkfifo(trash.trash_dir() / "bad" / "what.json")
    assert trash.list_removed() == []


def test_a_disk_of_its_own_is_no_obstacle(mine: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trash may lie on another one than the data: then it is copied, whole or not at all."""
    rename = Path.rename

    def across(self: Path, target: Path) -> Path:
        if {self.parent.name, Path(target).parent.name} == {"data"}:
            return rename(self, target)
        if "content" in (self.name, Path(target).name) and not self.name.startswith("."):
            raise OSError(errno.EXDEV, "another disk")
        return rename(self, target)

    items = np.array(mine.items)
    monkeypatch.setattr(Path, "rename", across)
    removed = remove_data_set("mine")
    assert not (data_dir() / "mine").exists()
    trash.restore(removed)
    np.testing.assert_array_equal(load_data_set("mine").items, items)
    assert [path.name for path in data_dir().iterdir()] == ["mine"]


def test_what_cannot_be_moved_stays(mine: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(trash, "write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        remove_data_set("mine")
    assert load_data_set("mine").name == "mine" and list(trash.trash_dir().iterdir()) == []


def test_what_depends_on_it_is_named(mine: DataSet) -> None:
    train_on("faces-of-mine", "mine")
    about = mine.about
    save_group(make_group("some", [1, 2], 30), "mine", about.fingerprint, 30)
    run_that("cancelled", "mine")
    words = removal.uses_of_data_set("mine").dependants()
    for part in ("1 checkpoint (faces-of-mine)", "1 run (run)", "1 group of its items"):
        assert part in words
    removed = removal.remove_if_unused("mine")
    trash.restore(removed)
    assert list(load_groups("mine", about.fingerprint, 30)) == ["some"]


def test_nothing_is_removed_from_under_a_run(mine: DataSet) -> None:
    with (
        run_that("running", "mine"),
        pytest.raises(DataError, match="run 'run' is training on it.*Wait until"),
    ):
        removal.remove_if_unused("mine")
    assert "mine" in list_data_sets()


def test_nothing_is_removed_from_under_a_task(
    mine: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoding = task_at_work("encode", "Encoding mine", data="mine", checkpoint="x")
    monkeypatch.setattr(tasks, "list_tasks", lambda: [encoding])
    with pytest.raises(DataError, match="“Encoding mine” is under way"):
        removal.remove_if_unused("mine")
    assert "mine" in list_data_sets()


def test_a_data_set_that_cannot_be_opened_can_be_removed(mine: DataSet) -> None:
    (data_dir() / "mine" / "about.json").write_bytes(b"[")
    removal.remove_if_unused("mine")
    assert not (data_dir() / "mine").exists()


def test_processes_that_remove_and_bring_back_at_once_lose_nothing(mine: DataSet) -> None:
    """Eight of them, twenty times each: afterwards there is one data set, whole."""
    program = (
        "import contextlib\n"
        "from ae_core.data import trash\n"
        "from ae_core.data.catalogue import remove_data_set\n"
        "from ae_core.errors import AeCoreError\n"
        "for _ in range(20):\n"
        "    with contextlib.suppress(AeCoreError):\n"
        "        remove_data_set('mine')\n"
        "    with contextlib.suppress(AeCoreError):\n"
        "        trash.restore(trash.find_removed('mine'))\n"
    )
    items = np.array(mine.items)
    at_it = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(8)]
    assert [process.wait(60) for process in at_it] == [0] * 8
    if "mine" not in list_data_sets():
        trash.restore(trash.find_removed("mine"))
    np.testing.assert_array_equal(load_data_set("mine").items, items)


def test_the_command_line_asks_removes_and_restores(
    mine: DataSet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    train_on("faces-of-mine", "mine")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert main(["remove", "mine"]) == 1
    assert "1 checkpoint (faces-of-mine)" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["remove", "mine"]) == 1 and "mine" in list_data_sets()
    assert main(["remove", "mine", "--yes"]) == 0 and "mine" not in list_data_sets()
    assert main(["list"]) == 0 and "restore mine brings it back" in capsys.readouterr().out
    assert main(["restore", "mine"]) == 0 and "mine" in list_data_sets()
    assert main(["restore", "mine"]) == 1 and "what can be brought back" in capsys.readouterr().err


def test_a_home_without_a_trash_has_nothing_in_it(home: Path) -> None:
    assert trash.list_removed() == [] and not home.exists()
