"""What nobody needs goes, by age and by size; what is in use stays, however old it is."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from ae_core import cleaning
from ae_core.__main__ import main
from ae_core.data.catalogue import is_ready, load_data_set
from ae_core.data.new_sets import claimed_name
from ae_core.data.uploads import uploads_dir
from ae_core.errors import ConfigError
from ae_core.locations import atomic_file, atomic_folder, cache_dir, checkpoints_dir, data_dir
from ae_core.processes import tasks
from ae_core.training import runs
from ae_core.training.status import RESUME, State, Status, write_status
from tests.attacks.stand_ins import task_at_work
from tests.sources import ROOT

HOUR = 3600.0
DAY = 24 * HOUR


def write(path: Path, age_s: float, n_bytes: int = 1000) -> Path:
    """A file that was last read and written so long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(n_bytes))
    return grow_old(path, age_s)


def grow_old(path: Path, age_s: float) -> Path:
    then = time.time() - age_s
    for one in (*path.rglob("*"), path):
        os.utime(one, (then, then))
    return path


def swept() -> set[Path]:
    """What a cleaning deletes; it is what it said that it would."""
    announced = [one.path for one in cleaning.clean(dry_run=True)]
    assert all(path.exists() for path in announced)
    deleted = [one.path for one in cleaning.clean()]
    assert deleted == announced and not any(path.exists() for path in deleted)
    return set(deleted)


def test_nothing_is_deleted_from_a_home_in_use(home: Path) -> None:
    load_data_set("digits")
    write(cache_dir() / "codes" / "a.npy", HOUR / 2)
    before = sorted(home.rglob("*"))
    assert swept() == set()
    assert set(home.rglob("*")) - set(before) <= {cache_dir() / ".cleaning.lock"}


def test_uploads_that_nobody_added_go(monkeypatch: pytest.MonkeyPatch) -> None:
    old = write(uploads_dir() / "old.zip", 7 * HOUR)
    young = write(uploads_dir() / "young.zip", 5 * HOUR)
    at_work = write(uploads_dir() / "taken-x.zip", 7 * HOUR)
    adding = task_at_work("add", "Adding", path=str(at_work), name="x", size=64)
    monkeypatch.setattr(tasks, "list_tasks", lambda: [adding])
    assert swept() == {old} and young.exists() and at_work.exists()


def run_folder() -> Path:
    """A run's folder, as far as it can be told."""
    write(checkpoints_dir() / "run" / runs.REQUEST, 0)
    return checkpoints_dir() / "run"


@pytest.mark.parametrize(
    ("folder", "file"),
    [
        (lambda: data_dir() / "mine", lambda: data_dir() / ".groups" / "digits-1.json"),
        (lambda: checkpoints_dir() / "mine", lambda: run_folder() / "watch" / "1.webp"),
        (lambda: cache_dir() / "data" / "digits", lambda: cache_dir() / "codes" / "a.npy"),
        (lambda: cache_dir() / "pca" / "x", lambda: cache_dir() / "tasks" / "x.json"),
    ],
)
def test_what_a_killed_process_was_writing_goes(
    folder: Callable[[], Path], file: Callable[[], Path]
) -> None:
    """Made by the very functions that writers use, in a process that is killed."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from ae_core.locations import atomic_file, atomic_folder\n"
        "with atomic_file(Path(sys.argv[2])), atomic_folder(Path(sys.argv[1])) as whole:\n"
        "    (whole / 'items.npy').write_bytes(b'x' * 1000)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    paths = folder(), file()
    command = [sys.executable, "-c", program, *map(str, paths)]
    subprocess.run(command, cwd=ROOT, check=False)
    left = [found for path in paths for found in path.parent.glob(f".{path.name}.*")]
    assert len(left) == 2
    assert swept() == set()  # younger than an hour
    for path in left:
        grow_old(path, 2 * HOUR)
    assert swept() == set(left)


def test_in_a_person_s_own_home_what_is_not_ours_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ZOETROPE_HOME=~`: `.cache` is every program's then, `data` the person's."""
    theirs = [
        *(".cache/pip/wheel.bin", ".cache/huggingface/model", ".cache/data/census/a.csv"),
        *("data/.photos.download", "data/thesis/.chapter.draft_02", "data/thesis/figure.png"),
        *("checkpoints/llm/.weights.download", "checkpoints/.llm.download", ".bash_history"),
    ]
    paths = [write(home / name, 400 * DAY) for name in theirs]
    for path in paths:
        if path.parent != home:
            grow_old(path.parent, 400 * DAY)
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, "0")
    assert swept() == set() and all(path.exists() for path in paths)


def test_a_data_set_on_its_way_in_stays_however_slow_it_is() -> None:
    with claimed_name("mine"), atomic_folder(data_dir() / "mine") as folder:
        write(folder / "items.npy", 2 * HOUR)
        grow_old(folder, 2 * HOUR)
        assert swept() == set()
    assert (data_dir() / "mine" / "items.npy").exists()


def test_a_file_that_is_still_being_written_stays() -> None:
    with atomic_file(cache_dir() / "codes" / "a.npy") as file:
        file.write(b"x" * 100_000)
        assert swept() == set()


@pytest.mark.parametrize(
    ("state", "goes"), [("done", True), ("cancelled", False), ("failed", False), ("running", False)]
)
def test_resume_files_go_of_runs_that_are_done(state: State, goes: bool) -> None:
    folder = checkpoints_dir() / "run"
    folder.mkdir(parents=True)
    request = runs.RunRequest(name="run", data="digits", codec="pca")
    (folder / runs.REQUEST).write_text(request.model_dump_json())
    write_status(folder, Status(state=state, queued_at=time.time(), heartbeat=time.monotonic()))
    resume = write(folder / RESUME, 2 * HOUR)
    assert swept() == ({resume} if goes else set())


def test_projection_inputs_go_after_a_day_other_derived_files_after_three_months() -> None:
    inputs = write(cache_dir() / "projection-inputs" / "a.npy", 25 * HOUR)
    codes = write(cache_dir() / "codes" / "a.npy", 91 * DAY)
    kept = [
        write(cache_dir() / "projection-inputs" / "b.npy", 23 * HOUR),
        write(cache_dir() / "codes" / "b.npy", 89 * DAY),
    ]
    assert swept() == {inputs, codes} and all(path.exists() for path in kept)


def ages(n_hours: Iterable[int]) -> list[Path]:
    return [write(cache_dir() / "codes" / f"{n}.npy", n * HOUR, 1_000_000) for n in n_hours]


def test_what_was_not_used_for_longest_goes_until_the_rest_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = ages(range(2, 12))  # 10 MB
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, "0.0065")
    assert swept() == set(paths[-4:])
    assert swept() == set()


def test_reading_counts_as_use(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ages(range(2, 6))
    now = time.time()
    os.utime(paths[-1], (now - 1.5 * HOUR, now - 9 * DAY))  # written long ago, read just now
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, "0.0015")
    assert swept() == set(paths[:-1])


def test_what_was_used_within_the_hour_stays_whatever_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ages([0, 0])
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, "0")
    assert swept() == set()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere mapped files are not found")
def test_what_another_process_has_mapped_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded data and codes: opened hours ago, and read at this moment."""
    load_data_set("digits")
    folder = grow_old(cache_dir() / "data" / "digits", 5 * HOUR)
    program = (
        "import sys\n"
        "from ae_core.data.catalogue import load_data_set\n"
        "data_set = load_data_set('digits')\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
        "print(int(data_set.items.sum()), flush=True)\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert reader.stdout is not None
    reader.stdout.readline()
    grow_old(folder, 5 * HOUR)
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, "0")
    assert swept() == set() and is_ready("digits")
    said, _ = reader.communicate()
    assert int(said) == int(load_data_set("digits").items.sum())


def test_a_folder_that_is_one_thing_goes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "from ae_core.data.catalogue import load_data_set; load_data_set('digits')"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    folder = grow_old(cache_dir() / "data" / "digits", 5 * HOUR)
    grow_old(folder, 5 * HOUR)
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, "0")
    assert swept() == {folder} and list(folder.parent.iterdir()) == []
    assert len(load_data_set("digits").items) == 1797  # made again


def test_what_a_link_leads_to_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = write(tmp_path / "outside" / "a.npy", 100 * DAY)
    (cache_dir() / "codes").mkdir(parents=True)
    link = cache_dir() / "codes" / "elsewhere"
    link.symlink_to(outside.parent)
    trap = cache_dir() / "data" / "elsewhere"
    trap.parent.mkdir()
    trap.symlink_to(outside.parent)
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, "0")
    cleaning.clean()
    assert outside.exists()


def test_locks_and_what_others_keep_in_order_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("tasks/.lock", "adding/mine.lock", "worker/warm_up.json")
    paths = [write(cache_dir() / name, 80 * DAY) for name in names]
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, "0")
    assert swept() == set() and all(path.exists() for path in paths)


@pytest.mark.parametrize("value", ["much", "-1", "nan", "inf"])
def test_a_limit_that_is_no_number_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cleaning.CACHE_VARIABLE, value)
    with pytest.raises(ConfigError, match="ZOETROPE_CACHE_GB.*0 or more"):
        cleaning.clean()


def test_two_do_not_clean_at_once() -> None:
    cache_dir().mkdir(parents=True)
    with (
        FileLock(cache_dir() / ".cleaning.lock"),
        pytest.raises(ConfigError, match="Another process is cleaning"),
    ):
        cleaning.clean()


def test_the_command_says_what_it_frees(capsys: pytest.CaptureFixture[str]) -> None:
    path = write(cache_dir() / "codes" / "a.npy", 100 * DAY, 2_000_000)
    assert main(["clean", "--dry-run"]) == 0 and path.exists()
    said = capsys.readouterr().out
    assert "2.0 MB" in said and str(path) in said and "not used for 100 days" in said
    assert said.endswith("2.0 MB would be freed\n")
    assert main(["clean"]) == 0 and not path.exists()
    assert capsys.readouterr().out.endswith("2.0 MB freed\n")


def test_the_server_s_cleaning_is_the_same_in_a_process_of_its_own() -> None:
    path = write(cache_dir() / "codes" / "a.npy", 100 * DAY)
    subprocess.run([sys.executable, "-m", "ae_core.cleaning"], cwd=ROOT, check=True)
    assert not path.exists()
    np.testing.assert_equal(list((cache_dir() / "codes").iterdir()), [])
