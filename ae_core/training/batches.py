"""Batches of float items from stored ones, held on the device or read ahead from disk."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ae_core.data.items import ItemKind
from ae_core.processes.devices import fits

N_AHEAD = 4
_CHUNK = 4096


class Batches:
    """Chosen rows of a data set, numbered from zero.

    Kept in their stored form (a picture in a quarter of float32's memory and traffic), and made
    float batch by batch.
    """

    def __init__(
        self, items: np.ndarray, item: ItemKind, indices: np.ndarray, device: torch.device
    ) -> None:
        """Choose rows.

        Args:
            items: Stored form of `item`, (N, ...), may be memory-mapped.
            item: What an item is.
            indices: Rows of `items`.
            device: Where the batches are wanted.
        """
        self.items = items
        self.item = item
        self.indices = np.asarray(indices)
        self.device = device
        self.resident: Tensor | None = None
        if fits(len(self.indices) * items[0].nbytes, device):
            self.resident = self._load()

    def __len__(self) -> int:
        return len(self.indices)

    def floats(self, batches: Iterable[Tensor]) -> Iterator[Tensor]:
        """Items of each batch of rows: float32 (n, *item.shape) on the device."""
        if self.resident is not None:
            for rows in batches:
                yield self.item.to_floats(self.resident.index_select(0, rows.to(self.device)))
            return
        with ThreadPoolExecutor(max_workers=1) as reader:
            waiting: deque[Future[Tensor]] = deque()
            for rows in batches:
                waiting.append(reader.submit(self._read, rows))
                if len(waiting) > N_AHEAD:
                    yield self._floats(waiting.popleft())
            while waiting:
                yield self._floats(waiting.popleft())

    def mean(self) -> Tensor:
        """The mean item, float32 (*item.shape,) on the device."""
        total = torch.zeros(self.items.shape[1:], dtype=torch.float64, device=self.device)
        for items in self.floats(torch.arange(len(self)).split(_CHUNK)):
            total += items.sum(dim=0, dtype=torch.float64)
        return (total / len(self)).float()

    def _floats(self, reading: Future[Tensor]) -> Tensor:
        return self.item.to_floats(reading.result().to(self.device, non_blocking=True))

    def _read(self, rows: Tensor) -> Tensor:
        read = torch.from_numpy(self.items[self.indices[rows.numpy()]])
        return read.pin_memory() if self.device.type == "cuda" else read

    def _load(self) -> Tensor:
        """All rows on the device, copied piece by piece: never twice in main memory."""
        dtype = torch.from_numpy(self.items[:1].copy()).dtype
        held = torch.empty((len(self), *self.items.shape[1:]), dtype=dtype, device=self.device)
        for start in range(0, len(self), _CHUNK):
            piece = self.items[self.indices[start : start + _CHUNK]]
            held[start : start + _CHUNK] = torch.from_numpy(piece)
        return held
