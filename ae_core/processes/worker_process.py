"""One worker process and its pipes: whoever speaks to it never waits for it.

A process that is stopped, or hangs, reads nothing, and who writes to its input then waits with it.
So messages go into a bounded queue, and a thread of their own writes them.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ae_core.processes.detached import start_worker
from ae_core.processes.failures import Remedy
from ae_core.processes.lines import Message, read_messages, to_line

LOG = logging.getLogger(__name__)

# Beyond what pipe and worker hold; a worker that leaves so many unread takes in no more.
MOST_UNREAD = 1_000


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


class WorkerProcess:
    """A worker from its start to its end; safe to call from any thread."""

    def __init__(
        self,
        program: WorkerProgram,
        *,
        on_message: Callable[[WorkerProcess, Message], None],
        on_exit: Callable[[WorkerProcess, int], None],
    ) -> None:
        """Start it.

        Args:
            program: What to run.
            on_message: Gets what it says, in a thread of its own. A KeyError, TypeError or
                ValueError means that the message was none: the next is heard all the same.
            on_exit: Gets its exit status when it has ended, as `subprocess` gives it.

        Raises:
            OSError: It cannot be started.
        """
        self._program, self._on_message, self._on_exit = program, on_message, on_exit
        self._unread: queue.Queue[bytes | None] = queue.Queue(MOST_UNREAD)
        self._n_passed_over = 0
        self._process = start_worker(
            program.module, *program.arguments, environment=program.environment
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        threading.Thread(target=self._write, daemon=True).start()
        self._listener.start()

    @property
    def pid(self) -> int | None:
        """Its process id; None when it has ended."""
        return self._process.pid if self._process.poll() is None else None

    def send(self, message: Message) -> bool:
        """Have a message written; whether it can be: a worker that does not read takes no more.

        Raises:
            ValueError: It cannot travel: see `ae_core.processes.lines`.
        """
        return self._put(to_line(message))

    def kill(self) -> None:
        """End it at once; `on_exit` follows."""
        self._process.kill()

    def close(self, *, timeout_s: float) -> None:
        """Close its input, at which it ends; kill it if it does not in time. Waits for its end."""
        if self._put(None):
            self._listener.join(timeout_s)
        if self._listener.is_alive():
            self.kill()
            self._listener.join(timeout_s)

    def _put(self, line: bytes | None) -> bool:
        try:
            self._unread.put_nowait(line)
        except queue.Full:
            return False
        return True

    def _write(self) -> None:
        """Write what is to be sent, in a thread that may have to wait for the worker."""
        stream = self._process.stdin
        assert stream is not None
        # An OSError means that it has just died: `_listen` sees that too.
        with contextlib.suppress(OSError), stream:
            while (line := self._unread.get()) is not None:
                stream.write(line)
                stream.flush()

    def _listen(self) -> None:
        """Take in what it says until it ends."""
        stream = self._process.stdout
        assert stream is not None
        with stream:
            for message in read_messages(stream, self._pass_over):
                try:
                    self._on_message(self, message)
                except (KeyError, TypeError, ValueError) as error:
                    self._pass_over(f"{type(error).__name__}: {error}")
        returncode = self._process.wait()
        self._put(None)  # where there is no room, the writer is at work and sees it itself
        self._on_exit(self, returncode)

    def _pass_over(self, why: str) -> None:
        self._n_passed_over += 1
        if self._n_passed_over == 1:  # one line of the log a process, whatever it says
            LOG.warning("%s said what is no message: %s.", self._program.name, why[:200])
