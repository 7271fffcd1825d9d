"""How many requests the binary routes take at once, how often, and in which threads.

Each session has a few places a route, given back when its answer has been sent, and so many
requests a second; whoever asks for more is told when to come again. What has a place waits for one
of a few threads that are these routes' own and step back behind the live path: nobody else waits
for them, neither Streamlit's threads nor the engine's.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

from ae_core.processes.priority import lower_priority_of_thread
from zoetrope.live.wire import limits
from zoetrope.live.wire.limits import RouteLimit

# Sessions and routes whose rate is remembered; whoever is forgotten begins anew.
_MOST_REMEMBERED = 4096

Result = TypeVar("Result")


class BusyError(Exception):
    """There is no place now; the text says why.

    Attributes:
        retry_after_s: Whole seconds after which to ask again.
    """

    def __init__(self, reason: str, retry_after_s: float = 1.0) -> None:
        super().__init__(f"{reason} Try again in a moment.")
        self.retry_after_s = max(1, math.ceil(retry_after_s))


class Credit:
    """So many requests without a pause, and so many a second in the long run."""

    def __init__(self, limit: RouteLimit, now_s: float) -> None:
        self._limit = limit
        self._left = float(limit.burst)
        self._seen_s = now_s

    def take(self, now_s: float) -> float:
        """Take one and return 0, or the seconds until there is one."""
        earned = (now_s - self._seen_s) * self._limit.per_s
        self._left = min(self._left + earned, self._limit.burst)
        self._seen_s = now_s
        if self._left < 1:
            return (1 - self._left) / self._limit.per_s
        self._left -= 1
        return 0.0


class Places:
    """Places of all sessions; used from the event loop's thread alone.

    Args:
        route_limits: What each route takes of one session.
        clock: Seconds; a test's own.
    """

    def __init__(
        self,
        route_limits: dict[str, RouteLimit] = limits.ROUTE_LIMITS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = route_limits
        self._clock = clock
        self._taken: Counter[tuple[str, str]] = Counter()
        self._credits: OrderedDict[tuple[str, str], Credit] = OrderedDict()

    @contextmanager
    def place(self, route: str, session: str) -> Iterator[None]:
        """Hold one of the session's places while an answer is made and sent.

        Raises:
            BusyError: All are taken, or the session asks too often.
        """
        key, limit = (route, session), self._limits[route]
        if self._taken.total() >= limits.MAX_ROUTE_ANSWERS:
            raise BusyError(f"The server is sending {limits.MAX_ROUTE_ANSWERS} answers, its most.")
        if self._taken[key] >= limit.at_once:
            raise BusyError(
                f"{limit.at_once} of this session's requests for {route} are under way."
            )
        wait_s = self._credit(key, limit).take(self._clock())
        if wait_s > 0:
            raise BusyError(f"At most {limit.per_s:g} requests for {route} a second.", wait_s)
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]

    def _credit(self, key: tuple[str, str], limit: RouteLimit) -> Credit:
        credit = self._credits.setdefault(key, Credit(limit, self._clock()))
        self._credits.move_to_end(key)
        if len(self._credits) > _MOST_REMEMBERED:
            self._credits.popitem(last=False)
        return credit


class Threads:
    """A few threads of low priority, and a bounded number of requests that wait for them.

    Attributes:
        n_calls: Calls that wait or are computed now.
    """

    def __init__(self, name: str, n_threads: int, most_calls: int) -> None:
        self._pool = ThreadPoolExecutor(n_threads, name, initializer=lower_priority_of_thread)
        self._most_calls = most_calls
        self.n_calls = 0

    async def begin(self, function: Callable[[], Result]) -> Result:
        """What `function` returns or raises.

        Raises:
            BusyError: Too many requests wait.
        """
        if self.n_calls >= self._most_calls:
            raise BusyError(f"{self.n_calls} requests wait for the server's threads.")
        return await self.go_on(function)

    async def go_on(self, function: Callable[[], Result]) -> Result:
        """The same for an answer that has begun: it is never refused."""
        loop = asyncio.get_running_loop()
        self.n_calls += 1
        future = self._pool.submit(function)
        # Not when the client has left and nobody waits any more: when the thread is free again.
        future.add_done_callback(lambda _: self._one_less(loop))
        return await asyncio.wrap_future(future)

    def _one_less(self, loop: asyncio.AbstractEventLoop) -> None:
        def count() -> None:
            self.n_calls -= 1

        with suppress(RuntimeError):  # the server has stopped and its loop is closed
            loop.call_soon_threadsafe(count)
