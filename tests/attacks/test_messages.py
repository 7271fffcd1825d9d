"""What a WebSocket may send, before and after it has said who it is; and how many may be silent."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from benchmarks.client import Client
from benchmarks.serving import Server
from tests.attacks.over_http import open_socket
from tests.live.conftest import engine, live_port
from zoetrope.live.doors.messages import limit_messages
from zoetrope.live.wire import limits
from zoetrope.live.wire.tokens import issue_token

__all__ = ["engine", "live_port"]  # fixtures

TOO_BIG = 1009
# Of a close whose reason is lost: what the server had not read makes the system cut the connection.
CUT = None


def port_of(server: Server) -> int:
    return int(urlsplit(server.url).port or 0)


def close_code(talk: ClientConnection) -> int | None:
    """Why the server closes; what it says before is read over."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            talk.recv(timeout=30)
    return closed.value.rcvd.code if closed.value.rcvd is not None else CUT


@pytest.mark.parametrize("path", ["/api/live", "/_stcore/stream"])
def test_a_long_message_is_refused_by_its_announcement(whole_app: Server, path: str) -> None:
    """190 MB are announced and none of them sent: nothing is waited for or kept."""
    with open_socket(port_of(whole_app), path) as talk:
        talk.socket.sendall(struct.pack("!BBQ", 0x82, 0x80 | 127, 190 << 20) + bytes(4))
        assert close_code(talk) == TOO_BIG


@pytest.mark.parametrize("path", ["/api/live", "/_stcore/stream"])
def test_a_long_message_in_pieces_is_refused(whole_app: Server, path: str) -> None:
    with open_socket(port_of(whole_app), path) as talk, pytest.raises(ConnectionClosed) as closed:
        talk.send(bytes(1 << 15) for _ in range(100_000))
    assert closed.value.rcvd is None or closed.value.rcvd.code == TOO_BIG


def test_a_message_behind_its_own_handshake_is_not_kept(whole_app: Server) -> None:
    """In one packet: the server has not been told the limit when it arrives."""
    port = port_of(whole_app)
    lines = [
        *("GET /api/live HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket"),
        *("Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        *("Sec-WebSocket-Version: 13", "", ""),
    ]
    before = peak_bytes(whole_app.pid)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
        head = struct.pack("!BBQ", 0x82, 0x80 | 127, 190 << 20) + bytes(4)
        plain.sendall("\r\n".join(lines).encode() + head)
        with suppress(ConnectionError):
            for _ in range(190):
                plain.sendall(bytes(1 << 20))
    assert peak_bytes(whole_app.pid) - before < 180 << 20


@pytest.mark.parametrize("path", ["/api/live", "/_stcore/stream"])
def test_strangers_cannot_fill_the_memory(whole_app: Server, path: str) -> None:
    """Eight times 190 MB at once, without a token: 2 GB were kept."""
    before = peak_bytes(whole_app.pid)

    def push() -> None:
        with open_socket(port_of(whole_app), path) as talk, suppress(ConnectionClosed, OSError):
            talk.send(bytes(190 << 20))

    threads = [threading.Thread(target=push) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Importing torch, which the server does meanwhile, is some of it.
    assert peak_bytes(whole_app.pid) - before < 500 << 20


def peak_bytes(pid: int) -> int:
    """The most memory that a process has ever held."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("needs /proc, which this system does not have")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


@pytest.mark.parametrize("first", ["text", "bytes"])
def test_a_hello_is_short(live_port: int, first: str) -> None:
    n_bytes = limits.MAX_HELLO_BYTES + 1
    with open_socket(live_port, "/api/live") as talk:
        talk.send("x" * n_bytes if first == "text" else bytes(n_bytes))
        assert close_code(talk) in (TOO_BIG, CUT)


def test_the_longest_hello_that_a_page_sends_fits() -> None:
    names = [f"{number:064}" for number in range(2)]
    codecs = [{"key": "é" * limits.MAX_KEY_CHARACTERS, "gauges": names}] * limits.MAX_PARTS
    hello = {"type": "hello", "version": 2, "token": issue_token("s"), "codecs": codecs}
    assert len(json.dumps(hello, ensure_ascii=False).encode()) < limits.MAX_HELLO_BYTES


def test_after_the_hello_a_request_may_be_long_and_no_longer(live_port: int) -> None:
    with Client(live_port, issue_token("s"), ["faces-16"]) as live:
        live.socket.send(bytes(limits.MAX_REQUEST_BYTES))
        assert live.text()["code"] == "frame"  # read, and refused with words
        with suppress(ConnectionClosed):  # in the midst of it
            live.socket.send(bytes(limits.MAX_REQUEST_BYTES + 1))
        assert close_code(live.socket) in (TOO_BIG, CUT)


def test_where_many_are_silent_the_one_that_waited_longest_goes(
    live_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_SOCKETS_WITHOUT_HELLO", 5)
    with ExitStack() as stack:
        silent = [stack.enter_context(open_socket(live_port, "/api/live")) for _ in range(5)]
        with Client(live_port, issue_token("s"), ["faces-16"]) as live:
            assert live.greeting["type"] == "ready"
            assert json.loads(silent[0].recv(timeout=30))["code"] == "hello"
            for talk in silent[1:]:
                with pytest.raises(TimeoutError):
                    talk.recv(timeout=0.01)


def test_who_says_nothing_is_not_waited_for(
    live_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HELLO_TIMEOUT_S", 0.05)
    with open_socket(live_port, "/api/live") as talk:
        assert "in time" in json.loads(talk.recv(timeout=30))["reason"]


def test_a_server_whose_sockets_cannot_be_limited_says_so_in_its_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(name: str, make: Callable[[], bool]) -> bool:
        return make()

    monkeypatch.setattr("zoetrope.live.doors.messages.process_wide", at_once)

    async def receive() -> dict[str, str]:
        return {}

    assert not limit_messages(receive, 1)
    assert "websockets-sansio" in caplog.text
