"""Who may talk to the live routes, and how much."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from zoetrope.live.wire import limits
from zoetrope.live.wire.tokens import TokenError, read_token


def from_other_origin(connection: HTTPConnection) -> bool:
    """Whether a browser says that a page of another origin makes this request.

    Browsers send `Origin` with every WebSocket handshake and let no page forge it; programs
    without a browser send none, and have no session of somebody else to abuse.
    """
    origin = connection.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != connection.headers.get("host")


def require_token(connection: HTTPConnection) -> str:
    """The session hash in the query parameter `token`, for binary HTTP routes.

    Raises:
        TokenError: The request is from another origin, or its token is not valid.
    """
    if from_other_origin(connection):
        raise TokenError("Requests from pages of another origin are refused.")
    return read_token(connection.query_params.get("token", ""))


class Seats:
    """Counts open connections, all together and of each session, and those without a hello yet."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._waiting: deque[asyncio.Timeout] = deque()  # who has waited longest comes first

    @asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Wait for a hello inside: for `HELLO_TIMEOUT_S`, or until too many others wait too.

        An honest browser says hello at once. So where strangers hold all places, the one that has
        said nothing for longest goes, and whoever comes still gets in.

        Raises:
            TimeoutError: None came.
        """
        async with asyncio.timeout(limits.HELLO_TIMEOUT_S) as timeout:
            self._waiting.append(timeout)
            if len(self._waiting) > limits.MAX_SOCKETS_WITHOUT_HELLO:
                self._waiting.popleft().reschedule(0)
            try:
                yield
            finally:
                with suppress(ValueError):  # it has gone already
                    self._waiting.remove(timeout)

    def take(self, session: str) -> str | None:
        """Take a seat; the reason where there is none."""
        if self._taken.total() >= limits.MAX_CONNECTIONS:
            most = limits.MAX_CONNECTIONS
            return f"The server has {most} live connections, its most: try again later."
        if self._taken[session] >= limits.MAX_CONNECTIONS_OF_A_SESSION:
            most = limits.MAX_CONNECTIONS_OF_A_SESSION
            return f"This session has {most} live connections, its most: close a tab."
        self._taken[session] += 1
        return None

    def leave(self, session: str) -> None:
        """Give a seat back."""
        self._taken[session] -= 1
        if self._taken[session] <= 0:
            del self._taken[session]

    def count(self) -> int:
        """Connections now."""
        return self._taken.total()


class Throttle:
    """Slows a sender down to `MESSAGES_PER_S`, with `MESSAGES_AT_ONCE` to spare.

    Reading later is better than refusing: the sender's own buffers fill, and an honest client on
    a fast screen loses nothing.
    """

    def __init__(self) -> None:
        self._credit = limits.MESSAGES_AT_ONCE
        self._seen_s = time.monotonic()

    def delay_s(self) -> float:
        """How long to wait before the next message is read."""
        now_s = time.monotonic()
        self._credit += (now_s - self._seen_s) * limits.MESSAGES_PER_S
        self._credit = min(self._credit, limits.MESSAGES_AT_ONCE) - 1
        self._seen_s = now_s
        return max(0.0, -self._credit / limits.MESSAGES_PER_S)
