"""Requests on their way through the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zoetrope.live.engine.operations import Operation, RequestPart, Steps

if TYPE_CHECKING:
    from zoetrope.live.engine.decoders import Decoder

# Requests of at most this many rows follow a slider or pointer and are served together; larger ones
# (strips, lattices) are computed a slice at a time between them.
INTERACTIVE_ROWS = 8
SLICE_ROWS = 16

Reply = Callable[[bytes | Exception], None]


@dataclass
class PendingRequest:
    """A request that waits or is being served.

    Attributes:
        id: Of the client; comes back in every answer.
        parts: What was sent.
        operation: What is to be done with it.
        reply: Gets the packed answer or an error, from the worker or a loader; once, or several
            times for a long operation.
        compact: Pictures travel as JPEG also where raw pixels would be quicker to pack.
        decoders: Loaded codecs by key, added one by one.
        is_ended: Nobody waits for an answer any more.
    """

    id: int
    parts: Sequence[RequestPart]
    operation: Operation
    reply: Reply
    compact: bool
    arrived_s: float = field(default_factory=time.perf_counter)
    started_s: float = 0.0
    compute_s: float = 0.0
    answered_s: float = -float("inf")
    decoders: dict[str, Decoder] = field(default_factory=dict)
    is_ended: bool = False
    # For a row operation: results so far, one list a part, and (part, start, stop) still to do.
    rows: list[list[NDArray[Any]]] = field(default_factory=list)
    slices: list[tuple[int, int, int]] = field(default_factory=list)
    # For a long operation.
    steps: Steps | None = None

    def __post_init__(self) -> None:
        self.rows = [[] for _ in self.parts]
        for number, part in enumerate(self.parts):
            step = len(part.array) if self.is_interactive else SLICE_ROWS
            for start in range(0, len(part.array), step):
                self.slices.append((number, start, min(start + step, len(part.array))))

    @property
    def is_interactive(self) -> bool:
        """Whether it is served at once, before all that takes longer."""
        n_rows = sum(len(part.array) for part in self.parts)
        return not self.operation.is_long and n_rows <= INTERACTIVE_ROWS

    def start(self) -> None:
        """Note when it was first served, and refuse what cannot be computed.

        Raises:
            LatentInputError: The operation does not take these parts.
        """
        if not self.started_s:
            self.started_s = time.perf_counter()
            self.operation.check([(self.decoders[part.key], part) for part in self.parts])

    def computed(self, number: int) -> NDArray[Any]:
        """What a row operation has made of the rows of part `number`, when no slice is left."""
        slices = self.rows[number]
        return slices[0] if len(slices) == 1 else np.concatenate(slices)


def attempt(call: Callable[[], Any]) -> Any:
    """What `call` returns, or the exception that it raises."""
    try:
        return call()
    except Exception as error:
        return error


def settle(future: Future[Any], result: Any) -> None:
    """Give a future its result, or the exception that came instead."""
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
