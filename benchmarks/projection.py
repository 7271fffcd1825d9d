"""Each kind of map through the worker against calling its library directly; their quality.

    python -m benchmarks.projection [--items 10000] [--rounds 4] [--methods pca tsne umap]

Codes are the first 32 principal components of MNIST (of random blobs where there is no MNIST).
First the worker compiles UMAP; then, in each round, every method is run through the service, on
codes it has not seen (the same, in another order), and by its library in this process, which has
compiled it before; which of the two goes first changes with the round. Times are medians, the
overhead is the median of the rounds' own; the quality is the first round's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ae_core.maps.map import Floats, Map, load_map
from ae_core.maps.plane import fit_plane
from ae_core.maps.projection import Method, ProjectionSettings
from ae_core.maps.quality import measure_map
from ae_core.maps.service import ProjectionService

MNIST = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist.npz"
N_AXES = 32


def load_codes(path: Path, n_items: int) -> Floats:
    """Codes of the test pictures, then of the training ones; float32 (n_items, 32)."""
    if not path.exists():
        random = np.random.default_rng(0)
        centres = random.normal(scale=4, size=(10, N_AXES))
        kinds = random.integers(0, 10, n_items)
        blobs: Floats = (centres[kinds] + random.normal(size=(n_items, N_AXES))).astype(np.float32)
        return blobs
    with np.load(path) as mnist:
        items: NDArray[np.uint8] = np.concatenate([mnist["test_images"], mnist["train_images"]])
    flat: Floats = items[:n_items].reshape(n_items, -1).astype(np.float32) / np.float32(255)
    return fit_plane(flat, N_AXES).points(flat)


def by_library(method: Method, codes: Floats) -> Floats:
    """What somebody would type, with the same seed: t-SNE and UMAP by default settings."""
    if method == "pca":
        from sklearn.decomposition import PCA

        return np.asarray(PCA(2).fit_transform(codes), np.float32)
    if method == "tsne":
        from openTSNE import TSNE

        return np.asarray(TSNE(random_state=0, n_jobs=-1).fit(codes), np.float32)
    import umap

    return np.asarray(umap.UMAP(random_state=0, n_jobs=1).fit_transform(codes), np.float32)


def by_scikit_learn(codes: Floats) -> Floats:
    """The other t-SNE that was to choose from."""
    from sklearn.manifold import TSNE

    return np.asarray(TSNE(init="pca", random_state=0, n_jobs=-1).fit_transform(codes), np.float32)


def by_service(service: ProjectionService, method: Method, codes: Floats) -> tuple[float, Map]:
    """Seconds from the request to the map on disk, and the map."""
    started = time.perf_counter()
    state = service.request(codes, ProjectionSettings(method=method))
    while state.is_active:
        time.sleep(0.05)
        state = service.state(state.key) or state
    seconds = time.perf_counter() - started
    made = load_map(state.key)
    if made is None:
        raise SystemExit(f"{method}: {state.message}")
    return seconds, made


def timed(work: Callable[[], Floats]) -> tuple[float, Floats]:
    started = time.perf_counter()
    points = work()
    return time.perf_counter() - started, points


def compare(
    service: ProjectionService, method: Method, codes: Floats, n_round: int
) -> tuple[float, float, Floats, Floats]:
    """Seconds and points of the service, and of the library: (ours, theirs, points, points)."""
    codes = np.roll(codes, n_round, 0)
    if n_round % 2 == 0:
        seconds, made = by_service(service, method, codes)
        alone, points = timed(lambda: by_library(method, codes))
    else:
        alone, points = timed(lambda: by_library(method, codes))
        seconds, made = by_service(service, method, codes)
    return seconds, alone, np.asarray(made.points), points


def warm_up(service: ProjectionService, codes: Floats) -> float:
    """Seconds from starting the worker to a warm UMAP of so many codes."""
    started = time.perf_counter()
    service.expect(codes, ProjectionSettings())
    service.start()
    while not service.is_warm:
        time.sleep(0.1)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--mnist", type=Path, default=MNIST)
    parser.add_argument("--methods", nargs="+", default=["pca", "tsne", "umap"])
    parser.add_argument("--scikit-learn", action="store_true", help="also time its t-SNE")
    options = parser.parse_args()
    codes = load_codes(options.mnist, options.items)
    result: dict[str, float | int | str] = {"n_items": len(codes), "cores": os.cpu_count() or 0}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZOETROPE_HOME"] = folder
        service = ProjectionService(low_priority=False)
        result["umap_warm_up_s"] = round(warm_up(service, codes), 1)
        print(f"{len(codes):,} codes of {codes.shape[1]}; warm-up {result['umap_warm_up_s']} s")
        if "umap" in options.methods:
            by_library("umap", codes[:5000])  # compiles it
        print(f"{'method':<14}{'worker s':>10}{'library s':>11}{'trust@15':>10}{'library':>9}")
        for method in options.methods:
            runs = [compare(service, method, codes, k) for k in range(options.rounds)]
            seconds = statistics.median(run[0] for run in runs)
            alone = statistics.median(run[1] for run in runs)
            report(result, method, seconds, alone, runs[0][2], runs[0][3], codes)
            overheads = [ours / theirs - 1 for ours, theirs, *_ in runs]
            result[f"{method}_overhead"] = round(statistics.median(overheads), 3)
            result[f"{method}_overheads"] = " ".join(f"{overhead:+.3f}" for overhead in overheads)
        if options.scikit_learn:
            alone, points = timed(lambda: by_scikit_learn(codes))
            report(result, "tsne_sklearn", alone, alone, points, points, codes)
        service.close()
    print(json.dumps(result))


def report(
    result: dict[str, float | int | str],
    name: str,
    seconds: float,
    alone: float,
    ours: Floats,
    theirs: Floats,
    codes: Floats,
) -> None:
    """One line of the table, and its numbers."""
    trust, other = (measure_map(codes, p)[0].scores.trustworthiness for p in (ours, theirs))
    print(f"{name:<14}{seconds:>10.2f}{alone:>11.2f}{trust:>10.4f}{other:>9.4f}")
    result[f"{name}_s"] = round(seconds, 2)
    result[f"{name}_library_s"] = round(alone, 2)
    result[f"{name}_trustworthiness"] = round(trust, 4)
    result[f"{name}_library_trustworthiness"] = round(other, 4)


if __name__ == "__main__":
    main()
