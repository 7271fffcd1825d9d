"""Our training loop against pythae's and against a bare one, on the same VAE.

    python -m benchmarks.training [--rounds 15] [--threads 0] [--clock wall] [--without-pythae]

The VAE of pythae's own default: 784-512-16, Bernoulli, batch 128, Adam 1e-3; and a convolutional
one, ours against bare. The contestants take turns, one slice of an epoch each, so that a busy
machine hurts all alike; the median slice counts. "Bare" is the shortest loop one can write, with
float items in memory and fused Adam. pythae is needed by this benchmark only:
`pip install pythae==0.1.2`.

The last line is JSON: items a second, and ours over theirs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ae_core.codecs.autoencoder import build_autoencoder
from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.items import Picture
from ae_core.processes.devices import best_device, n_cores
from ae_core.training.loop import Training

BATCH = 128
N_ITEMS = 100 * BATCH  # an epoch, with what comes at its end; MNIST has 469 batches
MNIST = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist.npz"
DENSE = ModelConfig(widths=(512,), latent_dim=16, bottleneck="variational", loss="bce")
CONVOLUTIONAL = DENSE.model_copy(update={"architecture": "convolutional", "widths": (16, 32)})

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}

Slice = Callable[[], None]


def digits() -> np.ndarray:
    """uint8 (N_ITEMS + 1, 1, 28, 28): MNIST where it is, else noise: speed is the same."""
    if MNIST.is_file():
        with np.load(MNIST) as file:
            return file["train_images"][: N_ITEMS + 1, None]
    return np.random.default_rng(0).integers(0, 256, (N_ITEMS + 1, 1, 28, 28), dtype=np.uint8)


def ours(items: np.ndarray, config: ModelConfig) -> Slice:
    """One epoch of `ae_core.training.loop`, its bookkeeping and one held-out item included."""
    training = Training(
        build_autoencoder(config, Picture(size=(1, 28, 28))),
        items,
        np.arange(N_ITEMS),
        np.array([N_ITEMS]),
        TrainingConfig(epochs=10_000, batch_size=BATCH, precision="32"),
    )
    moments = training.steps()

    def one() -> None:
        while not next(moments).epoch_ended:
            pass

    return one


class BareVae(nn.Module):
    """The same VAE as anybody would write it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 32))
        self.decoder = nn.Sequential(nn.Linear(16, 512), nn.ReLU(), nn.Linear(512, 784))

    def forward(self, items: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_var = self.encoder(items.flatten(1)).chunk(2, dim=1)
        codes = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        return self.decoder(codes).view_as(items), mean, log_var


class BareConvolutionalVae(BareVae):
    """The same layers as ours, in a plain module."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(32 * 49, 32),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(16, 32 * 49), nn.Unflatten(1, (32, 7, 7)), nn.ReLU(),
            nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1),
        )  # fmt: skip
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, items: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_var = self.encoder(items).chunk(2, dim=1)
        codes = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        return self.decoder(codes), mean, log_var


def bare(items: np.ndarray, model: BareVae) -> Slice:
    """The shortest loop there is."""
    device = best_device()
    model.to(device)
    floats = (torch.from_numpy(items[:N_ITEMS]).float() / 255).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def one() -> None:
        for rows in torch.randperm(N_ITEMS, device=device).split(BATCH):
            batch = floats[rows]
            logits, mean, log_var = model(batch)
            loss = functional.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
            loss = loss - 0.5 * (1 + log_var - mean.square() - log_var.exp()).sum()
            optimiser.zero_grad()
            (loss / len(batch)).backward()
            optimiser.step()

    return one


def pythae(items: np.ndarray, folder: Path) -> Slice:
    """One `train_step` (an epoch) of pythae's own trainer, without its callbacks' printing."""
    try:
        from pythae.data.datasets import BaseDataset
        from pythae.models import VAE, VAEConfig
        from pythae.trainers import BaseTrainer, BaseTrainerConfig
    except ImportError as error:
        raise SystemExit(
            f"pythae cannot be imported ({error}): `pip install pythae==0.1.2`, or run with "
            "--without-pythae."
        ) from error
    floats = torch.from_numpy(items[:N_ITEMS]).float() / 255
    trainer = BaseTrainer(
        model=VAE(VAEConfig(input_dim=(1, 28, 28), latent_dim=16, reconstruction_loss="bce")),
        train_dataset=BaseDataset(floats, torch.zeros(N_ITEMS)),
        training_config=BaseTrainerConfig(
            output_dir=str(folder), per_device_train_batch_size=BATCH, learning_rate=1e-3
        ),
    )
    trainer.prepare_training()
    handler = trainer.callback_handler
    handler.callbacks = [
        each for each in handler.callbacks if "Progress" not in type(each).__name__
    ]
    epochs: Iterator[int] = iter(range(1, 1_000_000))
    return lambda: trainer.train_step(next(epochs))


def take_turns(
    contestants: dict[str, Slice], n_rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Items a second of each, from its median slice."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(n_rounds + 2):
        for name, one in contestants.items():
            started = clock()
            one()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if number >= 2:  # the first rounds warm up
                seconds[name].append(clock() - started)
    return {name: N_ITEMS / statistics.median(taken) for name, taken in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="slices of each contestant")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: all cores")
    parser.add_argument("--without-pythae", action="store_true", help="ours against bare only")
    parser.add_argument(
        "--clock", choices=sorted(CLOCKS), default="wall",
        help="cpu: seconds of the processor, all threads: for a machine that others use too",
    )  # fmt: skip
    arguments = parser.parse_args()
    clock = CLOCKS[arguments.clock]
    torch.set_num_threads(arguments.threads or n_cores())
    items = digits()
    with tempfile.TemporaryDirectory() as folder:
        contestants = {"ours": ours(items, DENSE), "bare": bare(items, BareVae())}
        if not arguments.without_pythae:
            contestants["pythae"] = pythae(items, Path(folder))
        dense = take_turns(contestants, arguments.rounds, clock)
    convolutional = take_turns(
        {"ours": ours(items, CONVOLUTIONAL), "bare": bare(items, BareConvolutionalVae())},
        arguments.rounds,
        clock,
    )
    print(f"{'':14}{'dense':>12}{'convolutional':>16}   items/s")
    for name, speed in dense.items():
        print(f"{name:14}{speed:12,.0f}{convolutional.get(name, float('nan')):16,.0f}")
    figures = {f"{name}_items_per_s": round(speed) for name, speed in dense.items()}
    ratios = {
        f"ratio_{name}": round(dense["ours"] / dense[name], 3) for name in dense if name != "ours"
    }
    convolutional_figures = {
        "convolutional_ours_items_per_s": round(convolutional["ours"]),
        "convolutional_bare_items_per_s": round(convolutional["bare"]),
        "convolutional_ratio_bare": round(convolutional["ours"] / convolutional["bare"], 3),
    }
    machine = {
        "device": best_device(), "threads": torch.get_num_threads(), "torch": torch.__version__,
        "clock": arguments.clock,
    }  # fmt: skip
    print(json.dumps({**figures, **ratios, **convolutional_figures, **machine}))


if __name__ == "__main__":
    main()
