"""The worker's side of a warm worker: a process that takes one request after another.

JSON lines. In: `{"id", "kind", "inputs"}` is a request, `{"cancel": id}` takes it back, whatever
else comes is the worker's own. Out: `{"id", "event", ...}` with event started, warm-up, progress,
partial, done, failed or cancelled. Results lie on disk, so that a restart of the app loses none.
The process ends when its input closes, that is, with the app that started it. The app's side is
`ae_core.processes.worker_client`.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

from ae_core.processes.failures import Remedy, explain_error
from ae_core.processes.progress import CancelledError

REPORT_INTERVAL_S = 0.2


class Channel:
    """Writes events; one at a time, whichever thread sends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def send(self, **event: Any) -> None:
        with self._lock:
            self._stream.write(json.dumps(event) + "\n")
            self._stream.flush()


def open_channel() -> Channel:
    """Keep the process's output for events; what libraries print goes to its error output."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return Channel(events)


class Request:
    """One thing that the app wants: it reports how far it is, and stops when it is taken back."""

    def __init__(self, message: dict[str, Any], channel: Channel) -> None:
        self.id, self.kind, self.inputs = message["id"], message["kind"], message["inputs"]
        self.channel = channel
        self.cancelled = threading.Event()
        self._reported_at = 0.0

    def report(self, message: str, fraction: float) -> None:
        """The `Progress` of this request; raises `CancelledError` when it is taken back."""
        self.check()
        now = time.monotonic()
        if now - self._reported_at >= REPORT_INTERVAL_S or fraction >= 1:
            self._reported_at = now
            self.send("progress", message=message, fraction=round(fraction, 4))

    def check(self) -> None:
        """Raise `CancelledError` if the request was taken back."""
        if self.cancelled.is_set():
            raise CancelledError

    def send(self, event: str, **details: Any) -> None:
        self.channel.send(id=self.id, event=event, **details)


AnyRequest = TypeVar("AnyRequest", bound=Request)


def perform(request: AnyRequest, work: Callable[[AnyRequest], None], remedy: Remedy) -> None:
    """Do a request and say how it ended; no failure of a request ends the worker."""
    request.send("started")
    try:
        request.check()
        work(request)
    except CancelledError:
        request.send("cancelled")
    except Exception as error:
        traceback.print_exc()
        request.send("failed", message=explain_error(error, remedy))
    else:
        request.send("done")


def read_requests(
    lines: TextIO,
    requests: queue.Queue[AnyRequest],
    make_request: Callable[[dict[str, Any]], AnyRequest],
    on_message: Callable[[dict[str, Any]], None],
) -> None:
    """Read what the app writes until the input closes, which ends the process.

    Args:
        lines: The process's input.
        requests: Where requests are put.
        make_request: A message to a request.
        on_message: Gets what is neither a request nor a cancel.
    """
    known: dict[str, AnyRequest] = {}
    for line in lines:
        message = json.loads(line)
        if "cancel" in message:
            if request := known.get(message["cancel"]):
                request.cancelled.set()
        elif "id" in message:
            known[message["id"]] = request = make_request(message)
            requests.put(request)
        else:
            on_message(message)
    os._exit(0)  # the app is gone; a library deep in a fit would not notice otherwise
