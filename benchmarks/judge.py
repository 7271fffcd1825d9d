"""A judge of decoded pictures: a small classifier trained on real ones only, never on decoded ones.

It answers yes/no questions about attributes. Blur and noise are among its training pictures, so
that softness alone does not make it blind; its accuracy on reconstructions is printed all the same,
since that bounds what any measurement through it can show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ae_core.data.item_search import select_items
from ae_core.data.store import DataSet
from ae_core.locations import cache_dir, write_atomically

Labels = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """One question to the judge; items that answer neither `yes` nor `no` are left out."""

    name: str
    yes: str
    no: str


def labels_of(heads: Sequence[Head], data_set: DataSet) -> Labels:
    """1 yes, 0 no, NaN neither; float32 (n_items, n_heads)."""
    labels = np.full((len(data_set.items), len(heads)), np.nan, np.float32)
    for column, head in enumerate(heads):
        labels[select_items(head.yes, data_set.attributes), column] = 1
        labels[select_items(head.no, data_set.attributes), column] = 0
    return labels


class Judge(nn.Module):
    """Five convolutions, four of them halving, and two linear layers; log-odds of each head.

    The second one keeps 32 x 32: a smile or a moustache is a stroke of one or two pixels.
    """

    def __init__(self, n_channels: int, n_heads: int) -> None:
        super().__init__()
        widths, strides = (n_channels, 16, 32, 48, 64, 96), (2, 1, 2, 2, 2)
        layers: list[nn.Module] = []
        for (before, after), stride in zip(pairwise(widths), strides, strict=True):
            layers += [
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after, momentum=0.2),
                nn.ReLU(),
            ]
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(192), nn.ReLU())
        self.heads = nn.Linear(192, n_heads)

    def forward(self, pictures: Tensor) -> Tensor:
        """float32 (N, C, H, W) in [0, 1] to log-odds (N, n_heads)."""
        return self.heads(self.features(pictures - 0.5))

    @torch.inference_mode()
    def decide(self, pictures: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Answers for uint8 (N, C, H, W): bool (N, n_heads)."""
        answers = [
            (self(torch.from_numpy(np.array(pictures[start : start + 512])).float() / 255) > 0)
            for start in range(0, len(pictures), 512)
        ]
        return torch.cat(answers).numpy()


def softened(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Half of a batch blurred by a random Gaussian (sigma up to 1 px), and noise on all."""
    sigma = 0.2 + 0.8 * float(torch.rand((), generator=generator))
    offsets = torch.arange(-3, 4)
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    half, channels = len(pictures) // 2, pictures.shape[1]
    soft = functional.pad(pictures[:half], (3, 3, 3, 3), mode="replicate")
    soft = functional.conv2d(
        soft, kernel.view(1, 1, 1, 7).expand(channels, 1, 1, 7), groups=channels
    )
    soft = functional.conv2d(
        soft, kernel.view(1, 1, 7, 1).expand(channels, 1, 7, 1), groups=channels
    )
    mixed = torch.cat([soft, pictures[half:]])
    noise = torch.randn(mixed.shape, generator=generator)
    return (mixed + 0.02 * noise).clamp(0, 1)


def train_judge(
    data_set: DataSet, heads: Sequence[Head], *, epochs: int, max_items: int = 0, seed: int = 0
) -> Judge:
    """The judge for these heads, from the cache or trained now on the training split.

    Args:
        data_set: Real items.
        heads: What it is to answer.
        epochs: Passes over the items.
        max_items: Train on so many items only; 0 for all.
        seed: Of weights, order and softening.
    """
    described = f"3/{data_set.about.fingerprint}/{heads}/{epochs}/{max_items}/{seed}"
    key = hashlib.blake2b(described.encode(), digest_size=8).hexdigest()
    path = cache_dir() / "judges" / f"{key}.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        judge = Judge(data_set.about.item.shape[0], len(heads))
        judge.eval()(torch.zeros(1, *data_set.about.item.shape))  # the lazy layer sees its size
    from safetensors.torch import load_file, save

    if path.is_file():
        judge.load_state_dict(load_file(path))
        return judge.eval()
    _fit(judge.train(), data_set, labels_of(heads, data_set), epochs, max_items, seed)
    write_atomically(path, save(judge.state_dict()))
    return judge.eval()


def _fit(
    judge: Judge, data_set: DataSet, labels: Labels, epochs: int, max_items: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    train = data_set.split()[0][: max_items or None]
    batch, steps = 128, epochs * (len(train) // 128)
    optimiser = torch.optim.AdamW(judge.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=max(steps, 2))
    for _ in range(epochs):
        order = torch.randperm(len(train), generator=generator).numpy()
        for start in range(0, len(order) - batch + 1, batch):
            rows = np.sort(train[order[start : start + batch]])
            # shuffled within the batch: the half that is blurred must not be the first items
            rows = rows[torch.randperm(batch, generator=generator).numpy()]
            pictures = torch.from_numpy(np.array(data_set.items[rows])).float() / 255
            wanted = torch.from_numpy(labels[rows])
            known = ~wanted.isnan()
            odds = judge(softened(pictures, generator))
            loss = functional.binary_cross_entropy_with_logits(odds[known], wanted[known])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def accuracy(decisions: NDArray[np.bool_], labels: Labels) -> NDArray[np.float64]:
    """Mean of the hit rates on yes and on no, for each head; (n_heads,)."""
    rates = []
    for column in range(labels.shape[1]):
        yes, no = labels[:, column] == 1, labels[:, column] == 0
        rates.append((decisions[yes, column].mean() + (~decisions[no, column]).mean()) / 2)
    return np.array(rates)
