"""Batches of float items from uint8 ones, held on the device or read ahead from disk."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ae_core.processes.devices import fits

N_AHEAD = 4
_CHUNK = 4096


class Batches:
    """Chosen rows of a data set, numbered from zero.

    Kept as uint8, a quarter of float32's memory and traffic, and made float batch by batch.
    """

    def __init__(self, items: np.ndarray, indices: np.ndarray, device: torch.device) -> None:
        """Choose rows.

        Args:
            items: uint8 (N, C, H, W), may be memory-mapped.
            indices: Rows of `items`.
            device: Where the batches are wanted.
        """
        self.items = items
        self.indices = np.asarray(indices)
        self.device = device
        self.resident: Tensor | None = None
        if fits(len(self.indices) * items[0].nbytes, device):
            self.resident = self._load()

    def __len__(self) -> int:
        return len(self.indices)

    def floats(self, batches: Iterable[Tensor]) -> Iterator[Tensor]:
        """Items of each batch of rows: float32 (n, C, H, W) in [0, 1] on the device."""
        if self.resident is not None:
            for rows in batches:
                yield _to_float(self.resident.index_select(0, rows.to(self.device)))
            return
        with ThreadPoolExecutor(max_workers=1) as reader:
            waiting: deque[Future[Tensor]] = deque()
            for rows in batches:
                waiting.append(reader.submit(self._read, rows))
                if len(waiting) > N_AHEAD:
                    yield _to_float(waiting.popleft().result().to(self.device, non_blocking=True))
            while waiting:
                yield _to_float(waiting.popleft().result().to(self.device, non_blocking=True))

    def mean(self) -> Tensor:
        """The mean item, float32 (C, H, W) in [0, 1] on the device."""
        total = torch.zeros(self.items.shape[1:], dtype=torch.float64, device=self.device)
        for items in self.floats(torch.arange(len(self)).split(_CHUNK)):
            total += items.sum(dim=0, dtype=torch.float64)
        return (total / len(self)).float()

    def _read(self, rows: Tensor) -> Tensor:
        read = torch.from_numpy(self.items[self.indices[rows.numpy()]])
        return read.pin_memory() if self.device.type == "cuda" else read

    def _load(self) -> Tensor:
        """All rows on the device, copied piece by piece: never twice in main memory."""
        held = torch.empty(
            (len(self), *self.items.shape[1:]), dtype=torch.uint8, device=self.device
        )
        for start in range(0, len(self), _CHUNK):
            piece = self.items[self.indices[start : start + _CHUNK]]
            held[start : start + _CHUNK] = torch.from_numpy(piece)
        return held


def _to_float(items: Tensor) -> Tensor:
    return torch.mul(items, 1 / 255)  # in one pass: a whole number times a float is a float
