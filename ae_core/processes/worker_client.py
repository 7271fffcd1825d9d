"""The app's side of a warm worker: request once, watch, cancel; a dead worker is replaced.

The worker's side, and the lines that travel, are in `ae_core.processes.requests`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ae_core.processes.detached import start_worker
from ae_core.processes.failures import Remedy, explain_error, explain_exit
from ae_core.processes.once import ACTIVE, is_to_start

State = Literal["queued", "warming", "running", "done", "failed", "cancelled"]
Message = dict[str, Any]


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


@dataclass
class _SentRequest:
    """A request as it was sent, and how it stands."""

    id: str
    message: Message
    state: RequestState
    started_at: float = 0.0


@dataclass(frozen=True)
class WorkerProgram:
    """How a worker is started and what is said of it.

    Attributes:
        module: Run as `python -m module arguments`.
        arguments: Its command line.
        environment: Variables of its own.
        name: "The process that makes maps": the beginning of a sentence about its end.
        remedy: What a person can do when it dies.
    """

    module: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    name: str
    remedy: Remedy


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
        self._lock = threading.RLock()
        self._requests: dict[str, _SentRequest] = {}  # by key, the newest of that key
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self._numbers = itertools.count(1)

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the worker if it is not running.

        Raises:
            OSError: The process cannot be started.
        """
        with self._lock:
            if self.pid is None:
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
        """Stop a request; it counts as cancelled at once, the worker follows."""
        with self._lock:
            request = self._requests.get(key)
            if request is not None and request.state.is_active:
                request.state = _cancelled(request.state)
                self.send({"cancel": request.id})

    def forget(self, key: str) -> None:
        """Forget how a request ended, so that the next one tries again."""
        with self._lock:
            request = self._requests.get(key)
            if request is not None and not request.state.is_active:
                del self._requests[key]

    def send(self, message: Message) -> None:
        """Write to the worker, if there is one."""
        with self._lock:
            process = self._process
            if process is None or process.stdin is None:
                return
            # An error means that it has just died: `_listen` sees that too and tells the requests.
            with contextlib.suppress(OSError, ValueError):
                process.stdin.write(json.dumps(message) + "\n")
                process.stdin.flush()

    def close(self) -> None:
        """End the worker; requests in it count as cancelled."""
        with self._lock:
            process, self._process = self._process, None
            for request in self._requests.values():
                if request.state.is_active:
                    request.state = _cancelled(request.state)
            listener = self._listener
        if process is not None and process.stdin is not None and listener is not None:
            process.stdin.close()
            listener.join(timeout=10)

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
        try:
            self.start()
        except OSError as error:
            request.state = self._not_started(request.state, error)
        else:
            self.send(message)
        return request.state

    def _not_started(self, state: RequestState, error: OSError) -> RequestState:
        message = f"The worker cannot be started. {explain_error(error, self._program.remedy)}"
        return replace(state, state="failed", message=message)

    def _start_process(self) -> None:
        program = self._program
        self._process = start_worker(
            program.module, *program.arguments, environment=program.environment
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        self._on_start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Take in events until the worker ends, then tell its requests."""
        assert process.stdout is not None and process.stdin is not None
        with process.stdout as events:
            for line in events:
                event = json.loads(line)
                with self._lock:
                    if "id" not in event:
                        self._on_event(event)
                    for request in self._requests.values():
                        if request.id == event.get("id"):
                            _apply_event(request, event)
        returncode = process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        with self._lock:
            if self._process is process:
                self._process = None
                self._report_exit(returncode)

    def _report_exit(self, returncode: int) -> None:
        """The worker is dead: what it did has failed, what waited goes to a new worker."""
        program = self._program
        why = explain_exit(returncode, program.remedy, process=program.name)
        waiting = []
        for request in self._requests.values():
            if request.state.state == "queued":
                waiting.append(request)
            elif request.state.is_active:
                request.state = replace(request.state, state="failed", message=why)
        if not waiting:
            return
        try:
            self._start_process()
        except OSError as error:
            for request in waiting:
                request.state = self._not_started(request.state, error)
        for request in sorted(waiting, key=lambda request: int(request.id)):
            self.send(request.message)


def _cancelled(state: RequestState) -> RequestState:
    return replace(state, state="cancelled", message="cancelled")


def _apply_event(request: _SentRequest, event: Message) -> None:
    """An event to the state of its request."""
    state, kind = request.state, event["event"]
    if not state.is_active:
        return  # cancelled here already
    if kind == "started":
        request.started_at = time.monotonic()
        request.state = replace(state, state="running", message="starting")
    elif kind == "warm-up":
        request.state = replace(
            state,
            state="warming",
            seconds_left=float(event["seconds_left"]),
            message=event["message"],
        )
    elif kind == "progress":
        request.state = replace(
            state, state="running", progress=event["fraction"], message=event["message"]
        )
    elif kind == "partial":
        request.state = replace(state, n_partial=state.n_partial + 1)
    elif kind in ("done", "failed", "cancelled"):
        progress = 1.0 if kind == "done" else state.progress
        message = str(event.get("message", kind))
        request.state = replace(state, state=kind, progress=progress, message=message)


def _with_estimate(request: _SentRequest) -> RequestState:
    state = request.state
    if state.state != "running":
        return state
    elapsed = time.monotonic() - request.started_at
    if state.progress < 0.05 or elapsed < 1.0:
        return replace(state, seconds_left=None)
    left = elapsed * (1 - state.progress) / state.progress
    return replace(state, seconds_left=round(left, 1))
