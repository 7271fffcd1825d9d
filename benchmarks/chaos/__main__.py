"""Everything at once: users drag, train, project, add and delete; processes die; the disk fills.

    python -m benchmarks.chaos [--minutes 10] [--seed 0] [--disk-mb 700] [--without ACTOR]

First a minute with one quiet user alone, who drags at 30 moves a second; then a calm minute, with
two more who drag. Then, for the given time and at random: one who starts, cancels and resumes runs,
one who keeps and deletes groups, one who adds and removes data by the command line, one browser
that goes from page to page and asks for maps (at low priority: a visitor's draws elsewhere);
kill -9 of server, map worker, runs and tasks; a disk that is filled to the last
byte and freed (where a small disk can be mounted: as root; else this part is left out, and said).

Printed: what had been acknowledged and was lost, errors without words, refusals in words, peaks of
the server's memory, descriptors and threads, and the quiet user's p95 outside restarts against the
calm minute's. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ae_core.data.catalogue import load_data_set
from benchmarks.chaos import actors
from benchmarks.chaos.world import SETTLING_S, World
from benchmarks.figures import quantile

CALM_S = 60.0


@contextmanager
def small_disk(folder: Path, n_megabytes: int) -> Iterator[bool]:
    """Mount a disk of that size in memory; False where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={n_megabytes}m", "tmpfs", str(folder)]
    is_small = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_small
    finally:
        if is_small:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


def run(
    world: World, minutes: float, without: Collection[str], *, is_small: bool
) -> dict[str, list[float]]:
    """A minute alone, a calm one, then chaos; the quiet user's milliseconds in each."""
    doing: dict[str, Callable[[], None]] = {
        "watch": world.watch_server,
        "drag a": partial(actors.drag_later, world, "user-a"),
        "drag b": partial(actors.drag_later, world, "user-b"),
        "train": partial(world.act, "train", partial(actors.train, world), 4.0),
        "group a": partial(world.act, "group a", partial(actors.keep_group, world), 1.0),
        "group b": partial(world.act, "group b", partial(actors.keep_group, world), 1.0),
        "add data": partial(world.act, "add data", partial(actors.add_data, world), 6.0),
        "kill": partial(world.act, "kill", partial(actors.kill, world), 25.0),
        "browser": partial(actors.look_around, world),
    }
    if is_small:
        doing["fill disk"] = partial(world.act, "fill disk", partial(actors.fill_disk, world), 40.0)
    threads = [
        threading.Thread(target=act, daemon=True)
        for name, act in doing.items() if name not in without
    ]  # fmt: skip
    with actors.quiet_user(world) as answers:
        for thread in threads:
            thread.start()
        time.sleep(SETTLING_S + CALM_S)
        phases = [("alone", 0.0), ("calm", time.monotonic())]
        world.in_company.set()
        time.sleep(CALM_S)
        phases.append(("chaos", time.monotonic()))
        world.calm_over.set()
        time.sleep(60 * minutes)
        world.over.set()
        for thread in threads:
            thread.join(timeout=180)
        return _latencies(world, answers, phases)


def _latencies(
    world: World, answers: Path, phases: list[tuple[str, float]]
) -> dict[str, list[float]]:
    """Milliseconds in each phase, of those that each begin at a moment; without restarts."""
    latencies: dict[str, list[float]] = {name: [] for name, _ in phases}
    for line in answers.read_text().splitlines(keepends=True):
        if line.endswith("\n"):  # the last may be half written
            asked_s, took_ms = map(float, line.split())
            if not world.is_disturbed(asked_s, asked_s + took_ms / 1e3):
                phase = [name for name, since_s in phases if since_s < asked_s][-1]
                latencies[phase].append(took_ms)
    return latencies


def report(
    world: World, latencies: dict[str, list[float]], lost: list[str], minutes: float
) -> None:
    """Tables, and last one line of JSON."""
    for title, rows in (
        ("done", world.counts), ("refused in words", world.refusals),
        ("errors without words", world.without_words),
    ):  # fmt: skip
        print(title)
        for what, n in rows.most_common(15):
            print(f"  {n:6} {what}")
    print("lost", *(lost or ["nothing"]), sep="\n  ")
    p95 = {when: quantile(values or [float("nan")], 0.95) for when, values in latencies.items()}
    print("quiet user's p95:", ", ".join(f"{when} {p95[when]:.1f} ms" for when in p95))
    figures = {
        "minutes": minutes,
        "acknowledged": world.ledger.n_things,
        "lost": len(lost),
        "without_words": world.without_words.total(),
        "refused": world.refusals.total(),
        "kills": world.counts["kill"],
        "disk_filled": world.counts["fill disk"],
        **{f"p95_{when}_ms": round(value, 1) for when, value in p95.items()},
        "p95_ratio": round(p95["chaos"] / p95["calm"], 2),
        **{f"server_{name}": round(value) for name, value in world.peaks.items()},
    }
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--disk-mb", type=int, default=700)
    parser.add_argument("--without", action="append", default=[], help="an actor, to see its cost")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="zoetrope-chaos-") as folder,
        small_disk(Path(folder), arguments.disk_mb) as is_small,
    ):
        if not is_small:
            print("No small disk can be mounted here: the disk is not filled.", file=sys.stderr)
        os.environ["ZOETROPE_HOME"] = folder
        world = World(Path(folder), arguments.seed)
        load_data_set(actors.DATA)
        world.start_server()
        try:
            latencies = run(world, arguments.minutes, arguments.without, is_small=is_small)
            lost = actors.lost_things(world)
        finally:
            world.over.set()
            actors.end_everything(world)
        report(world, latencies, lost, arguments.minutes)


if __name__ == "__main__":
    main()
