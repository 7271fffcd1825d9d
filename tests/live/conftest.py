"""A live server without Streamlit, in a thread, with untrained codecs."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette

from benchmarks.stand_ins import StandInSource
from zoetrope.live import routes
from zoetrope.live.engine.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine of its own, on the CPU."""
    made = Engine(StandInSource(), device="cpu")
    yield made
    made.close()


@pytest.fixture
def live_port(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Port of a server on 127.0.0.1 with the live routes, around `engine`."""
    # By name: `zoetrope.live.routes` as an attribute is the function that makes the routes.
    monkeypatch.setattr(sys.modules["zoetrope.live.routes"], "get_engine", lambda: engine)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
        config = uvicorn.Config(
            Starlette(routes=routes()), log_level="warning", ws="websockets-sansio"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
        yield port
        server.should_exit = True
        thread.join(10)
