"""What a connection holds for a client that does not read."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.waiting import wait_in_loop
from zoetrope.live.engine.engine import Engine
from zoetrope.live.wire import limits
from zoetrope.live.wire.connection import Connection
from zoetrope.live.wire.guard import Seats
from zoetrope.live.wire.tokens import issue_token


class SlowClient:
    """A socket that takes the first message and then none until `resume()`."""

    def __init__(self) -> None:
        hello = {"type": "hello", "version": 2, "token": issue_token("s"), "codecs": []}
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(hello)})
        self.received: list[Any] = []
        self._resumed = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        return await self.incoming.get()

    async def send(self, message: dict[str, Any]) -> None:
        if self.received:
            await self._resumed.wait()
        self.received.append(message.get("bytes") or message.get("text"))

    def resume(self) -> None:
        self._resumed.set()


def test_the_oldest_messages_for_a_client_that_does_not_read_are_dropped(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_UNSENT_BYTES", 4_000)
    allowed: list[int] = []

    async def talk() -> list[Any]:
        client = SlowClient()
        limit = allowed.append
        connection = asyncio.create_task(Connection(client, engine, Seats(), limit).serve())  # type: ignore[arg-type]
        await wait_in_loop(lambda: client.received)
        for _ in range(300):
            client.incoming.put_nowait({"type": "websocket.receive", "text": "{"})
        client.incoming.put_nowait(
            {"type": "websocket.receive", "text": json.dumps({"type": "renew"})}
        )
        await wait_in_loop(client.incoming.empty)
        client.resume()
        await wait_in_loop(lambda: "token" in client.received[-1])
        client.incoming.put_nowait({"type": "websocket.disconnect"})
        await connection
        return client.received

    ready, under_way, *waited = asyncio.run(talk())
    assert allowed == [limits.MAX_REQUEST_BYTES]
    assert json.loads(ready)["type"] == "ready"
    assert json.loads(under_way)["type"] == "error"
    assert 3_000 < sum(map(len, waited)) <= 4_000
    assert json.loads(waited[-1])["type"] == "token"
