"""Shared by all tests: an empty home, and the data folder beside the checkout."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ae_core.processes.priority import NICENESS_VARIABLE

# Before torch is imported: tests run side by side, and threads of theirs that wait for each other
# on a busy machine make a second's work last minutes.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tests wait for heavy work: it need not step back. Before any server or worker is started.
os.environ.setdefault(NICENESS_VARIABLE, "0")

# Nor does every server of a browser test have to compile UMAP beside the test.
os.environ.setdefault("ZOETROPE_WARM_UP", "0")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for own data, checkpoints and caches; nobody's real files are touched."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ZOETROPE_HOME", str(folder))
    yield folder
    end_detached(folder)
    end_map_worker()


def end_map_worker() -> None:
    """The pages of a process share a worker; it would go on looking into this test's home."""
    started = sys.modules.get("zoetrope.live.projections")  # no test of the core imports the web
    if started is not None and started.service().pid is not None:
        started.service().close()


@pytest.fixture
def overtaken(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Somebody else puts the same folder in place just before each rename; which they were."""
    rename, folders = Path.rename, []

    def late(self: Path, target: Path) -> Path:
        shutil.copytree(self, target)
        folders.append(target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)
    return folders


def end_detached(home: Path) -> None:
    """Kill runs and tasks that a test left going: they are made to outlive whoever started them."""
    files = [*home.glob("checkpoints/*/status.json"), *home.glob(".cache/tasks/*.json")]
    for path in filter(Path.is_file, files):
        with contextlib.suppress(Exception):  # attacked files too
            process = psutil.Process(json.loads(path.read_text())["pid"])
            if str(path.parent) in process.cmdline() or path.stem in process.cmdline():
                process.kill()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data for tests; not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data (MNIST, CelebA), which is not part of the project")
    return SHARED_DATA
