"""Encoding, and operations that take long: they answer on the way, end when told to, and keep
nobody waiting."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ae_core.errors import LatentInputError
from benchmarks.client import Client
from benchmarks.stand_ins import StandInSource
from tests.live.operations import Shrink
from zoetrope.live.engine.engine import Engine
from zoetrope.live.engine.operations import OPERATIONS, RequestPart
from zoetrope.live.wire import protocol
from zoetrope.live.wire.parts import Part, PartType
from zoetrope.live.wire.tokens import issue_token

KEY, OTHER = "faces-16", "pca:faces-16"
Answers = queue.Queue[protocol.Answer | Exception]


def codes(n_rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_rows, 32)).astype(np.float32)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Shrink], Engine]]:
    """An engine with one more operation, "shrink", that has its codecs loaded."""
    made: list[Engine] = []
    monkeypatch.setattr("zoetrope.live.engine.worker.INTERMEDIATE_S", 0.0)

    def engine_with(shrink: Shrink) -> Engine:
        made.append(Engine(StandInSource(), device="cpu", operations={**OPERATIONS, "s": shrink}))
        made[-1].decode(KEY, codes(1))
        return made[-1]

    yield engine_with
    for engine in made:
        engine.close()


def ask(engine: Engine, parts: list[RequestPart], operation: str, slot: object = None) -> Answers:
    """Everything that comes back, in order."""
    answers: Answers = queue.Queue()

    def reply(result: bytes | Exception) -> None:
        answers.put(protocol.read_answer(result) if isinstance(result, bytes) else result)

    engine.submit(slot or object(), 7, parts, reply, operation=operation)
    return answers


def answer(answers: Answers) -> protocol.Answer:
    found = answers.get(timeout=30)
    assert isinstance(found, protocol.Answer), found
    return found


# Encoding ------------------------------------------------------------------------------------


def test_items_in_codes_out_as_the_codec_itself(make: Callable[[Shrink], Engine]) -> None:
    engine = make(Shrink(1))
    pictures = np.random.default_rng(1).integers(0, 256, (20, 16, 16, 3)).astype(np.uint8)
    parts = [
        RequestPart(KEY, pictures[:3], PartType.PIXELS),
        RequestPart(OTHER, pictures[3:], PartType.PIXELS, 1),
    ]
    first, second = answer(ask(engine, parts, "encode")).parts
    assert (first.type, second.type) == (PartType.CODES, PartType.CODES)
    for part, key, rows in ((first, KEY, pictures[:3]), (second, OTHER, pictures[3:])):
        expected = engine.encode(key, rows.transpose(0, 3, 1, 2))
        np.testing.assert_allclose(part.array, expected, atol=1e-6)


def test_the_gauge_of_an_encoded_item_is_that_of_its_code(
    make: Callable[[Shrink], Engine],
) -> None:
    engine = make(Shrink(1))
    engine.register_gauge("norm", lambda key, rows: np.linalg.norm(rows, axis=1))
    pictures = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3)).astype(np.uint8)
    part = RequestPart(KEY, pictures, PartType.PIXELS, gauges=("norm",))
    encoded, gauges = answer(ask(engine, [part], "encode")).parts
    np.testing.assert_allclose(gauges.array[:, 0], np.linalg.norm(encoded.array, axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    "part",
    [
        RequestPart(KEY, codes(1)),
        RequestPart(KEY, np.zeros((1, 8, 8, 3), np.uint8), PartType.PIXELS),
    ],
    ids=["codes", "other size"],
)
def test_what_is_no_item_of_the_codec_is_not_encoded(
    make: Callable[[Shrink], Engine], part: RequestPart
) -> None:
    refusal = ask(make(Shrink(1)), [part], "encode").get(timeout=30)
    assert isinstance(refusal, LatentInputError)
    assert "16 x 16 x 3" in str(refusal)


def test_answers_beyond_the_limit_are_refused_before_they_are_computed(
    make: Callable[[Shrink], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make(Shrink(1))
    monkeypatch.setattr("zoetrope.live.engine.operations.MAX_ANSWER_BYTES", 9 * 16 * 16 * 3)
    assert answer(ask(engine, [RequestPart(KEY, codes(9))], "decode")).parts[0].shape[0] == 9
    before = engine.health()["rows"]
    refusal = ask(engine, [RequestPart(KEY, codes(10))], "decode").get(timeout=30)
    assert "fewer rows" in str(refusal)
    assert engine.health()["rows"] == before


# Long operations -----------------------------------------------------------------------------


def test_a_long_operation_answers_on_the_way_and_says_which_answer_is_the_last(
    make: Callable[[Shrink], Engine],
) -> None:
    engine = make(Shrink(3))
    parts = [RequestPart(KEY, codes(2)), RequestPart(OTHER, codes(1), codec=1)]
    engine.decode(OTHER, codes(1))
    answers = ask(engine, parts, "s")
    for weight, is_final in ((0.5, False), (0.25, False), (0.125, False), (0, True)):
        found = answer(answers)
        assert (found.id, found.is_final) == (7, is_final)
        kinds = [(part.type.name, part.codec) for part in found.parts]
        assert kinds == [("CODES", 0), ("PIXELS", 0), ("CODES", 1), ("PIXELS", 1)]
        np.testing.assert_allclose(found.parts[0].array, codes(2) * weight, rtol=1e-6)
    assert answers.empty()


def test_intermediate_answers_come_no_faster_than_they_are_seen(
    make: Callable[[Shrink], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make(Shrink(200))
    monkeypatch.setattr("zoetrope.live.engine.worker.INTERMEDIATE_S", 3600.0)
    answers = ask(engine, [RequestPart(KEY, codes(1))], "s")
    first, last = answer(answers), answer(answers)
    assert (first.is_final, last.is_final) == (False, True)
    assert not last.parts[0].array.any()


def test_interactive_requests_are_served_between_its_steps(
    make: Callable[[Shrink], Engine],
) -> None:
    """A slider moves during step 3: its picture is there before step 4 begins."""
    moved: list[Answers] = []
    answered_before: list[bool] = []

    def before_step(number: int) -> None:
        if number == 3:
            moved.append(ask(engine, [RequestPart(KEY, codes(1))], "decode"))
        if number == 4:
            answered_before.append(not moved[0].empty())

    engine = make(Shrink(6, before_step))
    answers = ask(engine, [RequestPart(KEY, codes(1))], "s")
    while not answer(answers).is_final:
        pass
    assert answered_before == [True]


def test_two_long_operations_advance_in_turn(make: Callable[[Shrink], Engine]) -> None:
    begun, order = threading.Event(), []
    engine = make(Shrink(4, lambda number: begun.wait(30)))
    for name in ("first", "second"):

        def reply(result: bytes | Exception, name: str = name) -> None:
            order.append(name)

        engine.submit(name, 1, [RequestPart(KEY, codes(1))], reply, operation="s")
    begun.set()
    last = ask(engine, [RequestPart(KEY, codes(1))], "s")
    while not answer(last).is_final:
        pass
    assert order == ["first", "second"] * 5


@pytest.mark.parametrize("how", ["newer", "end"])
def test_a_newer_request_or_an_end_stops_it_for_good(
    make: Callable[[Shrink], Engine], how: str
) -> None:
    in_step, go_on = threading.Event(), threading.Event()

    def before_step(number: int) -> None:
        if number == 2:
            in_step.set()
            go_on.wait(30)

    shrink = Shrink(1_000_000, before_step)
    engine = make(shrink)
    answers = ask(engine, [RequestPart(KEY, codes(1))], "s", slot="search")
    assert in_step.wait(30)
    n_before = answers.qsize()
    if how == "newer":
        newer = ask(engine, [RequestPart(KEY, codes(1))], "decode", slot="search")
        go_on.set()
        assert answer(newer).is_final
    else:
        engine.end("search")
        go_on.set()
    assert shrink.is_closed.wait(30)
    assert answers.qsize() == n_before
    assert engine.health()["waiting"] == 0


def test_one_that_breaks_fails_alone(make: Callable[[Shrink], Engine]) -> None:
    def before_step(number: int) -> None:
        if number == 1:
            raise ZeroDivisionError("a bug in a search")

    engine = make(Shrink(5, before_step))
    answers = ask(engine, [RequestPart(KEY, codes(1))], "s")
    assert not answer(answers).is_final
    assert isinstance(answers.get(timeout=30), ZeroDivisionError)
    assert answer(ask(engine, [RequestPart(KEY, codes(1))], "decode")).is_final
    assert engine.health()["errors"] == 1


def test_input_that_it_does_not_take_is_refused(make: Callable[[Shrink], Engine]) -> None:
    part = RequestPart(KEY, np.zeros((1, 3), np.float32))
    refusal = ask(make(Shrink(1)), [part], "s").get(timeout=30)
    assert isinstance(refusal, LatentInputError)


# Over the socket -----------------------------------------------------------------------------


class TestSocket:
    """The same, as a browser asks for it."""

    @pytest.fixture
    def shrink(self) -> Shrink:
        return Shrink(1_000_000)

    @pytest.fixture
    def engine(self, make: Callable[[Shrink], Engine], shrink: Shrink) -> Engine:
        return make(shrink)

    @pytest.fixture
    def live(self, live_port: int) -> Iterator[Client]:
        with Client(live_port, issue_token("test"), [KEY]) as client:
            yield client

    def test_items_are_encoded(self, live: Client, engine: Engine) -> None:
        number = live.greeting["operations"].index("encode")
        pictures = np.random.default_rng(2).integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
        part = Part.of(PartType.PIXELS, 0, pictures)
        live.socket.send(protocol.pack_request(protocol.Request(5, (part,), 0, number)))
        found = live.frame().parts[0]
        expected = engine.encode(KEY, pictures.transpose(0, 3, 1, 2))
        np.testing.assert_allclose(found.array, expected, atol=1e-6)

    def test_an_unknown_operation_is_refused(self, live: Client) -> None:
        live.send(5, [codes(1)], operation=len(live.greeting["operations"]))
        refusal = live.text()
        assert (refusal["id"], refusal["code"]) == (5, "frame")

    def test_a_cancel_ends_what_is_under_way_in_its_channel(
        self, live: Client, shrink: Shrink
    ) -> None:
        number = live.greeting["operations"].index("s")
        live.send(5, [codes(1)], channel=2, operation=number)
        assert live.frame().id == 5
        live.socket.send(json.dumps({"type": "cancel", "channel": 1}))
        live.send(6, [codes(1)])
        while live.frame().id != 6:
            assert not shrink.is_closed.is_set()
        live.socket.send(json.dumps({"type": "cancel", "channel": 2}))
        assert shrink.is_closed.wait(30)

    def test_a_client_that_leaves_ends_it(self, live: Client, shrink: Shrink) -> None:
        live.send(5, [codes(1)], operation=live.greeting["operations"].index("s"))
        assert not live.frame().is_final
        live.close()
        assert shrink.is_closed.wait(30)
