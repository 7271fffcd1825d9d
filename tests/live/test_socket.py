"""The socket answers the right people with the right pictures, and refuses with a reason."""

from __future__ import annotations

import io
import json
import random
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from benchmarks.client import Client
from tests.waiting import wait_until
from zoetrope.live.engine.engine import Engine
from zoetrope.live.wire import limits, protocol
from zoetrope.live.wire.parts import JPEG, RAW, Part, PartType
from zoetrope.live.wire.tokens import LIFETIME_S, issue_token

KEYS = ["faces-16", "pca:faces-16"]


def codes(n_rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_rows, 32)).astype(np.float32)


def client(port: int, keys: list[str] = KEYS, **options: Any) -> Client:
    return Client(port, issue_token("test"), keys, **options)


def test_one_request_brings_the_pictures_of_all_codecs(live_port: int, engine: Engine) -> None:
    with client(live_port) as live:
        sizes = [(entry["latentDim"], entry["item"]["height"]) for entry in live.greeting["codecs"]]
        assert sizes == [(32, 16), (32, 16)]
        answer = live.ask([codes(1), codes(2)], request_id=4_000_000_000)
    assert answer.id == 4_000_000_000
    for part, key, n_rows in zip(answer.parts, KEYS, (1, 2), strict=True):
        pictures = part.array.transpose(0, 3, 1, 2)
        np.testing.assert_array_equal(pictures, engine.decode(key, codes(n_rows)))
    assert answer.timing.compute_us > 0
    assert answer.is_final


def test_gauges_travel_with_the_pictures(live_port: int, engine: Engine) -> None:
    engine.register_gauge("norm", lambda key, rows: np.linalg.norm(rows, axis=1))
    with client(live_port, gauges=["norm"]) as live:
        parts = live.ask([codes(2), codes(2)]).parts
    kinds = [(part.type, part.codec) for part in parts]
    pixels, gauges = PartType.PIXELS, PartType.GAUGES
    assert kinds == [(pixels, 0), (gauges, 0), (pixels, 1), (gauges, 1)]
    np.testing.assert_allclose(parts[3].array[:, 0], np.linalg.norm(codes(2), axis=1))


def test_large_and_compact_answers_are_jpeg_of_the_same_pictures(
    live_port: int, engine: Engine
) -> None:
    with client(live_port, ["faces-64"], compact=True) as live:
        part = live.ask([codes(3)]).parts[0]
    assert part.format == JPEG
    shown = np.asarray(Image.open(io.BytesIO(part.data)), float).reshape(part.shape)
    difference = shown.transpose(0, 3, 1, 2) - engine.decode("faces-64", codes(3))
    assert np.sqrt((difference**2).mean()) < 4
    with client(live_port, ["faces-64"]) as live:
        assert live.ask([codes(1)]).parts[0].format == RAW
        assert live.ask([codes(60)]).parts[0].format == JPEG


def test_codecs_can_be_changed_on_an_open_socket(live_port: int) -> None:
    with client(live_port, ["faces-16"]) as live:
        live.ask([codes(1)])
        live.socket.send(json.dumps({"type": "codecs", "codecs": [{"key": "grey-32"}]}))
        assert live.text()["codecs"][0]["item"]["channels"] == 1
        assert live.ask([codes(1)]).parts[0].shape == (1, 32, 32, 1)


def test_a_missing_checkpoint_is_named_and_the_others_work(live_port: int) -> None:
    with client(live_port, ["missing", "faces-16"]) as live:
        assert "missing" in live.greeting["codecs"][0]["error"]
        request = protocol.Request(3, (Part.of(PartType.CODES, 1, codes(1)),))
        live.socket.send(protocol.pack_request(request))
        assert live.frame().id == 3


def bad_frames() -> dict[str, bytes]:
    good = protocol.pack_request(protocol.Request(9, (Part.of(PartType.CODES, 0, codes(1)),)))
    unknown = protocol.Request(9, (Part.of(PartType.CODES, 7, codes(1)),))
    narrow = protocol.Request(9, (Part.of(PartType.CODES, 0, np.zeros((1, 3), np.float32)),))
    infinite = protocol.Request(9, (Part.of(PartType.CODES, 0, np.full((1, 32), np.inf, "f4")),))
    return {
        "empty": b"",
        "truncated": good[:-4],
        "longer": good + b"\0",
        "noise": random.Random(0).randbytes(200),
        "as large as allowed": bytes(limits.MAX_REQUEST_BYTES),
        "unknown codec": protocol.pack_request(unknown),
        "wrong dimension": protocol.pack_request(narrow),
        "infinite": protocol.pack_request(infinite),
    }


@pytest.mark.parametrize("name", list(bad_frames()))
def test_a_bad_frame_is_refused_with_a_reason_and_the_socket_lives_on(
    live_port: int, name: str
) -> None:
    with client(live_port) as live:
        live.socket.send(bad_frames()[name])
        refusal = live.text()
        assert refusal["type"] == "error"
        assert len(refusal["reason"]) > 10
        assert live.ask([codes(1), codes(1)]).id == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "[" * 5000, '{"type": "unknown"}', '{"type": "codecs"}'),
        *('{"type": "cancel"}', '{"type": "cancel", "channel": 4}'),
        '{"type": "cancel", "channel": true}',
    ],
)
def test_bad_text_is_refused_and_the_socket_lives_on(live_port: int, text: str) -> None:
    with client(live_port) as live:
        live.socket.send(text)
        assert live.text()["type"] == "error"
        assert live.ask([codes(1), codes(1)]).id == 1


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("not JSON", "hello"),
        (b"\0\0", "hello"),
        ('{"type": "hello", "version": 99}', "hello"),
        ('{"type": "hello", "version": 2, "token": "1.2.3", "codecs": []}', "token"),
    ],
)
def test_without_a_valid_hello_the_socket_is_closed_with_a_reason(
    live_port: int, first: str | bytes, code: str
) -> None:
    with connect(f"ws://127.0.0.1:{live_port}/api/live") as socket:
        socket.send(first)
        assert json.loads(socket.recv(timeout=10))["code"] == code
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)


def test_an_expired_token_is_refused(live_port: int) -> None:
    old = issue_token("test", now_s=time.time() - 2 * LIFETIME_S)
    with Client(live_port, old, KEYS) as live:
        assert live.greeting["code"] == "token"


def test_an_open_socket_gets_new_tokens(live_port: int) -> None:
    with client(live_port) as live:
        live.socket.send('{"type": "renew"}')
        assert live.text() == {"type": "token", "token": issue_token("test")}


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_cannot_connect(live_port: int, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        client(live_port, origin=origin)


def test_our_own_origin_connects(live_port: int) -> None:
    with client(live_port, origin=f"http://127.0.0.1:{live_port}") as live:
        assert live.greeting["type"] == "ready"


def test_connections_of_a_session_are_bounded_and_given_back(live_port: int) -> None:
    tabs = [client(live_port, []) for _ in range(limits.MAX_CONNECTIONS_OF_A_SESSION)]
    with client(live_port, []) as one_more:
        assert one_more.greeting["code"] == "full"
    with Client(live_port, issue_token("somebody else"), []) as other:
        assert other.greeting["type"] == "ready"
    for tab in tabs:
        tab.close()
    wait_until(lambda: health(live_port)["connections"] == 0)
    with client(live_port, []) as live:
        assert live.greeting["type"] == "ready"


def test_nothing_but_refusals_ends_the_connection(
    live_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoetrope.live.wire.limits.MAX_REFUSALS", 20)
    with client(live_port) as live, pytest.raises(ConnectionClosed, match="refusals"):
        for _ in range(50):
            live.socket.send(b"noise")
            live.text()


def test_a_sender_without_pause_is_slowed_down(
    live_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoetrope.live.wire.limits.MESSAGES_PER_S", 100.0)
    monkeypatch.setattr("zoetrope.live.wire.limits.MESSAGES_AT_ONCE", 10.0)
    with client(live_port) as live:
        began_s = time.monotonic()
        for request_id in range(60):
            live.ask([codes(1), codes(1)], request_id)
    assert time.monotonic() - began_s > 0.4


def test_ten_thousand_bad_frames_leave_other_users_alone(live_port: int, engine: Engine) -> None:
    """Mutated and random frames on open sockets, while another user drags."""
    good = protocol.pack_request(
        protocol.Request(1, tuple(Part.of(PartType.CODES, i, codes(1)) for i in range(2)))
    )
    threads = [
        threading.Thread(target=fuzz, args=(live_port, good, seed, 2_500)) for seed in range(4)
    ]
    with client(live_port) as user:
        for thread in threads:
            thread.start()
        n_answers = 0
        while any(thread.is_alive() for thread in threads):
            assert user.ask([codes(1), codes(1)], n_answers).id == n_answers
            n_answers += 1
            threads[-1].join(0.01)  # a hand does not ask without a pause
    assert n_answers > 50
    assert engine.health()["errors"] == 0
    assert health(live_port)["status"] == "ok"


def fuzz(port: int, good: bytes, seed: int, n_frames: int) -> None:
    """Send bad frames as fast as they are read, reading what comes back."""
    chance = random.Random(seed)
    with Client(port, issue_token(f"fuzz {seed}"), KEYS) as live:
        reader = threading.Thread(target=drain, args=(live,), daemon=True)
        reader.start()
        for number in range(n_frames):
            frame = bytearray(good)
            for _ in range(chance.randint(1, 6)):
                frame[chance.randrange(len(frame))] = chance.randrange(256)
            if number % 5 == 0:
                frame = bytearray(chance.randbytes(chance.randrange(400)))
            if number % 7 == 0:
                del frame[chance.randrange(len(frame) + 1) :]
            live.socket.send(bytes(frame))
    reader.join(10)


def drain(live: Client) -> None:
    try:
        for _ in live.socket:
            pass
    except ConnectionClosed:
        pass


def test_health_and_modules_are_served(live_port: int) -> None:
    assert health(live_port)["status"] == "ok"
    with fetch(live_port, "/api/static/any/wire/frames.js") as answer:
        assert answer.headers["content-type"].startswith("text/javascript")
        assert b"readAnswer" in answer.read()


@pytest.mark.parametrize(
    "path", ["x/../routes.py", "x/..%2Froutes.py", "x/nothing.js", "x/%2Fetc%2Fpasswd"]
)
def test_nothing_but_modules_is_served(live_port: int, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(live_port, f"/api/static/{path}")


def fetch(port: int, path: str) -> Any:
    return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10)


def health(port: int) -> dict[str, Any]:
    with fetch(port, "/api/health") as answer:
        body: dict[str, Any] = json.loads(answer.read())
    return body
