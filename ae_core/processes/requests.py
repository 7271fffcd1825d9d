"""The worker's side of a warm worker: a process that takes one request after another.

JSON lines (`processes/lines.py`). In: `{"id", "kind", "inputs"}` is a request, `{"cancel": id}`
takes it back, whatever else comes is the worker's own. Out: `{"id", "event", ...}` with event
started, warm-up, progress, partial, cancelling (at once, from the thread that reads), done, failed
or cancelled. Results lie on disk, so that a restart of the app loses none. The process ends when
its input closes, that is, with the app that started it. The app's side is
`ae_core.processes.worker_client`.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any, TypeVar
from weakref import WeakValueDictionary

from ae_core.processes.failures import Remedy, explain_error, print_traceback
from ae_core.processes.lines import Message, read_messages, to_line
from ae_core.processes.progress import CancelledError

REPORT_INTERVAL_S = 0.2


class Channel:
    """Writes events; one at a time, whichever thread sends."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def send(self, **event: Any) -> None:
        line = to_line(event)
        with self._lock:
            self._stream.write(line)
            self._stream.flush()


def open_channel() -> Channel:
    """Keep the process's output for events; what libraries print goes to its error output."""
    events = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return Channel(events)


class Request:
    """One thing that the app wants: it reports how far it is, and stops when it is taken back.

    A message that lacks a part raises KeyError; one with a part of another type, TypeError.
    """

    def __init__(self, message: Message, channel: Channel) -> None:
        self.id, self.kind, self.inputs = message["id"], message["kind"], message["inputs"]
        if not (isinstance(self.kind, str) and isinstance(self.inputs, dict)):
            raise TypeError("`kind` must be a text and `inputs` an object")
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
        request.send("failed", message=explain_error(error, remedy))
        print_traceback()
    else:
        request.send("done")


def read_requests(
    stream: IO[bytes],
    channel: Channel,
    requests: queue.Queue[AnyRequest],
    make_request: Callable[[Message, Channel], AnyRequest],
    on_message: Callable[[Message], None],
) -> None:
    """Read what the app writes until the input closes, which ends the process.

    What is no message, or no request, hurts no other.

    Args:
        stream: The process's input.
        channel: Where a cancel is answered, and a request refused.
        requests: Where requests are put.
        make_request: A message to a request; see `Request`.
        on_message: Gets what is neither a request nor a cancel.
    """
    known: WeakValueDictionary[str, AnyRequest] = WeakValueDictionary()
    for message in read_messages(stream, _say_passed_over):
        if "cancel" in message:
            if request := known.get(str(message["cancel"])):
                request.cancelled.set()
                request.send("cancelling")
        elif "id" in message:
            try:
                known[str(message["id"])] = request = make_request(message, channel)
            except (KeyError, TypeError) as error:
                words = f"The request is not whole ({error}): try again."
                channel.send(id=message["id"], event="failed", message=words)
            else:
                requests.put(request)
        else:
            on_message(message)
    os._exit(0)  # the app is gone; a library deep in a fit would not notice otherwise


def _say_passed_over(why: str) -> None:
    print(f"A message of the app was passed over: {why[:200]}.", file=sys.stderr)
