"""Requests on their way through the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zoetrope.live.wire import protocol

if TYPE_CHECKING:
    from zoetrope.live.engine.decoders import Decoder

# Requests of at most this many rows are hands and are served together; larger ones are strips,
# decoded a slice at a time between the hands.
HAND_ROWS = 8
STRIP_SLICE_ROWS = 16


@dataclass(frozen=True)
class Work:
    """Codes for one codec, as one part of a request.

    Attributes:
        key: Checkpoint key, "NAME" or "pca:NAME".
        codes: float32 (rows, latent_dim).
        index: Number of the codec on the wire.
        readouts: Names of the numbers wanted with every row.
    """

    key: str
    codes: NDArray[np.float32]
    index: int = 0
    readouts: tuple[str, ...] = ()


@dataclass
class Job:
    """A request on its way; `reply` is called once, from the worker or the loader."""

    id: int
    works: Sequence[Work]
    reply: Callable[[bytes | Exception], None]
    compact: bool
    arrived_s: float = field(default_factory=time.perf_counter)
    started_s: float = 0.0
    decode_s: float = 0.0
    decoders: dict[str, Decoder] = field(default_factory=dict)
    pictures: list[list[NDArray[np.uint8]]] = field(default_factory=list)
    slices: list[tuple[int, int, int]] = field(default_factory=list)  # (work, start, stop) to do

    def __post_init__(self) -> None:
        self.pictures = [[] for _ in self.works]
        step = protocol.MAX_ROWS if self.is_hand else STRIP_SLICE_ROWS
        for number, work in enumerate(self.works):
            for start in range(0, len(work.codes), step):
                self.slices.append((number, start, min(start + step, len(work.codes))))

    @property
    def is_hand(self) -> bool:
        return sum(len(work.codes) for work in self.works) <= HAND_ROWS


def attempt(call: Callable[[], Any]) -> Any:
    """What `call` returns, or the exception that it raises."""
    try:
        return call()
    except Exception as error:
        return error


def settle(future: Future[Any], result: Any) -> None:
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
