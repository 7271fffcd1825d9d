"""The live routes of the app: one WebSocket, the browser's modules, and the server's health.

Importing this module imports neither torch nor a model: the first page must not wait for them.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from ae_core.processes import tasks
from zoetrope.live import columns, projections, uploads
from zoetrope.live.assets import MEDIA_TYPES, STATIC, version
from zoetrope.live.doors.messages import limit_messages
from zoetrope.live.doors.open_files import allow_many_open_files
from zoetrope.live.engine.engine import get_engine
from zoetrope.live.shared import process_wide
from zoetrope.live.wire import limits, protocol
from zoetrope.live.wire.connection import Connection
from zoetrope.live.wire.guard import Seats, from_other_origin

# Long enough for the first page to be painted: before UMAP is compiled, which gives way to others,
# and before torch is imported, which does not.
COMPILE_AFTER_S = 4.0
IMPORT_AFTER_S = 8.0
CLEAN_AFTER_S = 60.0
# The compiler waits while a task runs, which somebody waits for: on the first start the drawing and
# encoding of the faces. But not for ever: some tasks take an hour.
COMPILE_WITHIN_S, _LOOK_EVERY_S = 90.0, 1.0
# "0" keeps tests and benchmarks of other things undisturbed; maps then wait for their compiler.
WARM_UP = "ZOETROPE_WARM_UP"


def routes() -> list[BaseRoute]:
    """Routes for `st.App(..., routes=routes())`."""
    return [
        WebSocketRoute("/api/live", LiveSocket()),
        Route("/api/health", health),
        Route("/api/static/{version}/{name:path}", static_module),
        *columns.routes(),
        *uploads.routes(),
    ]


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Import torch, compile UMAP and clean, in the background once the first page is painted."""
    allow_many_open_files()
    in_background = [asyncio.create_task(_warm_up()), asyncio.create_task(_clean_each_hour())]
    yield
    for task in in_background:
        task.cancel()


async def _clean_each_hour() -> None:
    """Sweep what nobody needs, in a process of its own."""
    await asyncio.sleep(CLEAN_AFTER_S)
    from ae_core.cleaning import EVERY_S, start_cleaning  # not before the first page

    while True:
        with suppress(OSError):  # a full disk: the next time
            await asyncio.to_thread(start_cleaning)
        await asyncio.sleep(EVERY_S)


async def _warm_up() -> None:
    compiling = asyncio.create_task(_compile_when_idle())
    try:
        await asyncio.sleep(IMPORT_AFTER_S)
        await asyncio.to_thread(_import_decoders)
        await compiling
    finally:
        compiling.cancel()


async def _compile_when_idle() -> None:
    """Start the worker that makes maps, once no task takes the processor."""
    if os.environ.get(WARM_UP, "1") == "0":
        return
    await asyncio.sleep(COMPILE_AFTER_S)
    deadline_s = time.monotonic() + COMPILE_WITHIN_S
    while time.monotonic() < deadline_s and await asyncio.to_thread(_is_busy):
        await asyncio.sleep(_LOOK_EVERY_S)
    with suppress(OSError):  # who asks for a map is told
        await asyncio.to_thread(projections.service().start)


def _is_busy() -> bool:
    with suppress(OSError):
        return any(task.state == "running" for task in tasks.list_tasks())
    return False


def _import_decoders() -> None:
    import zoetrope.live.engine.decoders  # noqa: F401

    # Streamlit collects garbage after every rerun, and the live path waits for it: a sixth of a
    # second with all that torch brings. What is here now stays; only what comes is looked through.
    gc.collect()
    gc.freeze()


def _seats() -> Seats:
    return process_wide("seats", Seats)


class LiveSocket:
    """Codes in, pictures out; see `zoetrope.live.wire.connection`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        if from_other_origin(socket):
            await socket.close()  # before it is accepted: the handshake is refused with 403
            return
        limit = partial(limit_messages, receive)
        limit(limits.MAX_HELLO_BYTES)
        await socket.accept()
        await Connection(socket, get_engine(), _seats(), limit).serve()


async def health(request: Request) -> Response:
    """Counts since the start; 503 if the engine's worker has died."""
    engine = get_engine().health()
    body = {
        "status": "ok" if engine["worker_alive"] else "failing",
        "protocol": protocol.VERSION,
        "connections": _seats().count(),
        "engine": engine,
    }
    status = 200 if engine["worker_alive"] else 503
    return JSONResponse(body, status, {"Cache-Control": "no-store"})


async def static_module(request: Request) -> Response:
    """One of our modules; any version in the address gives the current one."""
    path = (STATIC / request.path_params["name"]).resolve()
    if not path.is_relative_to(STATIC) or path.suffix not in MEDIA_TYPES or not path.is_file():
        return Response("There is no such module.", 404)
    current = request.path_params["version"] == version()
    cache = "public, max-age=31536000, immutable" if current else "no-cache"
    headers = {"Cache-Control": cache}
    return Response(path.read_bytes(), 200, headers, MEDIA_TYPES[path.suffix])
