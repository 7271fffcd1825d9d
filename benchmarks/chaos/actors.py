"""Who does what: users who drag, train, add, delete, group and look; and what kills and fills."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from PIL import Image
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, sync_playwright

from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data import groups
from ae_core.data.catalogue import about_data_set, load_data_set, remove_data_set
from ae_core.data.store import fingerprint_items
from ae_core.errors import AeCoreError, DataError
from ae_core.training import runs
from benchmarks.chaos.quiet_user import drag
from benchmarks.chaos.world import World
from benchmarks.serving import PROJECT_ROOT, launch_chromium

DATA = "digits"
MOST_RUNS = 6
DISK_FULL_S = 4.0
PAGES = ("explore", "algebra", "dimensions", "versus_pca", "train", "data", "")


@contextmanager
def quiet_user(world: World) -> Iterator[Path]:
    """One who only drags, in a process of its own; gives the file of its answers."""
    path = world.home.parent / f"{world.home.name}-quiet.txt"  # not on the disk that is filled
    command = [sys.executable, "-m", "benchmarks.chaos.quiet_user", str(world.port)]
    with path.open("wb") as answers:
        user = subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=answers)
    try:
        yield path
    finally:
        user.communicate(timeout=180)
        path.unlink()


def drag_later(world: World, name: str) -> None:
    """One more who drags, from the end of the minute alone on."""
    world.in_company.wait()
    drag(world.port, name, world.over, lambda *_: None)


def train(world: World, rng: random.Random) -> None:
    """Start a run, or cancel or resume one; look at their histories."""
    known = runs.list_runs()
    for run in known:
        seen = len(run.history())
        with world.lock:
            world.ledger.runs[run.name] = max(seen, world.ledger.runs.get(run.name, 0))
    going = [run for run in known if run.is_going]
    resumable = [run for run in known if run.is_resumable]
    if len(known) < MOST_RUNS:
        name = f"run-{len(known)}"
        model = ModelConfig(widths=(64,), latent_dim=8, bottleneck="variational", loss="bce")
        training = TrainingConfig(epochs=40, n_threads=1, save_interval_s=1.0)
        runs.start_run(runs.RunRequest(name=name, data=DATA, model=model, training=training))
        with world.lock:
            world.ledger.runs[name] = 0
    elif resumable:
        runs.resume(rng.choice(resumable).name)
    elif going and rng.random() < 0.2:
        runs.cancel(rng.choice(going).name)


def keep_group(world: World, rng: random.Random) -> None:
    """Keep a group under a new name; sometimes delete one and bring it back."""
    about = about_data_set(DATA)
    where = (about.name, about.fingerprint, about.n_items)
    name = f"group-{rng.getrandbits(48):x}"
    items = rng.sample(range(about.n_items), 20)
    group = groups.make_group(name, items, about.n_items)
    groups.save_group(group, *where)
    with world.lock:
        world.ledger.groups[name] = group.items
    if rng.random() < 0.3:
        groups.delete_group(name, *where)
        with world.lock:
            del world.ledger.groups[name]
        groups.restore_group(name, *where)
        with world.lock:
            world.ledger.groups[name] = group.items


def add_data(world: World, rng: random.Random) -> None:
    """Add a zip of pictures by the command line, which may be killed; sometimes remove one."""
    name = f"data-{rng.getrandbits(40):x}"
    path = world.home / f"{name}.zip"
    try:
        path.write_bytes(_zip_of_pictures(rng))
        if _was_added(world, path, name, rng):
            with world.lock:
                world.ledger.data_sets[name] = about_data_set(name).fingerprint
    except OSError as error:  # our own file: the disk is full
        raise DataError(f"the benchmark's own zip: {error}") from error
    finally:
        path.unlink(missing_ok=True)
    with world.lock:
        old = next(iter(world.ledger.data_sets)) if len(world.ledger.data_sets) > 5 else None
        fingerprint = world.ledger.data_sets.pop(old) if old else ""
    if old:
        try:
            remove_data_set(old)
        except Exception:
            world.ledger.data_sets[old] = fingerprint  # refused: it must still be there
            raise


def _was_added(world: World, path: Path, name: str, rng: random.Random) -> bool:
    command = [sys.executable, "-m", "ae_core", "add", str(path), name, "--size", "16"]
    adding = subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if rng.random() < 0.3:
        with suppress(subprocess.TimeoutExpired):
            adding.wait(timeout=rng.uniform(0.2, 3.0))
        adding.kill()
    _, errors = adding.communicate(timeout=300)
    if "Traceback" in errors:
        raise RuntimeError(errors[-200:])
    return adding.returncode == 0


def _zip_of_pictures(rng: random.Random) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(40):
            picture = io.BytesIO()
            Image.frombytes("RGB", (16, 16), rng.randbytes(768)).save(picture, "png")
            archive.writestr(f"{number % 2}/{number}.png", picture.getvalue())
    return file.getvalue()


def look_around(world: World) -> None:
    """One browser that goes from page to page, asks for maps, and looks for errors of Python."""
    rng = world.rng("browser")
    world.calm_over.wait()
    with sync_playwright() as playwright:
        page = launch_chromium(playwright).new_page()
        _stand_aside(psutil.Process().children(recursive=True))
        while not world.over.wait(1.0):
            name = rng.choice(PAGES)
            query = rng.choice(("", "?method=umap&data=digits", "?data=digits", "?data=wine"))
            with suppress(BrowserError):  # the server is down: it is asked again
                page.goto(f"{world.url}/{name}{query}", timeout=20_000)
                _look_at(world, page, f"page {name or 'morph'}")


def _stand_aside(processes: list[psutil.Process]) -> None:
    """Let the browser take only what is left: a visitor's draws on a machine of the visitor's own,
    this one draws WebGL on the processor that the server needs."""
    for process in processes:
        if "chrom" in process.name():
            with suppress(psutil.Error, OSError):
                process.nice(19)
                Path(f"/proc/{process.pid}/autogroup").write_text("19")


def _look_at(world: World, page: Page, what: str) -> None:
    done = '[data-testid="stApp"][data-test-script-state="notRunning"]'
    page.locator(done).wait_for(state="attached", timeout=30_000)
    faults = page.locator('[data-testid="stException"]')
    with world.lock:
        world.counts["page looked at"] += 1
        if faults.count():
            world.without_words[f"{what}: {faults.first.inner_text()[:200]}"] += 1


def kill(world: World, rng: random.Random) -> None:
    """kill -9 of the server, of the worker that makes maps, or of a run or a task."""
    what = rng.choice(("server", "worker", "run", "run", "task"))
    if what == "server":
        world.kill_server()
        world.over.wait(rng.uniform(0, 2))
        world.start_server()
    elif what == "run":
        for run in runs.list_runs():
            if run.is_going and run.status.pid:
                with suppress(ProcessLookupError):
                    os.kill(run.status.pid, signal.SIGKILL)
    else:
        module = {"worker": "ae_core.maps.worker", "task": "ae_core.long_work"}[what]
        for process in _own_processes(world):
            with suppress(psutil.Error):
                if module in process.cmdline():
                    process.kill()


def fill_disk(world: World, rng: random.Random) -> None:
    """Fill the disk to the last byte for some seconds."""
    filler = world.home / "filler"
    try:
        with suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(b"\0" * (1 << 16))
        world.over.wait(DISK_FULL_S)
    finally:
        filler.unlink(missing_ok=True)


def end_everything(world: World) -> None:
    """Stop the server, and end what it and the actors have started."""
    world.stop_server()
    for process in _own_processes(world):
        with suppress(psutil.Error):
            process.kill()


def _own_processes(world: World) -> list[psutil.Process]:
    """Processes of this home, but for this one and its children's browser."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        with suppress(psutil.Error, TypeError, AttributeError):
            is_ours = process.info["environ"].get("ZOETROPE_HOME") == str(world.home)
            if is_ours and any("ae_core" in part for part in process.info["cmdline"]):
                found.append(process)
    return found


def lost_things(world: World) -> list[str]:
    """What was acknowledged and is not there any more, or is something else now."""
    lost = []
    for name, fingerprint in world.ledger.data_sets.items():
        try:
            items = load_data_set(name).items
        except AeCoreError as error:
            lost.append(f"data set {name}: {error}")
            continue
        if fingerprint_items(items) != fingerprint:
            lost.append(f"data set {name} has other items")
    about = about_data_set(DATA)
    kept = groups.load_groups(about.name, about.fingerprint, about.n_items)
    for name, rows in world.ledger.groups.items():
        if name not in kept or kept[name].items != rows:
            lost.append(f"group {name}")
    listed = {run.name: run for run in runs.list_runs()}
    for name, n_epochs in world.ledger.runs.items():
        if name not in listed:
            lost.append(f"run {name}")
        elif len(listed[name].history()) < n_epochs and listed[name].status.state == "done":
            lost.append(f"epochs of run {name}")
        elif listed[name].status.state == "done":
            load_codec(find_checkpoint(name))
    return lost
