"""Sums of codes for every family of `benchmarks.results`: which model does algebra best?

    python -m benchmarks.algebra_families [--data faces] [--triples 1000] [--seeds 0 1 2]

Takes the checkpoints that `python -m benchmarks.results` has made (code size 32) and trains only
the judge, once. Each checkpoint's seed also draws its triples. A checkpoint that is done is not
done again; one that is missing is named. Writes the tables of `docs/results.md`: success, and side
effects in brackets, means over the seeds. The last line is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.data.catalogue import load_data_set
from ae_core.errors import CheckpointError
from ae_core.locations import home, project_root, write_atomically
from benchmarks.algebra import (
    CELEBA,
    FACES,
    Setting,
    in_words,
    load_bench,
    measure,
    rebuilt_accuracy,
    train_and_check,
)
from benchmarks.families import FAMILIES, PCA, SEEDS, SIZES, SUBJECTS, Cell
from benchmarks.judge import Judge
from benchmarks.results import results_home
from benchmarks.results_table import replace_section

SETTINGS = {"faces": FACES, "celeba-10k": CELEBA}
COMPARED = (
    PCA, "dense", "denoising", "dense-vae", "convolutional", "convolutional-vae", "beta-vae",
)  # fmt: skip
OTHERS = 4  # the other sums take a quarter of the triples
Rows = list[dict[str, Any]]


def figures_path(cell: Cell, setting: Setting, n_triples: int) -> Path:
    """Another judge, or other sums, are other figures."""
    key = hashlib.blake2b(repr(setting).encode(), digest_size=4).hexdigest()
    return home() / "algebra" / f"{cell.name}-{n_triples}-{key}.json"


def measured(cell: Cell, setting: Setting, n_triples: int, judge: Judge) -> dict[str, Any] | None:
    """Rows of one checkpoint and the judge's accuracy on its reconstructions; None without it."""
    path = figures_path(cell, setting, n_triples)
    if path.is_file():
        kept: dict[str, Any] = json.loads(path.read_text())
        return kept
    # PCA has no seed: one checkpoint, other triples
    name = (
        Cell(cell.data, cell.family, cell.latent_dim, 0).name if cell.family == PCA else cell.name
    )
    try:
        checkpoint = find_checkpoint(name)
    except CheckpointError:
        print(
            f"{name} is missing: python -m benchmarks.results --data {cell.data} "
            f"--families {cell.family}",
            file=sys.stderr,
        )
        return None
    bench = load_bench(checkpoint, load_data_set(cell.data), judge, setting)
    rows: Rows = []
    for number, asked in enumerate(setting.sums):
        rows += measure(bench, asked, n_triples // (OTHERS if number else 1), [cell.seed])
    found = {"rebuilt": rebuilt_accuracy(bench, setting).round(4).tolist(), "rows": rows}
    write_atomically(path, json.dumps(found))
    print(f"{cell.name} done", file=sys.stderr, flush=True)
    return found


def table(asked: str, found: Mapping[Cell, dict[str, Any]]) -> str:
    """One line a method, one column a family: "0.95 (0.08)"."""
    families = [name for name in COMPARED if any(cell.family == name for cell in found)]
    methods: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for cell, figures in found.items():
        for row in figures["rows"]:
            if row["sum"] == asked:
                cells = methods.setdefault(row["method"], {}).setdefault(cell.family, [])
                cells.append((row["success"], row["side_effects"]))
    lines = [["groups or direction", *(FAMILIES[name].title for name in families)]]
    lines.append(["---"] * len(lines[0]))
    for method, by_family in methods.items():
        line = [method]
        for name in families:
            success, side = (statistics.mean(run[i] for run in by_family[name]) for i in range(2))
            line.append(f"{success:.2f} ({side:.2f})")
        lines.append(line)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def rebuilt_line(setting: Setting, found: Mapping[Cell, dict[str, Any]]) -> str:
    """How often the judge is right about plain reconstructions, of what the sums ask for."""
    asked = sorted({name for each in setting.sums for name in each.wanted})
    places = {head.name: place for place, head in enumerate(setting.heads)}
    parts = []
    for family in COMPARED:
        runs = [figures["rebuilt"] for cell, figures in found.items() if cell.family == family]
        if runs:
            values = [
                f"{name} {statistics.mean(run[places[name]] for run in runs):.2f}" for name in asked
            ]
            parts.append(f"{FAMILIES[family].title}: {', '.join(values)}")
    return "; ".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.algebra_families", description=__doc__
    )
    parser.add_argument("--data", default="faces", choices=list(SETTINGS))
    parser.add_argument("--triples", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    options = parser.parse_args(arguments)
    os.environ["ZOETROPE_HOME"] = str(results_home())
    torch.set_num_threads(1)
    setting, data_set = SETTINGS[options.data], load_data_set(options.data)
    judge, real = train_and_check(setting, data_set)
    found: dict[Cell, dict[str, Any]] = {}
    for seed in options.seeds:
        for family in COMPARED:
            cell = Cell(options.data, family, SIZES[0], seed)
            figures = measured(cell, setting, options.triples, judge)
            if figures is not None:
                found[cell] = figures
    n_seeds = {family: sum(cell.family == family for cell in found) for family in COMPARED}
    text = (
        f"{SUBJECTS[options.data].title}: {options.triples:,} triples a seed, a quarter for the "
        f"sums after the first; seeds: "
        f"{', '.join(f'{FAMILIES[name].title} {n}' for name, n in n_seeds.items() if n)}.\n\n"
        f"The judge's accuracy on real held-out pictures: {in_words(real, setting)}. "
        f"On plain reconstructions: {rebuilt_line(setting, found)}.\n\n"
    )
    for asked in setting.sums:
        text += f"*{asked.name}*\n\n{table(asked.name, found)}\n"
    print(text)
    replace_section(project_root() / "docs" / "results.md", f"algebra {options.data}", text)
    print(json.dumps({cell.name: figures for cell, figures in found.items()}))


if __name__ == "__main__":
    main()
