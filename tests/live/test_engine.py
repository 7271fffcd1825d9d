"""The engine gives everybody their own pictures, newest first, and survives what fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
import pytest
import torch

from ae_core.codecs.codec import Codec
from ae_core.errors import AeCoreError, CheckpointError, LatentInputError
from benchmarks.stand_ins import StandIn, StandInSource
from zoetrope.live.engine.engine import Engine
from zoetrope.live.engine.operations import RequestPart
from zoetrope.live.wire import protocol
from zoetrope.live.wire.parts import Part, PartType

KEY, OTHER = "faces-16", "pca:faces-16"


def codes(n_rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_rows, 32)).astype(np.float32)


def oracle(key: str, rows: np.ndarray) -> np.ndarray:
    """Pictures by the codec itself, one at a time, without any of the engine."""
    codec = StandInSource().load(key).eval()
    with torch.no_grad():
        pictures = torch.cat([codec.decode(torch.from_numpy(row[None])) for row in rows])
    return (pictures * 255).round().numpy().astype(np.uint8)


def assert_same_pictures(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal but for rounding: another batch size or memory layout moves a value by one."""
    assert found.shape == expected.shape
    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


def ask(engine: Engine, parts: list[RequestPart], slot: object = None) -> Future[protocol.Answer]:
    future: Future[protocol.Answer] = Future()

    def reply(result: bytes | Exception) -> None:
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(protocol.read_answer(result))

    engine.submit(slot or object(), 1, parts, reply)
    return future


def raw(part: Part) -> np.ndarray:
    """Pictures of an answer in their stored form."""
    assert part.type is PartType.PIXELS
    return part.array.transpose(0, 3, 1, 2)


def test_decode_equals_the_codec_row_by_row(engine: Engine) -> None:
    rows = codes(70)  # more than one slice
    assert_same_pictures(engine.decode(KEY, rows), oracle(KEY, rows))


def test_encode_equals_the_codec(engine: Engine) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (3, 3, 16, 16)).astype(np.uint8)
    items = torch.from_numpy(pictures.copy()).float() / 255
    expected = StandInSource().load(KEY).encode(items).numpy()
    np.testing.assert_allclose(engine.encode(KEY, pictures), expected, atol=1e-6)


def test_many_requests_at_once_each_get_their_own_pictures(engine: Engine) -> None:
    engine.decode(KEY, codes(1))
    asked = []
    for seed in range(40):
        n_rows = 30 if seed % 10 == 0 else 1 + seed % 3  # strips among small ones
        parts = [
            RequestPart(KEY, codes(n_rows, seed), codec=0),
            RequestPart(OTHER, codes(1, seed), codec=1),
        ]
        asked.append((parts, ask(engine, parts)))
    for parts, future in asked:
        answer = future.result(timeout=60)
        for asked_part, part in zip(parts, answer.parts, strict=True):
            assert part.codec == asked_part.codec
            assert_same_pictures(raw(part), oracle(asked_part.key, asked_part.array))


def test_requests_that_wait_are_decoded_as_one_batch(engine: Engine) -> None:
    engine.decode(KEY, codes(1))
    before = engine.health()["batches"]
    with held(engine) as let_go:
        asked = [ask(engine, [RequestPart(KEY, codes(1, seed))]) for seed in range(10)]
        let_go()
    for future in asked:
        future.result(timeout=30)
    assert engine.health()["batches"] == before + 1


def test_only_the_newest_request_of_a_slot_is_answered(engine: Engine) -> None:
    engine.decode(KEY, codes(1))
    with held(engine) as let_go:
        asked = [
            ask(engine, [RequestPart(KEY, codes(1, seed))], slot="slider") for seed in range(5)
        ]
        other = ask(engine, [RequestPart(KEY, codes(1, 9))], slot="other slider")
        let_go()
    newest = asked[-1].result(timeout=30)
    assert_same_pictures(raw(newest.parts[0]), oracle(KEY, codes(1, 4)))
    other.result(timeout=30)
    assert not any(future.done() for future in asked[:-1])
    assert engine.health()["replaced"] == 4


def test_interactive_requests_do_not_wait_for_a_strip(engine: Engine) -> None:
    engine.decode(KEY, codes(1))
    order: list[str] = []
    with held(engine) as let_go:
        strip = ask(engine, [RequestPart(KEY, codes(200))])
        interactive = ask(engine, [RequestPart(KEY, codes(1))])
        strip.add_done_callback(lambda _: order.append("strip"))
        interactive.add_done_callback(lambda _: order.append("interactive"))
        let_go()
    assert_same_pictures(raw(strip.result(timeout=30).parts[0])[:3], oracle(KEY, codes(200)[:3]))
    assert order == ["interactive", "strip"]


def test_a_wrong_dimension_fails_alone(engine: Engine) -> None:
    engine.decode(KEY, codes(1))
    with held(engine) as let_go:
        wrong = ask(engine, [RequestPart(KEY, np.zeros((1, 5), np.float32))])
        right = ask(engine, [RequestPart(KEY, codes(1))])
        let_go()
    with pytest.raises(LatentInputError, match="32 numbers"):
        wrong.result(timeout=30)
    assert_same_pictures(raw(right.result(timeout=30).parts[0]), oracle(KEY, codes(1)))


def test_a_missing_checkpoint_fails_alone(engine: Engine) -> None:
    missing, there = (
        ask(engine, [RequestPart("missing", codes(1))]),
        ask(engine, [RequestPart(KEY, codes(1))]),
    )
    with pytest.raises(CheckpointError, match="missing"):
        missing.result(timeout=60)
    there.result(timeout=60)


def test_a_codec_that_breaks_is_an_error_for_its_user_only(engine: Engine) -> None:
    class Breaking(StandIn):
        def decode(self, rows: torch.Tensor) -> torch.Tensor:
            if rows.any():  # not while it is warmed up
                raise ZeroDivisionError("a bug in a model")
            return super().decode(rows)

    class Source(StandInSource):
        def load(self, key: str) -> Codec:
            if key == "breaks":
                return Breaking(32, (3, 16, 16), seed=0)
            return super().load("faces-16")

    breaking = Engine(Source(), device="cpu")
    try:
        with pytest.raises(ZeroDivisionError):
            ask(breaking, [RequestPart("breaks", codes(1))]).result(timeout=60)
        ask(breaking, [RequestPart("fine", codes(1))]).result(timeout=60)
        assert breaking.health()["errors"] == 1
        assert breaking.health()["worker_alive"]
    finally:
        breaking.close()


def test_least_recently_used_codec_is_released() -> None:
    source = StandInSource()
    one = sum(p.numel() * 4 for p in source.load("a-16").state_dict().values())
    small = Engine(source, device="cpu", max_bytes=int(2.5 * one))
    try:
        for key in ("a-16", "b-16", "a-16", "c-16"):
            small.decode(key, codes(1))
        assert small._codecs.keys() == ["a-16", "c-16"]
        # A request for more codecs than fit is answered nevertheless.
        parts = [
            RequestPart(key, codes(1), codec=i)
            for i, key in enumerate(("b-16", "d-16", "e-16", "f-16"))
        ]
        answer = ask(small, parts).result(timeout=60)
        assert_same_pictures(raw(answer.parts[3]), oracle("f-16", codes(1)))
        assert small.health()["codec_bytes"] <= 2.5 * one
    finally:
        small.close()


def test_a_retrained_checkpoint_is_loaded_anew() -> None:
    class Retrained(StandInSource):
        version = 0

        def load(self, key: str) -> Codec:
            return super().load(f"{'ab'[self.version]}-16")

        def stamp(self, key: str) -> int:
            return self.version

    source = Retrained()
    engine = Engine(source, device="cpu")
    try:
        assert_same_pictures(engine.decode("run", codes(1)), oracle("a-16", codes(1)))
        source.version = 1
        assert_same_pictures(engine.decode("run", codes(1)), oracle("b-16", codes(1)))
    finally:
        engine.close()


def test_gauges_come_with_the_pictures_and_may_fail(engine: Engine) -> None:
    engine.register_gauge("norm", lambda key, rows: np.linalg.norm(rows, axis=1))
    engine.register_gauge("broken", lambda key, rows: rows[:, 99])
    rows = codes(3)
    part = RequestPart(KEY, rows, gauges=("norm", "unknown", "broken"))
    numbers = ask(engine, [part]).result(timeout=60).parts[1].array
    np.testing.assert_allclose(numbers[:, 0], np.linalg.norm(rows, axis=1), rtol=1e-6)
    assert np.isnan(numbers[:, 1:]).all()


def test_answer_blocks_and_packs_what_the_socket_would(engine: Engine) -> None:
    answer = protocol.read_answer(engine.answer([(KEY, codes(1)), (OTHER, codes(1))]))
    assert [part.codec for part in answer.parts] == [0, 1]
    assert_same_pictures(raw(answer.parts[1]), oracle(OTHER, codes(1)))


def test_many_threads_may_ask(engine: Engine) -> None:
    failures: list[AeCoreError | AssertionError] = []

    def work(seed: int) -> None:
        try:
            assert_same_pictures(engine.decode(KEY, codes(2, seed)), oracle(KEY, codes(2, seed)))
        except (AeCoreError, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures


class held:  # noqa: N801
    """Keep the worker busy inside the block, until `let_go()`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._gate = threading.Event()
        self._busy = threading.Event()

    def __enter__(self) -> Callable[[], None]:
        def wait() -> None:
            self._busy.set()
            self._gate.wait(30)

        self._thread = threading.Thread(target=self._engine._worker.call, args=(wait,))
        self._thread.start()
        self._busy.wait(30)
        return self._gate.set

    def __exit__(self, *_: object) -> None:
        self._gate.set()
        self._thread.join()
