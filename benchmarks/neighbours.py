"""The codes nearest to one code: our scan of all, plain NumPy, and pynndescent's graph.

    python -m benchmarks.neighbours [--sizes 200000 1000000] [--queries 40] [--graph-up-to 200000]

Codes of 32 numbers, in clusters, lie in a file that each process maps into its memory; a process
of its own for each way. The first query is timed from opening the file, with whatever has to be
imported, compiled and built; then come queries one by one. Memory is the process's peak above what
it had before, pages of the mapped file included. Last a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.arrays import Floats
from ae_core.neighbours import nearest
from benchmarks.figures import quantile

LATENT_DIM, N_NEIGHBOURS = 32, 12
Search = Callable[[Floats], NDArray[np.int64]]


def by_scan(codes: Floats) -> Search:
    """What the app does."""
    return lambda query: nearest(query[None], codes, N_NEIGHBOURS)[0][0]


def by_numpy(codes: Floats) -> Search:
    """All distances in one expression: the oracle of the other two."""
    return lambda query: np.argsort(((codes - query) ** 2).sum(axis=1))[:N_NEIGHBOURS]


def by_graph(codes: Floats) -> Search:
    """What the app did above 100,000 codes, at every query."""
    from pynndescent import NNDescent

    graph = NNDescent(codes, n_neighbors=30, random_state=0, low_memory=True)
    graph.prepare()
    return lambda query: np.asarray(graph.query(query[None], k=N_NEIGHBOURS)[0][0], np.int64)


WAYS: dict[str, Callable[[Floats], Search]] = {
    "scan": by_scan,
    "numpy": by_numpy,
    "graph": by_graph,
}


def make_codes(path: Path, n_codes: int) -> None:
    """Codes in 200 clusters, to a file."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(200, LATENT_DIM)).astype(np.float32) * 2
    codes = random.normal(size=(n_codes, LATENT_DIM)).astype(np.float32)
    codes += centres[random.integers(200, size=n_codes)]
    np.save(path, codes, allow_pickle=False)


def peak_mb() -> float:
    """The most memory that this process ever had, on Linux; `getrusage` counts its parent's too."""
    status = Path("/proc/self/status").read_text("utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def measure(way: str, path: Path, n_queries: int) -> dict[str, Any]:
    """Times, memory and answers of one way, in this process."""
    before = peak_mb()
    started = time.perf_counter()
    codes = np.load(path, mmap_mode="r", allow_pickle=False)
    items = np.random.default_rng(1).integers(len(codes), size=n_queries + 1)
    search = WAYS[way](codes)
    search(np.array(codes[items[0]]))
    first = time.perf_counter() - started
    seconds, rows = [], []
    for item in items[1:]:
        query = codes[item] + np.float32(0.1)
        started = time.perf_counter()
        rows.append(search(query).tolist())
        seconds.append(time.perf_counter() - started)
    return {"first_s": first, "seconds": seconds, "mb": peak_mb() - before, "rows": rows}


def measure_apart(way: str, path: Path, n_queries: int) -> dict[str, Any]:
    """`measure` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.neighbours", "--queries", str(n_queries)]
    done = subprocess.run(
        [*command, "--way", way, "--codes", str(path)], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def recall(rows: list[list[int]], truth: list[list[int]]) -> float:
    """Share of the true neighbours that are among the answers."""
    shared = [len({*a} & {*b}) / len(b) for a, b in zip(rows, truth, strict=True)]
    return statistics.mean(shared)


def compare(n_codes: int, n_queries: int, ways: list[str]) -> dict[str, dict[str, float]]:
    """All ways on the same codes and queries; prints a line each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "codes.npy"
        make_codes(path, n_codes)
        found = {way: measure_apart(way, path, n_queries) for way in ways}
    figures = {}
    for way, one in found.items():
        figures[way] = {
            "first_ms": round(one["first_s"] * 1e3, 1),
            "median_ms": round(statistics.median(one["seconds"]) * 1e3, 2),
            "p95_ms": round(quantile(one["seconds"], 0.95) * 1e3, 2),
            "recall": round(recall(one["rows"], found["numpy"]["rows"]), 4),
            "memory_mb": round(one["mb"]),
        }
        print(f"{n_codes:>10,} {way:<7}" + "".join(f"{v:>12,}" for v in figures[way].values()))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--graph-up-to", type=int, default=200_000, help="a graph takes minutes")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--codes", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way, options.codes, options.queries)))
        return
    print(f"{'codes':>10} {'way':<7}" + "".join(
        f"{name:>12}" for name in ("first ms", "median ms", "p95 ms", "recall", "memory MB")
    ))  # fmt: skip
    result = {}
    for size in options.sizes:
        ways = [way for way in WAYS if way != "graph" or size <= options.graph_up_to]
        result[str(size)] = compare(size, options.queries, ways)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
