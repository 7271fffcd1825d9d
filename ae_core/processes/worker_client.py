"""The app's side of a warm worker: request once, watch, cancel; a dead worker is replaced.

Nothing here waits for the worker: it may be stopped or hang, and pages look at it twice a second.
The worker's side, and the lines that travel, are in `ae_core.processes.requests`.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from ae_core.processes.failures import explain_error, explain_exit
from ae_core.processes.lines import Message
from ae_core.processes.once import ACTIVE, is_to_start
from ae_core.processes.progress import Estimate
from ae_core.processes.worker_process import WorkerProcess, WorkerProgram

State = Literal["queued", "warming", "running", "done", "failed", "cancelled"]

# A worker that has not done one request in so many starts in a row is given up.
MOST_STARTS = 3
# Pause before a worker that died is started again; doubled with every start in a row.
BACK_OFF_S = 0.25
# A worker answers a cancel at once, from a thread of its own, and stops at its next report. One
# that does not is replaced: it is stopped, or hangs in a library.
ANSWERS_WITHIN_S = 10.0
STOPS_WITHIN_S = 60.0
_CLOSES_WITHIN_S = 10.0


@dataclass(frozen=True)
class RequestState:
    """What is known about one request.

    Attributes:
        key: Name of the request, and of its result on disk.
        state: "warming" means that it waits for the worker to be warm.
        progress: Share done, in [0, 1].
        seconds_left: Estimate; None while there is nothing to estimate from.
        message: What is being done; for "failed", what went wrong and what to do.
        n_partial: Grows by one whenever an unfinished result lies on disk anew.
    """

    key: str
    state: State
    progress: float = 0.0
    seconds_left: float | None = None
    message: str = ""
    n_partial: int = 0

    @property
    def is_active(self) -> bool:
        """Whether it may still change by itself."""
        return self.state in ACTIVE

    @property
    def is_waiting(self) -> bool:
        """Whether the worker has not begun it: another one can do it as well."""
        return self.state in ("queued", "warming")


@dataclass
class _SentRequest:
    """A request as it was sent, and how it stands.

    Attributes:
        is_answered: Set when the worker has heard that it was taken back.
        is_over: Set when the worker is done with it.
    """

    id: str
    message: Message
    state: RequestState
    estimate: Estimate = field(default_factory=Estimate)
    is_answered: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)

    def end(self) -> None:
        """The worker has nothing to do with it any more."""
        self.is_answered.set()
        self.is_over.set()


class WorkerClient:
    """One worker process for all sessions; safe to call from any thread."""

    def __init__(
        self,
        program: WorkerProgram,
        *,
        on_start: Callable[[], None],
        on_event: Callable[[Message], None],
    ) -> None:
        """Nothing is started yet.

        Args:
            program: The worker.
            on_start: Called when a new process is there, before anything is sent to it.
            on_event: Gets the worker's events that are about no request.
        """
        self._program, self._on_start, self._on_event = program, on_start, on_event
        self._lock = threading.RLock()  # held for as long as a process takes to start, no longer
        self._requests: dict[str, _SentRequest] = {}  # by key, the newest of that key
        self._in_worker: dict[str, _SentRequest] = {}  # by id, until the worker is done with it
        self._process: WorkerProcess | None = None
        self._n_starts = 0  # in a row without a request done
        self._next_start: threading.Timer | None = None
        self._numbers = itertools.count(1)

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Start the worker if it is not running, nor about to be started again.

        Raises:
            OSError: The process cannot be started.
        """
        with self._lock:
            if self._process is None and self._next_start is None:
                self._start_process()

    def ask_once(
        self,
        key: str,
        kind: str,
        make_inputs: Callable[[], Message],
        is_done: Callable[[], bool],
        *,
        fresh: bool = False,
    ) -> RequestState:
        """Ask for a result; the same key is one request, whoever asks and however often.

        Args:
            key: Name of the request and of its result.
            kind: What the worker is to do.
            make_inputs: What it needs; called where the worker has to be asked, and may raise.
            is_done: Whether the result lies on disk.
            fresh: Try again what failed or was cancelled before.
        """
        state = self._settled(key, is_done, fresh=fresh)
        if state is not None:
            return state
        inputs = make_inputs()
        with self._lock:
            # somebody else may have asked, and been answered, since
            state = self._settled(key, is_done, fresh=fresh)
            return state if state is not None else self._ask(key, kind, inputs)

    def state(self, key: str) -> RequestState | None:
        """What is known about a request, without asking for it."""
        with self._lock:
            request = self._requests.get(key)
            return None if request is None else _with_estimate(request)

    def cancel(self, key: str) -> None:
        """Stop a request; it counts as cancelled at once, and a worker that goes on is replaced."""
        with self._lock:
            request, process = self._requests.get(key), self._process
            if request is None or not request.state.is_active:
                return
            was_running = not request.state.is_waiting
            request.state = _cancelled(request.state)
            if process is None or request.id not in self._in_worker:
                return
            process.send({"cancel": request.id})
        arguments = (process, request, was_running)
        threading.Thread(target=_see_it_stop, args=arguments, daemon=True).start()

    def forget(self, key: str) -> None:
        """Forget how a request ended, so that the next one tries again."""
        with self._lock:
            request = self._requests.get(key)
            if request is not None and not request.state.is_active:
                del self._requests[key]

    def send(self, message: Message) -> None:
        """Have a message written to the worker, if there is one that reads."""
        with self._lock:
            if self._process is not None:
                self._process.send(message)

    def close(self) -> None:
        """End the worker; requests in it count as cancelled."""
        with self._lock:
            process, self._process = self._process, None
            if self._next_start is not None:
                self._next_start.cancel()
                self._next_start = None
            for request in self._requests.values():
                if request.state.is_active:
                    request.state = _cancelled(request.state)
            self._leave_worker()
        if process is not None:
            process.close(timeout_s=_CLOSES_WITHIN_S)

    def _settled(
        self, key: str, is_done: Callable[[], bool], *, fresh: bool
    ) -> RequestState | None:
        """The state of what need not be asked for: it goes on, is done, or is not to be retried."""
        with self._lock:
            request = self._requests.get(key)
            if request is not None and not is_to_start(request.state.state, fresh=fresh):
                return _with_estimate(request)
        return RequestState(key, "done", 1.0) if is_done() else None

    def _ask(self, key: str, kind: str, inputs: Message) -> RequestState:
        number = str(next(self._numbers))
        message = {"id": number, "kind": kind, "inputs": inputs}
        state = RequestState(key, "queued", message="waiting for its turn")
        request = self._requests[key] = _SentRequest(number, message, state)
        if self._process is not None:
            self._send_request(self._process, request)
        elif self._next_start is None:  # else it is sent with the others when that time comes
            self._start_or_say_why()
        return request.state

    # Starting ----------------------------------------------------------------------------------

    def _start_or_say_why(self) -> None:
        """Start the worker; where that is impossible, all that waits has failed."""
        try:
            self._start_process()
        except OSError as error:
            self._fail_waiting(
                f"The worker cannot be started. {explain_error(error, self._program.remedy)}"
            )

    def _start_process(self) -> None:
        """Start the worker and send it all that waits."""
        process = WorkerProcess(self._program, on_message=self._take_in, on_exit=self._report_exit)
        self._process, self._n_starts = process, self._n_starts + 1
        self._on_start()
        for request in self._waiting():
            self._send_request(process, request)

    def _send_request(self, process: WorkerProcess, request: _SentRequest) -> None:
        try:
            is_sent = process.send(request.message)
            why = (
                f"{self._program.name} takes in no more requests: cancel some, or try again later."
            )
        except ValueError as error:
            is_sent, why = False, f"The request cannot be sent. {error}"
        if is_sent:
            self._in_worker[request.id] = request
        else:
            request.state = replace(request.state, state="failed", message=why)

    def _waiting(self) -> list[_SentRequest]:
        """Requests that no worker has begun, in the order in which they came."""
        waiting = [request for request in self._requests.values() if request.state.is_waiting]
        return sorted(waiting, key=lambda request: int(request.id))

    def _fail_waiting(self, why: str) -> None:
        for request in self._waiting():
            request.state = replace(request.state, state="failed", message=why)

    def _start_again(self) -> None:
        """The pause after a death is over."""
        with self._lock:
            if self._next_start is None:
                return  # closed meanwhile
            self._next_start = None
            if self._waiting():
                self._start_or_say_why()

    # Told by the worker's threads -----------------------------------------------------------------

    def _take_in(self, process: WorkerProcess, event: Message) -> None:
        """An event of the worker; raises KeyError, TypeError or ValueError where it is none."""
        with self._lock:
            if process is not self._process:
                return
            if "id" not in event:
                self._on_event(event)
                return
            request = self._in_worker.get(event["id"])
            if request is None:
                return
            _apply_event(request, event)
            if event["event"] == "cancelling":
                request.is_answered.set()
            if event["event"] in ("done", "failed", "cancelled"):
                self._n_starts = 0
                del self._in_worker[request.id]
                request.end()

    def _report_exit(self, process: WorkerProcess, returncode: int) -> None:
        """The worker is dead: what it did has failed, what waited goes to a new worker."""
        with self._lock:
            if process is not self._process:
                return
            self._process = None
            self._leave_worker()
            why = explain_exit(returncode, self._program.remedy, process=self._program.name)
            for request in self._requests.values():
                if request.state.is_waiting:
                    request.state = replace(request.state, state="queued", seconds_left=None)
                elif request.state.is_active:
                    request.state = replace(request.state, state="failed", message=why)
            self._start_later_or_give_up(returncode)

    def _start_later_or_give_up(self, returncode: int) -> None:
        """After a death: a new worker for what waits, unless three in a row have done nothing."""
        n_starts = self._n_starts
        if not self._waiting():
            self._n_starts = 0
        elif n_starts < MOST_STARTS:
            self._next_start = threading.Timer(BACK_OFF_S * 2**n_starts, self._start_again)
            self._next_start.daemon = True
            self._next_start.start()
        else:
            self._n_starts = 0  # a later request is a new attempt
            name = f"{self._program.name}, started {n_starts} times in a row without success,"
            self._fail_waiting(explain_exit(returncode, self._program.remedy, process=name))

    def _leave_worker(self) -> None:
        """Nothing is in a worker any more: who waits for its answers need not."""
        for request in self._in_worker.values():
            request.end()
        self._in_worker.clear()


def _see_it_stop(process: WorkerProcess, request: _SentRequest, was_running: bool) -> None:
    """Kill a worker that does not answer a cancel, or goes on with what was taken back."""
    is_obeyed = request.is_answered.wait(ANSWERS_WITHIN_S)
    if is_obeyed and was_running:
        is_obeyed = request.is_over.wait(STOPS_WITHIN_S)
    if not is_obeyed:
        process.kill()  # `_report_exit` starts another one for what waits


def _cancelled(state: RequestState) -> RequestState:
    return replace(state, state="cancelled", message="cancelled")


def _apply_event(request: _SentRequest, event: Message) -> None:
    """An event to the state of its request; raises where it is none."""
    state, kind = request.state, event["event"]
    if not state.is_active:
        return  # cancelled here already
    if kind == "started":
        request.estimate = Estimate()
        request.state = replace(state, state="running", message="starting")
    elif kind == "warm-up":
        seconds_left, message = _number(event["seconds_left"]), str(event["message"])
        request.state = replace(state, state="warming", seconds_left=seconds_left, message=message)
    elif kind == "progress":
        progress, message = min(_number(event["fraction"]), 1.0), str(event["message"])
        request.estimate.observe(progress, time.monotonic())
        request.state = replace(state, state="running", progress=progress, message=message)
    elif kind == "partial":
        request.state = replace(state, n_partial=state.n_partial + 1)
    elif kind in ("done", "failed", "cancelled"):
        progress = 1.0 if kind == "done" else state.progress
        message = str(event.get("message", kind))
        request.state = replace(state, state=kind, progress=progress, message=message)


def _number(value: object) -> float:
    """A finite number, at least 0; raises TypeError or ValueError where it is none."""
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError(f"{number} is no finite number")
    return max(number, 0.0)


def _with_estimate(request: _SentRequest) -> RequestState:
    state = request.state
    if state.state != "running":
        return state
    left = request.estimate.seconds_left(time.monotonic())
    return replace(state, seconds_left=None if left is None else round(left, 1))
