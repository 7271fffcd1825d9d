"""The binary routes under too many requests: who is refused, who is not, and what it costs."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from ae_core.data.catalogue import load_data_set
from ae_core.locations import cache_dir
from ae_core.maps.map import save_array
from ae_core.processes.priority import NICENESS_VARIABLE
from tests.attacks.over_http import Answer, ask
from tests.live.conftest import engine, live_port
from tests.waiting import wait_in_loop
from zoetrope.live import columns
from zoetrope.live.blocks import Blocks, BlocksResponse
from zoetrope.live.doors.places import BusyError, Places, Threads
from zoetrope.live.wire import limits
from zoetrope.live.wire.limits import RouteLimit
from zoetrope.live.wire.tokens import issue_token

__all__ = ["engine", "live_port"]  # fixtures

KEY = "b" * 32
LIMIT = RouteLimit(at_once=2, per_s=4, burst=3)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_session_has_a_few_places_and_gets_them_back() -> None:
    places = Places({"a": LIMIT, "b": LIMIT}, Clock())
    with places.place("a", "one"), places.place("a", "one"):
        with pytest.raises(BusyError, match="2 of this session's requests for a are under way"):
            places.place("a", "one").__enter__()
        for route, session in (("b", "one"), ("a", "another")):
            with places.place(route, session):
                pass
    with places.place("a", "one"):
        pass


@given(pauses_s=st.lists(st.floats(0, 2), max_size=60))
def test_nobody_gets_more_in_any_time_than_burst_and_rate_allow(pauses_s: list[float]) -> None:
    clock, answered_s = Clock(), []
    places = Places({"a": LIMIT}, clock)
    for pause_s in pauses_s:
        clock.now_s += pause_s
        try:
            with places.place("a", "one"):
                answered_s.append(clock.now_s)
        except BusyError as busy:
            assert busy.retry_after_s >= 1
    for first, start_s in enumerate(answered_s):
        for last in range(first, len(answered_s)):
            allowed = LIMIT.burst + LIMIT.per_s * (answered_s[last] - start_s)
            assert last - first + 1 <= allowed + 1e-6


def test_whoever_comes_again_when_told_is_answered() -> None:
    clock = Clock()
    places = Places({"a": LIMIT}, clock)
    for _ in range(20):
        try:
            with places.place("a", "one"):
                pass
        except BusyError as busy:
            clock.now_s += busy.retry_after_s
            with places.place("a", "one"):
                pass


def test_threads_are_their_own_step_back_and_let_few_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(NICENESS_VARIABLE, "7")
    go = threading.Event()

    def told() -> tuple[str, int]:
        go.wait(30)
        niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        return threading.current_thread().name, niceness

    async def fill() -> list[Any]:
        threads = Threads("own", 1, most_calls=3)
        calls = [asyncio.create_task(threads.begin(told)) for _ in range(3)]
        await wait_in_loop(lambda: threads.n_calls == 3)
        with pytest.raises(BusyError, match="3 requests wait"):
            await threads.begin(told)
        calls[2].cancel()  # its reader has left before its turn
        await wait_in_loop(lambda: threads.n_calls == 2)
        late = asyncio.create_task(threads.begin(told))
        await wait_in_loop(lambda: threads.n_calls == 3)
        go.set()
        return await asyncio.gather(*calls[:2], late)

    names, nicenesses = zip(*asyncio.run(fill()), strict=True)
    assert all(name.startswith("own") for name in names)
    if sys.platform == "linux":
        assert set(nicenesses) == {7}


# Over HTTP -----------------------------------------------------------------------------------


def get(port: int, path: str, session: str, query: str = "", **headers: str) -> Answer:
    return ask(port, f"/api/{path}?token={issue_token(session)}{query}", **headers)


def test_too_many_requests_are_told_when_to_come_again(live_port: int) -> None:
    one, another = uuid4().hex, uuid4().hex
    n_asked = limits.ROUTE_LIMITS["item"].burst + 40
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: get(live_port, "item/digits/v/3", one), range(n_asked)))
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert {answer.status for answer in answers} == {200, 429}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert all("Try again" in answer.text for answer in refused)
    assert get(live_port, "item/digits/v/3", another).status == 200


@pytest.fixture
def many_codes() -> np.ndarray:
    """A million codes of 32 numbers: 128 MB."""
    array = np.random.default_rng(0).random((1_000_000, 32), np.float32)
    save_array(cache_dir() / "codes" / f"{KEY}.npy", array)
    return array


def test_neighbours_among_a_million_codes_take_turns_and_little_memory(
    live_port: int, many_codes: np.ndarray
) -> None:
    """Forty at once from forty sessions took 3 GB."""
    load_data_set("digits")
    before = memory_bytes()
    with ThreadPoolExecutor(40) as pool:
        path = f"neighbours/{KEY}/digits/v/7"
        answers = list(pool.map(lambda _: get(live_port, path, uuid4().hex), range(40)))
    statuses = Counter(answer.status for answer in answers)
    assert statuses.keys() <= {200, 429}
    assert statuses[200] >= limits.MAX_SCANS
    apart = np.square(many_codes - many_codes[7]).sum(axis=1)
    told = next(json.loads(answer.text) for answer in answers if answer.status == 200)
    assert told["nearest by code"] == np.argsort(apart)[1:13].tolist()
    assert memory_bytes() - before < 300 << 20  # the file itself, mapped once, is 128 MB of it


def test_all_readers_of_a_file_share_one_mapping(many_codes: np.ndarray) -> None:
    """Forty mappings of 128 MB count as 5 GB where memory is limited by what a process holds."""
    asked = Request({"type": "http", "path_params": {"key": KEY}, "query_string": b""})
    first, *others = [columns.codes(asked) for _ in range(8)]
    assert all(next(each.pieces) == next(first.pieces) for each in others[:1])
    maps = Path("/proc/self/maps")
    if maps.exists():
        assert maps.read_text().count(f"{KEY}.npy") == 1


def test_readers_who_do_not_read_hold_a_block_each_not_the_whole(
    live_port: int, many_codes: np.ndarray
) -> None:
    """Twelve times 128 MB are asked for, and nothing of it is read."""
    before = memory_bytes()
    with ExitStack() as stack:
        readers = []
        for number in range(12):
            token = issue_token(f"{uuid4().hex} {number}")
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", live_port)))
            plain.sendall(
                f"GET /api/codes/{KEY}?token={token} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
            )
            readers.append(plain)
        for plain in readers:  # each has begun to be answered
            assert plain.recv(15) == b"HTTP/1.1 200 OK"
        assert memory_bytes() - before < 300 << 20


def memory_bytes() -> int:
    """What this process holds now, without what it shares with files."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("needs /proc, which this system does not have")
    line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
    return 1024 * int(line.split()[1])


@pytest.mark.parametrize("px", [0, limits.MAX_SIDE_PX + 1, 10**6])
def test_pictures_of_any_size_are_not_drawn(live_port: int, px: int) -> None:
    """A row of a table is drawn as large as asked: 10^6 pixels a side would be 3 TB."""
    answer = get(live_port, "pictures/wine/v", uuid4().hex, f"&items=1&px={px}")
    assert answer.status == 400
    assert str(limits.MAX_SIDE_PX) in answer.text


@pytest.mark.parametrize("px", range(1, 9))
def test_pictures_of_every_small_size_are_drawn(live_port: int, px: int) -> None:
    assert get(live_port, "pictures/wine/v", uuid4().hex, f"&items=1&px={px}").status == 200


# Blocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(7,), (0,), (5, 3), (3, 40), (40, 3), (2, 0), (1, 17)])
def test_blocks_are_the_whole_whatever_its_shape(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BLOCK_BYTES", 64)
    array = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    for each in (array, array.T, np.asfortranarray(array)):
        blocks = Blocks.of(each, "no-store")
        pieces = list(blocks.pieces)
        assert b"".join(pieces) == np.ascontiguousarray(each, "<f4").tobytes()
        assert blocks.n_bytes == each.nbytes
        assert all(len(piece) <= 64 for piece in pieces)


@pytest.mark.parametrize(
    ("client", "takes", "encoding"),
    [
        ("192.0.2.1", "gzip, br", "gzip"),
        ("192.0.2.1", "", "identity"),
        ("127.0.0.1", "gzip", "identity"),
        ("::1", "gzip", "identity"),
    ],
)
def test_pictures_are_packed_where_a_network_lies_between(
    client: str, takes: str, encoding: str
) -> None:
    scope = {"type": "http", "client": (client, 1)}
    request = Request({**scope, "headers": [(b"accept-encoding", takes.encode())]})
    pieces = [bytes(5000), b"x" * 5000]

    async def sent() -> tuple[dict[str, str], bytes]:
        blocks = Blocks(10_000, iter(pieces), "no-store", is_compressible=True)
        response = BlocksResponse(blocks, request, Threads("own", 1, 9))
        body = [bytes(piece) async for piece in response.body_iterator]  # type: ignore[arg-type]
        return dict(response.headers), b"".join(body)

    headers, body = asyncio.run(sent())
    assert headers["content-encoding"] == encoding
    assert (gzip.decompress(body) if encoding == "gzip" else body) == b"".join(pieces)
    assert ("content-length" in headers) == (encoding == "identity")
