"""Bugs in what the live engine calls: the thread that serves everybody goes on."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ae_core.errors import CheckpointError
from benchmarks.stand_ins import StandInSource
from zoetrope.live.engine.engine import Engine
from zoetrope.live.engine.operations import (
    OPERATIONS,
    LongOperation,
    RequestPart,
    RowOperation,
    Steps,
)  # fmt: skip
from zoetrope.live.wire.parts import PartType

KEY = "faces-16"
ROWS = np.zeros((2, 32), np.float32)


class WrongRows(RowOperation):
    """Gives what is no array of as many rows."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def takes(self, decoder: Any) -> PartType:
        return PartType.CODES

    def gives(self, decoder: Any) -> PartType:
        return PartType.CODES

    def row_shapes(self, decoder: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (32,), (32,)

    def run(self, decoder: Any, rows: NDArray[Any]) -> Any:
        return self.made


class WrongSteps(LongOperation):
    """Gives what are no steps."""

    def check(self, inputs: Sequence[Any]) -> None:
        pass

    def steps(self, inputs: Sequence[Any]) -> Steps:
        return iter([1, None])  # type: ignore[return-value]


WRONG = {
    "none": WrongRows(None),
    "a number": WrongRows(3),
    "steps": WrongSteps(),
}


class Answers:
    """What was answered, one after another."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.given: list[bytes | Exception] = []
        self.refuses, self.has_come = refuses, threading.Event()

    def __call__(self, result: bytes | Exception) -> None:
        self.given.append(result)
        self.has_come.set()
        if self.refuses:
            raise RuntimeError("Event loop is closed")


def still_serves(engine: Engine) -> bool:
    return engine.decode(KEY, ROWS).shape == (2, 3, 16, 16)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_bug_in_an_operation_fails_its_request_and_no_other(wrong: Any) -> None:
    engine = Engine(StandInSource(), device="cpu", operations={**OPERATIONS, "wrong": wrong})
    answers = Answers()
    engine.submit("slot", 1, [RequestPart(KEY, ROWS)], answers, operation="wrong")
    assert answers.has_come.wait(30) and isinstance(answers.given[0], Exception)
    assert still_serves(engine) and engine.health()["worker_alive"]
    engine.close()


class Missing(StandInSource):
    """Has no codec of one name."""

    def load(self, key: str) -> Any:
        if key == "gone":
            raise CheckpointError("There is no such codec.")
        return super().load(key)

    def stamp(self, key: str) -> Any:
        return key


@pytest.mark.parametrize("key", [KEY, "gone"])
def test_one_who_cannot_be_answered_is_alone_in_that(key: str) -> None:
    engine = Engine(Missing(), device="cpu")
    first, second = Answers(refuses=True), Answers()
    for slot, answers in (("first", first), ("second", second)):
        engine.submit(slot, 1, [RequestPart(key, ROWS)], answers)
    assert first.has_come.wait(30) and second.has_come.wait(30)
    assert still_serves(engine) and engine.health()["worker_alive"]
    assert engine.health()["errors"] > 0
    engine.close()
