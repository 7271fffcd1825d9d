"""A live client in Python, for tests and load: what `static/wire/socket.js` does, blocking."""

from __future__ import annotations

import json
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from websockets.sync.client import connect

from zoetrope.live.wire import protocol
from zoetrope.live.wire.parts import Part, PartType


class Client:
    """One socket to `/api/live` that has said hello.

    Args:
        port: Of the server on 127.0.0.1.
        token: From a page, or `issue_token` in the server's process.
        codecs: Checkpoint keys; index i of a request's part means `codecs[i]`.
        gauges: Names of numbers wanted with every picture.
        origin: What a browser would send; none if None.
    """

    def __init__(
        self,
        port: int,
        token: str,
        codecs: list[str],
        *,
        gauges: list[str] | None = None,
        origin: str | None = None,
        compact: bool = False,
    ) -> None:
        headers = {} if origin is None else {"Origin": origin}
        address = f"ws://127.0.0.1:{port}/api/live"
        self._stack = ExitStack()
        self.socket = self._stack.enter_context(
            connect(address, additional_headers=headers, compression=None, max_size=None)
        )
        entries = [{"key": key, "gauges": gauges or []} for key in codecs]
        hello = {"type": "hello", "version": protocol.VERSION, "token": token, "codecs": entries}
        self.socket.send(json.dumps({**hello, "compact": compact}))
        self.greeting = self.text()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self._stack.close()

    def text(self, timeout_s: float = 60.0) -> dict[str, Any]:
        """The next message, which must be JSON text."""
        message = self.socket.recv(timeout=timeout_s)
        if not isinstance(message, str):
            raise TypeError("expected text, got a frame")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def send(
        self,
        request_id: int,
        parts: list[NDArray[np.float32]],
        channel: int = 0,
        operation: int = 0,
    ) -> None:
        """Send codes, one array a codec, in the order of the codecs."""
        packed = tuple(Part.of(PartType.CODES, i, codes) for i, codes in enumerate(parts))
        request = protocol.Request(request_id, packed, channel, operation)
        self.socket.send(protocol.pack_request(request))

    def frame(self, timeout_s: float = 60.0) -> protocol.Answer:
        """The next message, which must be an answer."""
        message = self.socket.recv(timeout=timeout_s)
        if isinstance(message, str):
            raise TypeError(f"expected a frame, got {message}")
        return protocol.read_answer(message)

    def ask(self, parts: list[NDArray[np.float32]], request_id: int = 1) -> protocol.Answer:
        """Send and wait for the answer."""
        self.send(request_id, parts)
        return self.frame()
