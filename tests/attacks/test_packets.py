"""Small answers are not held back; on the socket that Streamlit makes they were, for 40 ms each."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from websockets.exceptions import InvalidStatus

from tests.attacks.over_http import ask, open_socket
from zoetrope.live.doors.entrance import Entrance


async def tell_delay(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer whether the connection sends at once; to a socket too, which is refused with it."""
    transport = receive.__self__.transport  # type: ignore[attr-defined]
    plain = transport.get_extra_info("socket")
    answer = str(plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    await PlainTextResponse(answer)(scope, receive, send)


@pytest.fixture
def port() -> Iterator[int]:
    """An app behind the entrance, on a socket made as Streamlit makes its own."""
    with socket.socket(socket.AF_INET) as listener:
        listener.bind(("127.0.0.1", 0))
        app = Entrance(tell_delay, (), ())
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="websockets-sansio")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
        yield int(listener.getsockname()[1])
        server.should_exit = True
        thread.join(10)


def test_answers_go_out_at_once(port: int) -> None:
    assert ask(port).text == "1"


def test_frames_go_out_at_once(port: int) -> None:
    with pytest.raises(InvalidStatus) as refusal, open_socket(port, "/"):
        pass
    assert refusal.value.response.body == b"1"
