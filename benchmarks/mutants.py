"""Damaged files of every kind, through the lists and loaders that read them.

    python -m benchmarks.mutants [--mutants 10000] [--kinds config.json about.json ...]
    python -m benchmarks.mutants --pages 200     # through the pages, by Streamlit's AppTest

Each kind of file that lies in a user's folder is written whole, then damaged: cut, bits turned,
bytes put in, values replaced by hostile ones, nested, repeated, made large, turned into a folder, a
pipe or a link. What reads it must refuse it in words (`AeCoreError`) or read it, and must still
list the sound neighbour beside it. Printed for each kind: mutants, how many were refused, errors
that are no `AeCoreError`, neighbours lost, the slowest mutant, and the memory over the start.

The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ae_core.codecs import checkpoints, codes
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.pca import fit_pca
from ae_core.data import catalogue, groups
from ae_core.data.items import Picture
from ae_core.data.store import DataSet, make_data_set, write_data_set
from ae_core.errors import AeCoreError
from ae_core.locations import cache_dir, checkpoints_dir, data_dir, write_atomically
from ae_core.processes import tasks
from ae_core.training import runs, watch

SLOW_S = 2.0
LARGE_SHARE = 0.02
PAGES = Path(__file__).resolve().parent.parent / "zoetrope" / "pages"
PAGES_IN_TURN = ("explore.py", "morph.py", "versus_pca.py", "train.py", "data.py", "algebra.py")
N_ITEMS = 60
TASK = "add-1"
# Files whose own name says nothing, by their folder.
KINDS = {"codes": "codes.npy", ".groups": "groups.json", "tasks": "task.json"}
HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 10**30, -(10**400), 1e308, float("nan"), float("inf"), "",
    "x" * 100_000, "../../etc/passwd", "My Faces", "\ud800", "\x00", [], {}, [[]], {"": None},
    [0] * 50_000, {str(n): n for n in range(20_000)},
)  # fmt: skip


def damaged(content: bytes, rng: random.Random) -> bytes:
    """One mutant of a file's content."""
    ways: list[Callable[[bytes, random.Random], bytes]] = [_cut, _turn_bits, _insert]
    if content[:1] in b"{[":
        ways += [*[_replace_value] * 4, _nest, _repeat_key]
    if rng.random() < LARGE_SHARE:
        ways = [_fill, _repeat]
    return rng.choice(ways)(content, rng)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _turn_bits(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 30))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _insert(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content) + 1)
    what = rng.choice((b"\xff\xfe", b"\x00" * 8, b'"', b"[" * 2000, b"}" * 50, rng.randbytes(40)))
    return content[:place] + what + content[place:]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    return content * rng.choice((2, 3, 200))


def _fill(content: bytes, rng: random.Random) -> bytes:
    what = rng.choice((b" ", b"[", b"{}", b"[],", b"0,", b"\x00", b'{"a":'))
    return rng.choice((what * 2_000_000, content + what * 1_000_000))


def _nest(content: bytes, rng: random.Random) -> bytes:
    depth = rng.choice((20, 40, 1_000, 100_000))
    return b'{"a":' * depth + content + b"}" * depth


def _repeat_key(content: bytes, rng: random.Random) -> bytes:
    place = content.find(b'"')
    return content[:place] + b'"name":1,"name":2,' + content[place:] if place > 0 else content


def _replace_value(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    index = rng.randrange(len(lines)) if lines[0].strip().endswith(b"}") else 0
    whole = b"\n".join(lines) if index == 0 else lines[index]
    try:
        values = json.loads(whole)
    except ValueError:
        return _turn_bits(content, rng)
    holders = [values] if isinstance(values, dict | list) and values else []
    _collect(values, holders)
    if not holders:
        return _cut(content, rng)
    holder = rng.choice(holders)
    key = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
    if rng.random() < 0.15:
        del holder[key]
    else:
        holder[key] = rng.choice(HOSTILE)
    return json.dumps(values).encode("utf-8", "surrogatepass")


def _collect(values: object, holders: list[Any]) -> None:
    for value in values.values() if isinstance(values, dict) else values:  # type: ignore[attr-defined]
        if isinstance(value, dict | list) and value:
            holders.append(value)
            _collect(value, holders)


def put(path: Path, content: bytes, rng: random.Random) -> None:
    """Put a mutant where the sound file lay; one in forty is no plain file at all."""
    remove(path)
    special = rng.randrange(160)
    if special == 0:
        path.mkdir()
    elif special == 1:
        os.mkfifo(path)
    elif special == 2:
        path.symlink_to("/dev/zero")
    elif special == 3:
        path.symlink_to(path.name)
    else:
        path.write_bytes(damaged(content, rng))


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Case:
    """A kind of file.

    Attributes:
        path: The one that is damaged.
        reads: What the app does with it; raises `AeCoreError` where it refuses.
    """

    path: Path
    reads: tuple[Callable[[], object], ...]


def make_home(home: Path) -> str:
    """A home with two of everything, "sound" and "second"; the items' fingerprint of the second."""
    os.environ["ZOETROPE_HOME"] = str(home)
    made = [make_things(name) for name in ("sound", "second")]
    now = time.time()
    task = tasks.Task(
        task_id=TASK, kind="add", title="t", arguments={}, state="done", started=now, updated=now
    )
    write_atomically(task_file(), task.model_dump_json())
    return made[-1].about.fingerprint


def make_things(name: str) -> DataSet:
    """A data set, a checkpoint that is also a run with an epoch to look at, and a group."""
    rng = np.random.default_rng(0)
    items = rng.integers(0, 256, (N_ITEMS, 1, 8, 8), dtype=np.uint8)
    table = pd.DataFrame({"label": list("ab") * (N_ITEMS // 2), "number": np.arange(0.0, N_ITEMS)})
    made = make_data_set(name, items, Picture.of(items), table, title=name)
    write_data_set(data_dir() / name, made)
    config = CheckpointConfig(
        codec="pca", name=name, data=name, item=made.about.item, latent_dim=4,
        data_fingerprint=made.about.fingerprint,
    )  # fmt: skip
    folder, terms = checkpoints_dir() / name, {"objective": 0.1}
    history = [{"epoch": 1, "seconds": 0.5, "train": terms, "held_out": terms}] * 3
    codec = fit_pca(made, np.arange(50), 4)
    checkpoints.save_checkpoint(folder, config, codec, history=history, card="# Card\n")
    request = runs.RunRequest(name=name, data=name, codec="pca", latent_dim=4)
    write_atomically(folder / runs.REQUEST, request.model_dump_json(indent=2))
    now = time.time()
    runs.write_status(folder, runs.Status(state="done", queued_at=now, heartbeat=now))
    watch.begin(folder, items[:16], np.arange(20))
    watch.add_frame(folder, 1, items[:16], rng.normal(size=(20, 4)))
    group = groups.make_group("some", [1, 2, 3], N_ITEMS)
    groups.save_group(group, name, made.about.fingerprint, N_ITEMS)
    return made


def task_file() -> Path:
    return cache_dir() / "tasks" / f"{TASK}.json"


def neighbours_are_listed() -> bool:
    """Whether every list still gives the sound one."""
    names = (
        {one.name for one in checkpoints.list_checkpoints()},
        catalogue.list_data_sets(),
        {run.name for run in runs.list_runs()},
    )
    tasks.list_tasks()
    return all("sound" in each for each in names)


def make_cases(home: Path) -> dict[str, Case]:
    """A home, and how each file of its second things is read."""
    fingerprint = make_home(home)
    folder, data = checkpoints_dir() / "second", data_dir() / "second"

    def checkpoint() -> checkpoints.Checkpoint:
        return checkpoints.find_checkpoint("second")

    def whole_data() -> object:
        data_set = catalogue.load_data_set("second")
        return data_set.items.sum(), data_set.attributes, data_set.split()

    def frames() -> object:
        rows, sheet = watch.rows_of(folder, N_ITEMS), watch.items_sheet_path(folder)
        each = [(one.codes(), watch.read_sheet(one.sheet_path)) for one in watch.frames(folder)]
        return each, rows, watch.read_sheet(sheet)

    def cached() -> object:
        return codes.cached_codes(checkpoint(), catalogue.load_data_set("second"))

    def load() -> object:
        return checkpoints.load_codec(checkpoint()), checkpoint().fingerprint

    codes.codes_for(checkpoint(), catalogue.load_data_set("second"))
    [codes_file] = (cache_dir() / "codes").glob("*.npy")
    reads: dict[Path, tuple[Callable[[], object], ...]] = {
        folder / "config.json": (load, lambda: checkpoint().history()),
        folder / "model.safetensors": (load,),
        folder / "history.jsonl": (lambda: checkpoint().history(),),
        folder / "card.md": (lambda: checkpoint().card(),),
        folder / runs.REQUEST: (lambda: runs.find_run("second"),),
        folder / runs.STATUS: (lambda: runs.find_run("second"),),
        **dict.fromkeys((folder / "watch").iterdir(), (frames,)),
        data / "about.json": (whole_data,),
        data / "items.npy": (whole_data,),
        data / "attributes.parquet": (whole_data,),
        groups.groups_file("second", fingerprint): (
            lambda: groups.read_groups("second", fingerprint, N_ITEMS).deleted(),
        ),
        task_file(): (lambda: tasks.read(TASK),),
        codes_file: (cached,),
    }
    return {
        KINDS.get(path.parent.name, path.name): Case(path, read) for path, read in reads.items()
    }


@dataclass
class Outcome:
    """What became of the mutants of one kind."""

    n_mutants: int = 0
    n_refused: int = 0
    n_escaped: int = 0
    n_neighbours_lost: int = 0
    slowest_s: float = 0.0
    memory_mb: float = 0.0
    escapes: Counter[str] | None = None


def attack(case: Case, n_mutants: int, *, seed: int = 0) -> Outcome:
    """Damage one file over and over, and let everything read it."""
    rng, sound = random.Random(seed), case.path.read_bytes()
    outcome, before = Outcome(n_mutants, escapes=Counter()), peak_mb()
    assert outcome.escapes is not None
    for _ in range(n_mutants):
        put(case.path, sound, rng)
        started = time.monotonic()
        was_refused = False
        for read in case.reads:
            try:
                read()
            except AeCoreError as error:
                was_refused = True
                str(error).encode("utf-8")  # it can be shown
            except Exception as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                outcome.escapes[f"{type(error).__name__} in {last.name}: {error}"[:160]] += 1
        try:
            outcome.n_neighbours_lost += not neighbours_are_listed()
        except Exception as error:
            outcome.escapes[f"in a list: {type(error).__name__}: {error}"[:160]] += 1
        outcome.n_refused += was_refused
        outcome.slowest_s = max(outcome.slowest_s, time.monotonic() - started)
    remove(case.path)
    case.path.write_bytes(sound)
    outcome.n_escaped, outcome.memory_mb = outcome.escapes.total(), peak_mb() - before
    return outcome


def attack_pages(case: Case, n_mutants: int, *, seed: int = 0) -> Outcome:
    """Damage one file over and over, and draw a page each time, the pages in turn.

    The damaged things are chosen in the address, so that the page is about them.
    """
    from streamlit.testing.v1 import AppTest

    rng, sound = random.Random(seed), case.path.read_bytes()
    outcome, before = Outcome(n_mutants, escapes=Counter()), peak_mb()
    assert outcome.escapes is not None
    for number in range(n_mutants):
        put(case.path, sound, rng)
        started = time.monotonic()
        app = AppTest.from_file(str(PAGES / "shell.py"), default_timeout=120)
        page = PAGES_IN_TURN[number % len(PAGES_IN_TURN)]
        app.switch_page(page)
        for name in ("data", "checkpoint", "run"):
            app.query_params[name] = "second"
        app.run()
        for fault in app.exception:  # what an `AeCoreError` says is no exception of the page
            outcome.escapes[f"{page}: {fault.value}"[:160]] += 1
        outcome.n_refused += bool(app.error or app.warning)
        outcome.slowest_s = max(outcome.slowest_s, time.monotonic() - started)
    remove(case.path)
    case.path.write_bytes(sound)
    outcome.n_escaped, outcome.memory_mb = outcome.escapes.total(), peak_mb() - before
    return outcome


def peak_mb() -> float:
    """Peak of this process's memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10_000, help="of each kind of file")
    parser.add_argument("--pages", type=int, default=0, help="so many through the pages instead")
    parser.add_argument("--kinds", nargs="*", default=None, help="of file; default all")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        cases = make_cases(Path(home))
        for case in cases.values():
            for read in case.reads:
                read()  # imports and first allocations are not the mutants'
        names = ("mutants", "refused", "escaped", "lost", "slowest s", "MB more")
        print(f"{'':20}" + "".join(f"{name:>11}" for name in names))
        outcomes = {}
        for kind in arguments.kinds or cases:
            if arguments.pages:
                outcomes[kind] = one = attack_pages(cases[kind], arguments.pages)
            else:
                outcomes[kind] = one = attack(cases[kind], arguments.mutants)
            counts = (one.n_mutants, one.n_refused, one.n_escaped, one.n_neighbours_lost)
            row = "".join(f"{count:11,}" for count in counts)
            print(f"{kind:20}{row}{one.slowest_s:11.2f}{one.memory_mb:11.0f}", flush=True)
            for words, n in (one.escapes or Counter()).most_common(5):
                print(f"    {n} x {words}")
    print(
        json.dumps(
            {
                "mutants_each": arguments.pages or arguments.mutants,
                "through_pages": bool(arguments.pages),
                "escaped": sum(one.n_escaped for one in outcomes.values()),
                "neighbours_lost": sum(one.n_neighbours_lost for one in outcomes.values()),
                "slowest_s": round(max(one.slowest_s for one in outcomes.values()), 2),
                "over_2_s": sum(one.slowest_s > SLOW_S for one in outcomes.values()),
                "memory_mb": round(max(one.memory_mb for one in outcomes.values())),
            }
        )
    )


if __name__ == "__main__":
    main()
