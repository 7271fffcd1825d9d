"""Requests as no browser would send them: any `Host`, any header, byte for byte."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection, connect


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


def ask(
    port: int,
    path: str = "/home",
    *,
    method: str = "GET",
    host: str | None = None,
    body: bytes | None = None,
    **headers: str,
) -> Answer:
    """One request to 127.0.0.1; `_` in the names of headers stands for `-`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Host": host or f"127.0.0.1:{port}", **sent})
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return Answer(answer.status, found, text)


@contextmanager
def open_socket(
    port: int, path: str, *, host: str | None = None, **options: Any
) -> Iterator[ClientConnection]:
    """A WebSocket to 127.0.0.1 whose handshake names any host."""
    address = f"ws://{host or f'127.0.0.1:{port}'}{path}"
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        connect(address, sock=plain, compression=None, max_size=None, **options) as talk,
    ):
        yield talk
