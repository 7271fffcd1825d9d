"""The one thread that computes for everybody.

Requests wait in slots, one per connection and channel; a newer request ends the one before it. A
turn serves all interactive requests as few batches, then one slice of one large request, then one
step of one long operation: whatever takes long never keeps a slider waiting for longer.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from ae_core.processes.devices import bound_threads
from zoetrope.live.engine.answers import GaugeFunction, Report, pack_results
from zoetrope.live.engine.counts import Counts
from zoetrope.live.engine.operations import LongOperation, Result, RowOperation
from zoetrope.live.engine.requests import PendingRequest, attempt, settle

if TYPE_CHECKING:
    from zoetrope.live.engine.decoders import Decoder

# Between two intermediate answers to one request; more are not seen, and cost the network.
INTERMEDIATE_S = 0.05

Rows = tuple[PendingRequest, int, NDArray[Any]]  # (request, its part, rows to compute)


@dataclass(frozen=True)
class Turn:
    """What the worker does next, in this order."""

    calls: Sequence[Callable[[], None]]
    ended: Sequence[PendingRequest]
    interactive: Sequence[PendingRequest]
    large: PendingRequest | None
    long: PendingRequest | None
    is_closed: bool

    @property
    def rows(self) -> Sequence[PendingRequest]:
        """Requests of which rows are computed."""
        return self.interactive if self.large is None else [*self.interactive, self.large]

    @property
    def requests(self) -> Sequence[PendingRequest]:
        """All that are served."""
        return self.rows if self.long is None else [*self.rows, self.long]


class Worker:
    """Serves requests whose codecs are loaded.

    Args:
        gauges: Functions by name; more may be added while it runs.
        n_threads: Threads that torch may use.
        counts: Where it counts what it does.
        report: Told of every failure.
    """

    def __init__(
        self,
        gauges: Mapping[str, GaugeFunction],
        n_threads: int,
        counts: Counts,
        report: Report,
    ) -> None:
        self._gauges = gauges
        self._n_threads = n_threads
        self._counts = counts
        self._report = report
        self._wake = threading.Condition()
        self._waiting: OrderedDict[Hashable, PendingRequest] = OrderedDict()
        self._large: tuple[Hashable, PendingRequest] | None = None  # begun, a slice a turn
        self._long: OrderedDict[Hashable, PendingRequest] = OrderedDict()  # a step a turn
        self._ended: list[PendingRequest] = []
        self._calls: list[Callable[[], None]] = []
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="live-worker", daemon=True)
        self._thread.start()

    # From any thread -------------------------------------------------------------------------

    def put(self, slot: Hashable, request: PendingRequest) -> None:
        """Serve a request soon; ends the one of the same slot."""
        with self._wake:
            self._end(slot)
            self._waiting[slot] = request
            self._wake.notify()

    def end(self, slot: Hashable) -> None:
        """Drop what waits or is under way in a slot: nobody wants its answer any more."""
        with self._wake:
            self._end(slot)
            if self._ended:  # else there is nothing to wake up for
                self._wake.notify()

    def call(self, function: Callable[[], Any]) -> Any:
        """What `function` returns or raises, run between two turns; blocks."""
        future: Future[Any] = Future()
        with self._wake:
            if self._is_closed:
                raise RuntimeError("The live engine is closed.")
            self._calls.append(lambda: settle(future, attempt(function)))
            self._wake.notify()
        return future.result()

    @property
    def n_waiting(self) -> int:
        """Requests that are not answered in full."""
        with self._wake:
            return len(self._waiting) + len(self._long) + (self._large is not None)

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop the thread; what waits is not answered."""
        with self._wake:
            self._is_closed = True
            self._wake.notify()
        self._thread.join()

    def _end(self, slot: Hashable) -> None:
        request = self._waiting.pop(slot, None) or self._long.pop(slot, None)
        if self._large is not None and self._large[0] == slot:
            request, self._large = self._large[1], None
        if request is not None:
            request.is_ended = True
            self._ended.append(request)
            self._counts.add("replaced")

    # In the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        is_bounded = False
        while True:
            turn = self._next_turn()
            if not is_bounded and not turn.is_closed:
                # Here, in this thread, once: whoever called has had torch imported by a loader.
                bound_threads(self._n_threads)
                is_bounded = True
            for call in turn.calls:
                call()
            for request in turn.ended:
                if request.steps is not None:
                    self._close_steps(request)
            if turn.is_closed:
                return
            failure = attempt(lambda turn=turn: self._serve(turn))  # type: ignore[misc]
            if isinstance(failure, Exception):  # not even a bug ends the thread that serves all
                self._report(failure)
                for request in turn.requests:
                    self._finish(request, failure)

    def _serve(self, turn: Turn) -> None:
        self._serve_rows(turn.rows)
        if turn.long is not None:
            self._advance(turn.long)

    def _next_turn(self) -> Turn:
        """Wait until there is something to do."""
        with self._wake:
            while not self._has_work():
                self._wake.wait()
            waiting, self._waiting = self._waiting, OrderedDict()
            interactive = []
            for slot, request in waiting.items():
                if request.is_interactive:
                    interactive.append(request)
                elif request.operation.is_long:
                    self._long[slot] = request
                elif self._large is None:
                    self._large = (slot, request)
                else:
                    self._waiting[slot] = request
            calls, self._calls = self._calls, []
            ended, self._ended = self._ended, []
            large = self._large[1] if self._large else None
            long = self._next_long()
        return Turn(calls, ended, interactive, large, long, self._is_closed)

    def _has_work(self) -> bool:
        begun = self._large is not None or bool(self._long)
        return bool(begun or self._waiting or self._calls or self._ended or self._is_closed)

    def _next_long(self) -> PendingRequest | None:
        if not self._long:
            return None
        slot = next(iter(self._long))
        self._long.move_to_end(slot)
        return self._long[slot]

    # Rows ------------------------------------------------------------------------------------

    def _serve_rows(self, requests: Sequence[PendingRequest]) -> None:
        """Compute all slices of interactive requests and the next one of a large request."""
        batches: dict[tuple[RowOperation, Decoder], list[Rows]] = {}
        for request in requests:
            refusal = attempt(request.start)
            if isinstance(refusal, Exception):
                self._finish(request, refusal)
                continue
            due = request.slices[: None if request.is_interactive else 1]
            request.slices = request.slices[len(due) :]
            assert isinstance(request.operation, RowOperation)
            for number, start, stop in due:
                part = request.parts[number]
                batch = (request.operation, request.decoders[part.key])
                rows = (request, number, part.array[start:stop])
                batches.setdefault(batch, []).append(rows)
        for (operation, decoder), rows_of_requests in batches.items():
            self._compute(operation, decoder, rows_of_requests)
        for request in requests:
            if not request.slices and not request.is_ended:
                self._finish(request, attempt(lambda request=request: self._pack_rows(request)))  # type: ignore[misc]

    def _compute(
        self, operation: RowOperation, decoder: Decoder, rows_of_requests: Sequence[Rows]
    ) -> None:
        """Compute the rows of many requests as one batch; if it fails, so do they."""
        rows = np.concatenate([rows for _, _, rows in rows_of_requests])
        began_s = time.perf_counter()
        results = attempt(lambda: operation.run(decoder, rows))
        spent_s = time.perf_counter() - began_s
        requests = {id(request): request for request, _, _ in rows_of_requests}.values()
        if isinstance(results, Exception):
            self._report(results)
            for request in requests:
                self._finish(request, results)
            return
        self._counts.add("batches")
        self._counts.add("rows", len(results))
        first = 0
        for request, number, rows in rows_of_requests:
            request.rows[number].append(results[first : first + len(rows)])
            first += len(rows)
        for request in requests:
            request.compute_s += spent_s

    def _pack_rows(self, request: PendingRequest) -> bytes:
        assert isinstance(request.operation, RowOperation)
        results = [
            Result(number, request.operation.gives(request.decoders[part.key]), array)
            for number, part in enumerate(request.parts)
            for array in [request.computed(number)]
        ]
        return self._pack(request, results, is_final=True)

    # Steps -----------------------------------------------------------------------------------

    def _advance(self, request: PendingRequest) -> None:
        """One step of a long operation; its answer, where one is due."""
        began_s = time.perf_counter()
        outcome = attempt(lambda: self._step(request))
        now_s = time.perf_counter()
        request.compute_s += now_s - began_s
        if isinstance(outcome, Exception):
            if not isinstance(outcome, LatentInputError):
                self._report(outcome)
            self._finish(request, outcome)
            return
        results, is_final = outcome
        is_due = is_final or (results and now_s - request.answered_s >= INTERMEDIATE_S)
        if not is_due or request.is_ended:
            return
        answer = attempt(lambda: self._pack(request, results, is_final=is_final))
        if is_final or isinstance(answer, Exception):
            self._finish(request, answer)
            self._close_steps(request)
        else:
            request.answered_s = now_s
            self._reply(request, answer)

    def _step(self, request: PendingRequest) -> tuple[Sequence[Result] | None, bool]:
        """Results of the next step, None where it has none to show; and whether it is the last."""
        if request.steps is None:
            request.start()
            assert isinstance(request.operation, LongOperation)
            inputs = [(request.decoders[part.key], part) for part in request.parts]
            request.steps = request.operation.steps(inputs)
        try:
            return next(request.steps), False
        except StopIteration as end:
            return end.value, True

    def _close_steps(self, request: PendingRequest) -> None:
        assert request.steps is not None
        failure = attempt(request.steps.close)
        if isinstance(failure, Exception):
            self._report(failure)

    # Answers ---------------------------------------------------------------------------------

    def _pack(self, request: PendingRequest, results: Sequence[Result], *, is_final: bool) -> bytes:
        return pack_results(
            request, results, is_final=is_final, gauges=self._gauges, report=self._report
        )

    def _finish(self, request: PendingRequest, result: bytes | Exception) -> None:
        """The last answer to a request, unless it was ended meanwhile."""
        with self._wake:
            if request.is_ended:
                return
            request.is_ended = True
            if self._large is not None and self._large[1] is request:
                self._large = None
            for slot in [slot for slot, other in self._long.items() if other is request]:
                del self._long[slot]
        self._reply(request, result)

    def _reply(self, request: PendingRequest, result: bytes | Exception) -> None:
        """Hand an answer over; whoever cannot take it is alone in that."""
        failure = attempt(lambda: request.reply(result))
        if isinstance(failure, Exception):
            self._report(failure)
