"""New items on a finished map: beside their neighbours (`join_map`), or by the library's transform.

    python -m benchmarks.joining [--mapped 10000] [--joined 10000] [--rounds 3]

Codes are the first 32 principal components of MNIST. In each round other items are mapped by the
library, and the same others join in both ways. How good a place is, is asked three ways: the share
of a new item's 15 nearest mapped codes that are also nearest on the map; how often the majority of
the 15 nearest points has its digit; trustworthiness of its surroundings. Medians of the rounds; a
transform's first call, which compiles, is not counted. Last a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.maps.joining import join_map
from ae_core.maps.map import Floats
from ae_core.maps.plane import fit_plane
from ae_core.maps.quality import measure_map
from ae_core.neighbours import nearest
from benchmarks.projection import MNIST, N_AXES

N_NEIGHBOURS = 15
N_ASKED = 2_000
Join = Callable[[Floats], Floats]
Method = Callable[[Floats, int], tuple[Floats, Join]]


def by_tsne(codes: Floats, seed: int) -> tuple[Floats, Join]:
    """openTSNE's map of codes, and how it takes in new ones."""
    from openTSNE import TSNE

    made = TSNE(random_state=seed, n_jobs=-1).fit(codes)
    return np.asarray(made, np.float32), lambda new: np.asarray(made.transform(new), np.float32)


def by_umap(codes: Floats, seed: int) -> tuple[Floats, Join]:
    """umap-learn's map of codes, and how it takes in new ones."""
    import umap

    made = umap.UMAP(random_state=seed, n_jobs=1)
    points = np.asarray(made.fit_transform(codes), np.float32)
    made.transform(codes[:100])  # compiles
    return points, lambda new: np.asarray(made.transform(new), np.float32)


METHODS: dict[str, Method] = {"tsne": by_tsne, "umap": by_umap}


def load_codes(path: Path, n_items: int, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """Codes and digits of items drawn by a seed."""
    with np.load(path) as mnist:
        items, digits = mnist["train_images"], mnist["train_labels"]
    chosen = np.random.default_rng(seed).permutation(len(items))[:n_items]
    flat: Floats = items[chosen].reshape(n_items, -1).astype(np.float32) / np.float32(255)
    return fit_plane(flat, N_AXES).points(flat), digits[chosen].astype(np.int64)


def judge(
    codes: Floats, points: Floats, digits: NDArray[np.int64], n_mapped: int
) -> dict[str, float]:
    """Scores of the places of the new items, which come after the `n_mapped` mapped ones."""
    new = np.arange(n_mapped, min(len(codes), n_mapped + N_ASKED))
    by_code, _ = nearest(codes[new], codes[:n_mapped], N_NEIGHBOURS)
    on_map, _ = nearest(points[new], points[:n_mapped], N_NEIGHBOURS)
    kept = [len(np.intersect1d(a, b)) / N_NEIGHBOURS for a, b in zip(by_code, on_map, strict=True)]
    majority = [np.bincount(row).argmax() for row in digits[on_map]]
    _, local = measure_map(codes, points, max_asked=2 * N_ASKED)
    return {
        "neighbours_kept": float(np.mean(kept)),
        "same_digit": float(np.mean(majority == digits[new])),
        "trustworthiness": float(np.nanmean(local[n_mapped:])),
    }


def compare(
    method: Method, codes: Floats, digits: NDArray[np.int64], n_mapped: int, seed: int
) -> dict[str, dict[str, float]]:
    """Scores and seconds of both ways, for one map."""
    points, transform = method(codes[:n_mapped], seed)
    ways: dict[str, Join] = {
        "neighbours": lambda new: join_map(new, codes[:n_mapped], points),
        "transform": transform,
    }
    found = {}
    for name, join in ways.items():
        started = time.perf_counter()
        joined = join(codes[n_mapped:])
        seconds = time.perf_counter() - started
        scores = judge(codes, np.concatenate([points, joined]), digits, n_mapped)
        found[name] = scores | {"seconds": seconds}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mapped", type=int, default=10_000)
    parser.add_argument("--joined", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mnist", type=Path, default=MNIST)
    options = parser.parse_args()
    result: dict[str, Any] = {"mapped": options.mapped, "joined": options.joined}
    print(f"{options.joined:,} items join a map of {options.mapped:,}, {options.rounds} rounds")
    names = ["neighbours_kept", "same_digit", "trustworthiness", "seconds"]
    print(f"{'':<18}" + "".join(f"{name:>17}" for name in names))
    for title, method in METHODS.items():
        runs = []
        for seed in range(options.rounds):
            codes, digits = load_codes(options.mnist, options.mapped + options.joined, seed)
            runs.append(compare(method, codes, digits, options.mapped, seed))
        for way in runs[0]:
            middle = {name: statistics.median(run[way][name] for run in runs) for name in names}
            print(f"{title + ' ' + way:<18}" + "".join(f"{middle[name]:>17.4f}" for name in names))
            result[f"{title}_{way}"] = {name: round(value, 4) for name, value in middle.items()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
