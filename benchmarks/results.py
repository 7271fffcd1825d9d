"""Families of autoencoders against PCA and each other: one table, rebuilt by one command.

    python -m benchmarks.results [--data mnist faces celeba-10k] [--families ...] [--quick]

Every cell (data, family, code size, seed) is trained on one thread, saved as an ordinary checkpoint
and measured on held-out items; a cell that is there with the same settings is not done again, so
that an interrupted run goes on, and several data sets can be done by processes side by side.
All lies in a home of its own, `results` in the cache: `ZOETROPE_HOME=... make demo` opens it.
Seconds are processor time, so that a busy machine does not make a family slow.

Then the tables of `docs/results.md` are written anew from all cells there are. `--quick` trains
for one epoch on 600 items in a temporary home and writes no document: does everything work?
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ae_core.codecs.autoencoder import Autoencoder, build_autoencoder
from ae_core.codecs.cards import held_out_scores, make_card
from ae_core.codecs.checkpoints import save_checkpoint
from ae_core.codecs.codec import Codec
from ae_core.codecs.codes import float_batches
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.metrics import (
    jacobian_norm,
    knn_accuracy,
    mean_activity,
    n_active_units,
    zero_share,
)
from ae_core.codecs.pca import fit_pca
from ae_core.codecs.verdict import Kept
from ae_core.data.store import DataSet
from ae_core.locations import cache_dir, checkpoints_dir, home, project_root, write_atomically
from ae_core.training.loop import Training
from benchmarks.families import (
    FAMILIES,
    PCA,
    SEEDS,
    SIZES,
    SUBJECTS,
    Cell,
    list_cells,
    load_subject,
    settings,
)
from benchmarks.results_table import Row, replace_section, tables

BATCH = 512
# Enough for the figures' second digit, few enough for two hours in all.
N_KNN_TRAIN, N_KNN_HELD_OUT = 20_000, 5_000
N_JACOBIAN = 64
N_BOUND, N_BOUND_SAMPLES = 500, 16
QUICK_ITEMS = 600


def results_home(*, is_quick: bool = False) -> Path:
    """Home of the table's checkpoints, data sets and figures."""
    return Path(tempfile.mkdtemp()) if is_quick else cache_dir() / "results"


def spread_rows(rows: np.ndarray, n_rows: int) -> np.ndarray:
    """At most `n_rows` of `rows`, evenly spaced."""
    return rows[np.linspace(0, len(rows) - 1, min(n_rows, len(rows))).astype(int)]


@contextmanager
def stopwatch(seconds: list[float]) -> Iterator[None]:
    """Append the processor seconds of the block."""
    started = time.process_time()
    yield
    seconds.append(time.process_time() - started)


def run_cell(cell: Cell, data_set: DataSet, *, is_quick: bool) -> Row:
    """Train, save and measure one cell."""
    train, held_out = data_set.split()
    item, seconds = data_set.about.item, list[float]()
    config = CheckpointConfig(
        codec="pca",
        name=cell.name,
        data=cell.data,
        data_fingerprint=data_set.about.fingerprint,
        item=item,
        latent_dim=cell.latent_dim,
    )
    codec: Codec
    if cell.family == PCA:
        with stopwatch(seconds):
            codec = fit_pca(data_set, train, cell.latent_dim)
        scores = held_out_scores(codec, data_set, held_out)
        history: list[dict[str, Any]] = [
            {"epoch": 1, "seconds": seconds[0], "train": {}, "held_out": scores}
        ]
        kept = Kept(1)
    else:
        model_config, training_config = settings(cell)
        if is_quick:
            training_config = training_config.model_copy(update={"epochs": 1})
        model = build_autoencoder(model_config, item, seed=cell.seed)
        training = Training(model, data_set.items, train, held_out, training_config)
        with stopwatch(seconds):
            for _ in training.steps():
                pass
        codec, history = model.eval().requires_grad_(False), training.history
        kept = training.kept
        config = CheckpointConfig.model_validate(
            config.model_dump()
            | {
                "codec": "autoencoder",
                "latent_dim": model_config.latent_dim,
                "model": model_config,
                "training": training_config,
                "preset": FAMILIES[cell.family].preset,
            }
        )
    card = make_card(config, data_set, history, kept)
    save_checkpoint(checkpoints_dir() / cell.name, config, codec, history=history, card=card)
    return {"seconds": seconds[0], **measure(codec, data_set, SUBJECTS[cell.data].label)}


def measure(codec: Codec, data_set: DataSet, label: str) -> Row:
    """Every figure of a row; errors a pixel, in nats an item where it is a likelihood."""
    train, held_out = data_set.split()
    row: Row = {**held_out_scores(codec, data_set, held_out)}
    knn_train = spread_rows(train, N_KNN_TRAIN)
    knn_held_out = spread_rows(held_out, N_KNN_HELD_OUT)
    codes = encoded(codec, data_set.items, held_out)
    labels = data_set.attributes[label].astype(str).to_numpy()
    row["knn"] = knn_accuracy(
        encoded(codec, data_set.items, knn_train),
        labels[knn_train],
        encoded(codec, data_set.items, knn_held_out),
        labels[knn_held_out],
    )
    row |= {
        "zeros": zero_share(codes),
        "mean_code": mean_activity(codes),
        "active": n_active_units(codes),
    }
    rows = spread_rows(held_out, N_JACOBIAN)
    some = data_set.about.item.floats(data_set.items[rows])
    row["jacobian"] = float(jacobian_norm(codec, some).mean())
    if isinstance(codec, Autoencoder) and codec.config.bottleneck == "variational":
        row |= bounds(codec, data_set, held_out)
    return row


def encoded(codec: Codec, items: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """float32 (len(rows), latent_dim)."""
    with torch.inference_mode():
        parts = [
            codec.encode(codec.item.floats(items[rows[start : start + BATCH]]))
            for start in range(0, len(rows), BATCH)
        ]
    return torch.cat(parts).numpy()


def bounds(model: Autoencoder, data_set: DataSet, held_out: np.ndarray) -> Row:
    """Negative ELBO of all held-out items, and the importance-weighted bound.

    How much tighter the latter is, is measured on some items, by the same samples for both.
    """
    generator = torch.Generator().manual_seed(0)
    sums = 0.0
    with torch.inference_mode():
        for _, batch in float_batches(data_set, held_out, n_items=BATCH):
            sums += float(model.negative_bound(batch, generator=generator).sum())
        rows = spread_rows(held_out, N_BOUND)
        some = data_set.about.item.floats(data_set.items[rows])
        single = torch.stack(
            [
                model.negative_bound(some, generator=generator.manual_seed(seed))
                for seed in range(N_BOUND_SAMPLES)
            ]
        )  # (samples, items): minus the log weights
    tighter = single.mean(0) + torch.logsumexp(-single, 0) - np.log(N_BOUND_SAMPLES)
    elbo = sums / len(held_out)
    return {"negative_elbo": elbo, "importance_weighted": elbo - float(tighter.mean())}


def asked(cell: Cell) -> dict[str, object]:
    """What a cell's figures depend on."""
    if cell.family == PCA:
        return {"latent_dim": cell.latent_dim}
    model, training = settings(cell)
    return {"model": model.model_dump(mode="json"), "training": training.model_dump(mode="json")}


def figures_path(cell: Cell) -> Path:
    return home() / "figures" / f"{cell.name}.json"


def read_row(cell: Cell) -> Row | None:
    """Figures of a cell that is done with today's settings."""
    try:
        kept = json.loads(figures_path(cell).read_text())
    except (OSError, ValueError):
        return None
    row: Row = kept["figures"]
    return row if kept["settings"] == asked(cell) else None


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=list(SUBJECTS), default=list(SUBJECTS))
    parser.add_argument("--families", nargs="+", choices=list(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--quick", action="store_true", help="one epoch of 600 items each")
    options = parser.parse_args(arguments)
    os.environ["ZOETROPE_HOME"] = str(results_home(is_quick=options.quick))
    torch.set_num_threads(1)
    for data in options.data:
        data_set = load_subject(data)
        if options.quick:
            data_set = data_set.head(QUICK_ITEMS)
        cells = list_cells(data, tuple(options.families))
        if options.quick:
            cells = [cell for cell in cells if (cell.latent_dim, cell.seed) == (SIZES[0], SEEDS[0])]
        for number, cell in enumerate(cells, 1):
            row = read_row(cell)
            if row is None:
                row = run_cell(cell, data_set, is_quick=options.quick)
                kept = {"settings": asked(cell), "figures": row}
                write_atomically(figures_path(cell), json.dumps(kept))
            print(
                f"{number} of {len(cells)}: {cell.name}: MSE {row['mse']:.5f}, "
                f"{row['seconds']:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    found = {cell: row for data in SUBJECTS for cell in list_cells(data) if (row := read_row(cell))}
    text = tables(found)
    print(text)
    if not options.quick:
        replace_section(project_root() / "docs" / "results.md", "families", text)
    print(json.dumps({cell.name: row for cell, row in found.items()}))


if __name__ == "__main__":
    main()
