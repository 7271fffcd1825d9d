"""What a person gets who adds pictures and presses *Start training*: time told, and worth.

    python -m benchmarks.default_training [--sizes 150 1500 15000] [--subjects tiny mnist faces]

Three kinds of pictures: MNIST (28 x 28, from ../shared/data), the same at 8 x 8, and drawn faces
(64 x 64). Each is added to an empty home and trained with the default preset, as the page does: a
trial first, which tells how long it takes, then the run. Printed: the time told and the time taken,
how the model stands to PCA and to the mean picture. A run that stopped early because nothing
improved is marked: the page says that it may. The machine's load stands beside it; the last line is
JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ae_core import long_work
from ae_core.codecs.verdict import read_verdict
from ae_core.data.catalogue import load_data_set
from ae_core.data.faces.portraits import render_faces
from ae_core.data.items import Picture
from ae_core.data.store import make_data_set, write_data_set
from ae_core.locations import data_dir, project_root
from ae_core.models.presets import PRESETS
from ae_core.processes import tasks
from ae_core.training import runs
from ae_core.training.pace import cached_pace, what_decides_it

MNIST = project_root().parent / "shared" / "data" / "mnist.npz"
_POLL_S = 0.1


def faces(n_items: int) -> np.ndarray:
    """uint8 (n, 3, 64, 64)."""
    return render_faces(n_items, seed=7)[0]


def mnist(n_items: int) -> np.ndarray:
    """uint8 (n, 1, 28, 28)."""
    with np.load(MNIST) as archive:
        return np.asarray(archive["train_images"][:n_items, None])


def tiny(n_items: int) -> np.ndarray:
    """uint8 (n, 1, 8, 8): MNIST's middle, three by three pixels to one."""
    middle = mnist(n_items)[:, :, 2:26, 2:26].reshape(-1, 1, 8, 3, 8, 3)
    return middle.mean(axis=(3, 5)).round().astype(np.uint8)


SUBJECTS: dict[str, Callable[[int], np.ndarray]] = {"tiny": tiny, "mnist": mnist, "faces": faces}


def add(subject: str, n_items: int) -> str:
    """Put so many pictures into the home; the data set's name."""
    import pandas as pd

    items, name = SUBJECTS[subject](n_items), f"{subject}-{n_items}"
    table = pd.DataFrame(index=range(n_items))
    made = make_data_set(name, items, Picture.of(items), table, title=name)
    write_data_set(data_dir() / name, made)
    return name


def train(name: str) -> dict[str, Any]:
    """One default training: what was told before, and what came of it."""
    about = load_data_set(name).about
    preset = PRESETS[about.item.default_preset]
    training = preset.training_for(about.n_fitted)
    request = runs.RunRequest(
        name=f"{name}-model", data=name, model=preset.model, training=training,
        latent_dim=preset.model.latent_dim, preset=preset.name,
    )  # fmt: skip
    task = long_work.start("time-training", "Trial", request=what_decides_it(request))
    while (now := tasks.read(task.task_id)) is not None and now.state == "running":
        time.sleep(_POLL_S)
    pace = cached_pace(request)
    if pace is None:
        raise RuntimeError(f"The trial of {name} failed: {now.message if now else 'it is gone'}")
    n_held_out = about.n_items - about.n_fitted
    told = pace.seconds_for(training, n_fitted=about.n_fitted, n_held_out=n_held_out)
    began = time.monotonic()
    runs.start_run(request)
    while (run := runs.find_run(request.name)).is_going:
        time.sleep(_POLL_S)
    taken = time.monotonic() - began
    verdict = read_verdict(run.folder)
    if verdict is None:
        raise RuntimeError(f"The run on {name} has no verdict: {run.status.message}")
    return {
        "data": name, "preset": preset.name, "epochs": training.epochs,
        "epochs_done": len(run.history()), "told_s": round(told, 1), "taken_s": round(taken, 1),
        "ratio": round(taken / told, 2), "load": round(os.getloadavg()[0], 1),
        "model_mse": verdict.model_mse, "pca_mse": verdict.pca_mse, "mean_mse": verdict.mean_mse,
        "finding": verdict.finding, "words": f"{verdict.headline}. {verdict.sentence}",
    }  # fmt: skip


def main() -> None:
    """Print a table and, last, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[150, 1500, 15_000])
    parser.add_argument("--subjects", choices=SUBJECTS, nargs="+", default=list(SUBJECTS))
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["ZOETROPE_HOME"] = str(Path(home))
        for n_items in options.sizes:
            for subject in options.subjects:
                row = train(add(subject, n_items))
                rows.append(row)
                early = "" if row["epochs_done"] == row["epochs"] else ", stopped early"
                print(
                    f"{row['data']:14} {row['preset']:18} told {row['told_s']:6.1f} s, took "
                    f"{row['taken_s']:6.1f} s ({row['ratio']:.2f}{early}), load {row['load']}: "
                    f"{row['words']}",
                    flush=True,
                )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
