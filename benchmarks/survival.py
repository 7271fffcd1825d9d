"""Kill a run with SIGKILL at random moments, resume it each time, and compare its end.

    python -m benchmarks.survival [--kills 50] [--seed 0]

After every kill each file of the run's folder is read back: JSON, JSON lines, safetensors, arrays,
pictures. What is lost is the training time between the last save and the last heartbeat before the
kill. At the end the weights are compared, bit by bit, with those of a run that nobody disturbed.

The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.catalogue import load_data_set
from ae_core.training import runs
from ae_core.training.loop import Training
from ae_core.training.status import RESUME

NAME = "survivor"
SAVE_INTERVAL_S = 1.0
LONGEST_LIFE_S = 3.0
MODEL = ModelConfig(widths=(64,), latent_dim=8, bottleneck="variational", loss="bce")


def settings(n_epochs: int) -> TrainingConfig:
    return TrainingConfig(
        epochs=n_epochs, n_threads=1, save_interval_s=SAVE_INTERVAL_S, precision="32"
    )


def wait_until_training() -> runs.Status:
    """The run's status as soon as it trains, or is over."""
    while True:
        status = runs.read_status(NAME)
        if status.state not in runs.GOING or status.phase == "training":
            return status
        time.sleep(0.02)


def unreadable_files(folder: Path) -> list[str]:
    """Files that a reader would stumble over; temporary ones of a killed writer do not count."""
    broken = []
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.name.startswith("."):
            continue
        try:
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".jsonl":
                [json.loads(line) for line in path.read_text().splitlines()]
            elif path.suffix == ".safetensors":
                load_file(path)
            elif path.suffix == ".npy":
                np.load(path, allow_pickle=False)
            elif path.suffix == ".webp":
                with Image.open(path) as picture:
                    picture.load()
        except Exception as error:  # whatever it is, it counts
            broken.append(f"{path.name}: {type(error).__name__}: {error}")
    return broken


def seconds_saved(folder: Path) -> float:
    """Training time in the last save; 0 when there is none yet."""
    path = folder / RESUME
    if not path.is_file():
        return 0.0
    with safe_open(path, framework="pt") as file:
        return float(json.loads(file.metadata()["rest"])["position"]["seconds"])


def disturb(n_kills: int, seed: int, n_epochs: int) -> tuple[int, list[str], list[float]]:
    """Kill and resume; kills done, broken files, and seconds lost at each kill."""
    moments = random.Random(seed)
    broken: list[str] = []
    lost: list[float] = []
    run = runs.start_run(
        runs.RunRequest(name=NAME, data="digits", model=MODEL, training=settings(n_epochs))
    )
    for number in range(1, n_kills + 1):
        status = wait_until_training()
        time.sleep(moments.uniform(0, LONGEST_LIFE_S))
        status = runs.read_status(NAME)
        if status.state not in runs.GOING:
            return number - 1, broken, lost
        os.kill(status.pid, signal.SIGKILL)
        while runs.read_status(NAME).state in runs.GOING:
            time.sleep(0.02)
        status = runs.read_status(NAME)
        broken += unreadable_files(run.folder)
        lost.append(max(0.0, status.seconds - seconds_saved(run.folder)))
        print(f"kill {number}: epoch {status.epoch}, {lost[-1]:.2f} s lost, {len(broken)} broken")
        runs.resume(NAME)
    return n_kills, broken, lost


def undisturbed(n_epochs: int) -> Training:
    data_set = load_data_set("digits")
    model = build_autoencoder(MODEL, data_set.about.item, seed=0)
    training = Training(model, data_set.items, *data_set.split(), settings(n_epochs))
    for _ in training.steps():
        pass
    return training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="times the run is killed")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--epochs", type=int, default=0, help="0: about 60 a kill")
    arguments = parser.parse_args()
    n_epochs = arguments.epochs or 60 * arguments.kills
    with tempfile.TemporaryDirectory() as home:
        os.environ["ZOETROPE_HOME"] = home
        n_kills, broken, lost = disturb(arguments.kills, arguments.seed, n_epochs)
        while runs.read_status(NAME).state in runs.GOING:
            time.sleep(0.2)
        state = runs.read_status(NAME).state
        survivor = load_file(find_checkpoint(NAME).folder / "model.safetensors")
        history = runs.find_run(NAME).history()
        reference = undisturbed(n_epochs)
    weights = reference.model.state_dict()
    figures = {
        "kills": n_kills,
        "state": state,
        "broken_files": len(broken),
        "save_interval_s": SAVE_INTERVAL_S,
        "most_seconds_lost": round(max(lost, default=0.0), 2),
        "same_weights": all(torch.equal(survivor[name], weights[name]) for name in weights),
        "same_history": [entry["held_out"] for entry in history]
        == [entry["held_out"] for entry in reference.history],
    }
    print("\n".join(broken))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
