"""Does the path through the data keep nearer to real items than the straight one?

    python -m benchmarks.paths --data faces --checkpoint faces-vae

Mean support (percentile of held-out items; lower is nearer to data) over the inside of paths
between random held-out items. The graph is built from one half of the training items and support
is measured against the other half, so that passing through a node earns nothing by itself.
Prints a table, and last a line of JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.codecs.codes import codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.steering.paths import PathKind, build_code_graph, path_through_keys
from ae_core.steering.support import fit_support

KINDS: tuple[PathKind, ...] = ("linear", "spherical", "through the data")


def measure(
    codes: np.ndarray, train: np.ndarray, held_out: np.ndarray, n_pairs: int, seed: int
) -> dict[str, dict[str, float]]:
    """Mean and worst support of each kind of path, in percent, and its length against the straight.

    Args:
        codes: float32 (n_items, latent_dim).
        train: Items for graph and support.
        held_out: Items to calibrate on and to walk between.
        n_pairs: Paths of each kind.
        seed: Of the pairs.
    """
    graph = build_code_graph(np.array(codes[train[::2]]))
    support = fit_support(codes, train[1::2], held_out)
    pairs = np.random.default_rng(seed).choice(held_out, (n_pairs, 2))
    found: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        means, worst, lengths = [], [], []
        for pair in pairs[pairs[:, 0] != pairs[:, 1]]:
            ends = np.array(codes[pair])
            path = path_through_keys(ends, kind, n_steps=33, graph=graph)
            if not (np.array_equal(path[0], ends[0]) and np.array_equal(path[-1], ends[1])):
                raise AssertionError(f"The {kind} path misses its ends.")
            percentiles = support.percentile(path[1:-1])
            means.append(percentiles.mean())
            worst.append(percentiles.max())
            steps = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
            lengths.append(steps / np.linalg.norm(ends[1] - ends[0]))
        found[kind] = {
            "mean": float(np.mean(means)),
            "worst": float(np.mean(worst)),
            "length": float(np.mean(lengths)),
        }
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paths", description=__doc__)
    parser.add_argument("--data", default="faces")
    parser.add_argument("--checkpoint", default="faces-vae")
    parser.add_argument("--pairs", type=int, default=200)
    options = parser.parse_args(arguments)
    data_set = load_data_set(options.data)
    codes = codes_for(find_checkpoint(options.checkpoint), data_set)
    found = measure(codes, *data_set.split(), options.pairs, 0)
    print("| path | beyond, mean % | beyond, worst % | length / straight |\n|---|---|---|---|")
    for kind, row in found.items():
        print(f"| {kind} | {row['mean']:.1f} | {row['worst']:.1f} | {row['length']:.2f} |")
    asked = {"data": options.data, "checkpoint": options.checkpoint, "pairs": options.pairs}
    print(json.dumps({**asked, **found}))


if __name__ == "__main__":
    main()
