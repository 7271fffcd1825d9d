"""The middleware before everything: whom it is for, who asks, how long it is, and what goes back.

Plain ASGI: a frame of the live socket passes through nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoetrope.live.doors.headers import security_headers
from zoetrope.live.doors.hosts import HOSTS_VARIABLE, chosen_names, is_answered, name_in
from zoetrope.live.doors.messages import limit_messages
from zoetrope.live.doors.packets import send_at_once
from zoetrope.live.doors.page_uploads import PageUploads
from zoetrope.live.wire import limits
from zoetrope.live.wire.guard import from_other_origin

_READS = ("GET", "HEAD")
Header = tuple[bytes, bytes]
Refusal = tuple[int, str]  # HTTP status, and what to tell


class Entrance:
    """Lets in what is meant for this server and comes from its own pages.

    Args:
        app: Everything behind it.
        names: Names that are answered beside this machine's own.
        headers: What every answer carries; an answer's own header of that name stays.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], headers: Sequence[Header]) -> None:
        self._app = app
        self._names = names
        self._headers = headers
        self._n_sockets = 0
        self._page_uploads = PageUploads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        send_at_once(receive)
        refusal = self._refusal(scope)
        if refusal is not None:
            status, reason = refusal
            headers = {name.decode(): value.decode() for name, value in self._headers}
            answer = PlainTextResponse(reason, status, headers)
            await answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._open_socket(scope, receive, send)
        else:
            with self._page_uploads.counted(scope):
                await self._answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        connection = HTTPConnection(scope)
        return (
            _too_long(scope)
            or self._not_meant_for_us(connection)
            or _from_elsewhere(connection)
            or self._full(scope)
        )

    def _not_meant_for_us(self, connection: HTTPConnection) -> Refusal | None:
        told = connection.headers.getlist("host")
        name = name_in(told[0]) if len(told) == 1 else None
        address, port = connection.scope.get("server") or ("", None)
        if name is not None and is_answered(name, self._names, address):
            return None
        if name is None:
            return (
                400,
                "The request must say in `Host` which one server it is meant for.",
            )
        return 403, (
            f'This server does not answer to the name "{name[:100]}". If it should, start it with '
            f"{HOSTS_VARIABLE}={name[:100]} (several names: a comma between them). On this machine "
            f"it is http://localhost:{port}."
        )

    def _full(self, scope: Scope) -> Refusal | None:
        if scope["type"] == "websocket" and self._n_sockets >= limits.MAX_SOCKETS:
            return 503, f"The server has {limits.MAX_SOCKETS} sockets open, its most: try later."
        full = self._page_uploads.refusal(scope)
        return None if full is None else (503, full)

    async def _open_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit_messages(receive, limits.MAX_PAGE_MESSAGE_BYTES)
        self._n_sockets += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._n_sockets -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                own = message.get("headers", [])
                names = {name.lower() for name, _ in own}
                added = [header for header in self._headers if header[0] not in names]
                message["headers"] = [*own, *added]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            if not has_begun:  # whoever is outside of us would answer without the headers
                words = PlainTextResponse(
                    "The server failed on this request: its log says why.", 500
                )
                await words(scope, receive, send_with_headers)
            raise


def _too_long(scope: Scope) -> Refusal | None:
    n_path, n_query = len(scope.get("raw_path") or b""), len(scope["query_string"])
    if n_path <= limits.MAX_PATH_BYTES and n_query <= limits.MAX_QUERY_BYTES:
        return None
    return 414, (
        f"The address is too long: its path has {n_path} bytes of {limits.MAX_PATH_BYTES}, its "
        f"query {n_query} of {limits.MAX_QUERY_BYTES}."
    )


def _from_elsewhere(connection: HTTPConnection) -> Refusal | None:
    """Refuse sockets and changes that another site's page asks for.

    Streamlit takes sockets from every page on "localhost", whatever its port, and looks up this
    machine's outside address on the internet to compare others with; neither happens here.
    """
    reads = connection.scope["type"] == "http" and connection.scope["method"] in _READS
    if reads or not from_other_origin(connection):
        return None
    origin, host = connection.headers.get("origin", ""), connection.headers.get("host", "")
    return 403, (
        f"Requests from pages of another origin are refused: the page is {origin[:100]!a}, this "
        f"server was asked for as {host[:100]!a}. A proxy before it must pass `Host` on unchanged."
    )


def middleware() -> list[Middleware]:
    """The entrance for `st.App(..., middleware=middleware())`.

    Raises:
        ConfigError: `ZOETROPE_HOSTS` is wrong: better told now than at the first request.
    """
    return [Middleware(_entrance, chosen_names())]


def _entrance(app: ASGIApp, chosen: frozenset[str]) -> Entrance:
    """Made with the first request: when this is imported, Streamlit has not read its settings."""
    import streamlit as st

    address = name_in(str(st.get_option("server.address") or ""))
    index = Path(st.__file__).parent / "static" / "index.html"
    names = chosen | ({address} if address else set())
    return Entrance(app, names, security_headers(index))


__all__ = ["Entrance", "middleware"]
