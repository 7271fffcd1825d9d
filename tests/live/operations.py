"""A long operation for tests: codes shrink to nothing, with their items on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ae_core.errors import LatentInputError
from zoetrope.live.engine.operations import LongOperation, Result, Steps
from zoetrope.live.wire.parts import PartType


class Shrink(LongOperation):
    """Halves codes `n_steps` times.

    Args:
        n_steps: Answers before the final one, which is all zeros.
        before_step: Called in the worker before each step, with its number.
    """

    def __init__(self, n_steps: int, before_step: Callable[[int], object] = lambda _: None) -> None:
        self.n_steps = n_steps
        self.before_step = before_step
        self.is_closed = threading.Event()

    def check(self, inputs: Sequence[Any]) -> None:
        for decoder, part in inputs:
            if part.type is not PartType.CODES or part.array.shape[1] != decoder.latent_dim:
                raise LatentInputError("`codes` must be codes of this codec to be shrunk.")

    def steps(self, inputs: Sequence[Any]) -> Steps:
        try:
            for number in range(self.n_steps):
                self.before_step(number)
                yield self._results(inputs, np.float32(0.5 ** (number + 1)))
            self.before_step(self.n_steps)
            return self._results(inputs, np.float32(0))
        finally:
            self.is_closed.set()

    def _results(self, inputs: Sequence[Any], weight: np.float32) -> list[Result]:
        results = []
        for number, (decoder, part) in enumerate(inputs):
            codes = part.array * weight
            results.append(Result(number, PartType.CODES, codes))
            results.append(Result(number, decoder.item_type, decoder.decode(codes)))
        return results
