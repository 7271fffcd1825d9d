"""Large files come in over a route of their own: from the network to disk, piece by piece.

Streamlit's uploader keeps a file in the server's memory for as long as its session lives.
"""

from __future__ import annotations

import asyncio
from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ae_core.data.limits import MAX_UPLOAD_BYTES, MAX_UPLOADS_AT_ONCE, UPLOAD_MIB_S
from ae_core.data.uploads import check_room, new_upload
from ae_core.errors import AeCoreError
from zoetrope.live.doors.refusals import RefusedError
from zoetrope.live.shared import process_wide
from zoetrope.live.wire.guard import require_token
from zoetrope.live.wire.tokens import TokenError

ADDRESS = "api/upload"
_PIECE_BYTES = 2**20


class Seats:
    """Who is uploading: one upload a session, and a few in all."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        # threads of their own: whoever drags a slider does not wait for a slow disk
        self.threads = CapacityLimiter(2)

    def take(self, session: str) -> None:
        """Take a seat.

        Raises:
            RefusedError: There is none.
        """
        if session in self._taken:
            raise RefusedError(429, "An upload of this page is under way: wait, or cancel it.")
        if len(self._taken) >= MAX_UPLOADS_AT_ONCE:
            raise RefusedError(
                503, f"{MAX_UPLOADS_AT_ONCE} people are uploading, the most at once: try again."
            )
        self._taken.add(session)

    def leave(self, session: str) -> None:
        """Give a seat back."""
        self._taken.discard(session)


def routes() -> list[BaseRoute]:
    """Routes for the server, beside the live socket's."""
    return [Route("/api/upload", upload, methods=["POST"])]


async def upload(request: Request) -> Response:
    """Take the body as the file `?name=`; answer what to call it, as JSON `{"upload": ...}`."""
    try:
        session = require_token(request)
        n_bytes = _announced(request)
        seats = process_wide("upload seats", Seats)
        seats.take(session)
        try:
            name = await _receive(request, session, n_bytes, seats.threads)
        finally:
            seats.leave(session)
    except TokenError as error:
        return Response(str(error), 403)
    except RefusedError as error:
        return Response(str(error), error.status)
    except AeCoreError as error:
        return Response(str(error), 400)
    except ClientDisconnect:
        return Response("Cancelled.", 400)  # nobody reads it
    except OSError as error:
        reason = f"The server cannot keep the file ({error.strerror or error}): is its disk full?"
        return Response(reason, 507)
    return JSONResponse({"upload": name}, headers={"Cache-Control": "no-store"})


def _announced(request: Request) -> int:
    """The size that the browser announces; what comes beyond it is never read."""
    text = request.headers.get("content-length", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise RefusedError(411, "The size of the file must be announced.")
    if int(text) > MAX_UPLOAD_BYTES:
        raise RefusedError(
            413,
            f"The file has {int(text) / 2**20:,.0f} MiB; at most {MAX_UPLOAD_BYTES >> 20:,}: add "
            "fewer pictures, or ask whoever runs this server to use `python -m ae_core add`.",
        )
    return int(text)


async def _receive(request: Request, session: str, n_bytes: int, threads: CapacityLimiter) -> str:
    """Write the body to a file of its own; its name."""
    await to_thread.run_sync(check_room, n_bytes, limiter=threads)
    with new_upload(session, request.query_params.get("name", "")) as (name, file):
        n_found = await _write(request, file, threads)
        if n_found != n_bytes:
            raise RefusedError(400, "The file did not arrive whole: send it again.")
    return name


async def _write(request: Request, file: BinaryIO, threads: CapacityLimiter) -> int:
    """Write what comes; how many bytes that were."""
    pieces, n_held, n_found = [], 0, 0
    stream, clock = aiter(request.stream()), asyncio.get_running_loop().time
    due = clock() + UPLOAD_MIB_S
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream, None), due - clock())
        except TimeoutError:
            raise RefusedError(408, "Too little came in a minute: send the file again.") from None
        if piece:
            pieces.append(piece)
            n_held += len(piece)
        if n_held >= _PIECE_BYTES or piece is None:
            await to_thread.run_sync(file.write, b"".join(pieces), limiter=threads)
            n_found += n_held
            pieces, n_held, due = [], 0, clock() + UPLOAD_MIB_S
        if piece is None:
            return n_found
