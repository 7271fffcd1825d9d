"""Being asked to end by the system: a shutdown, a service manager, a terminal that closes."""

import signal
import socket
from contextlib import suppress

_NAMES = ("SIGTERM", "SIGINT", "SIGHUP")  # SIGHUP does not exist on Windows


class EndSignals:
    """Notes signals that ask this process to end, instead of ending at once.

    They are noted by the interpreter itself, also while the main thread computes in a library and
    runs no Python; any thread may ask whether one has come.
    """

    def __init__(self) -> None:
        """From here on; in the main thread only."""
        self._received, self._noted = socket.socketpair()
        self._received.setblocking(False)
        self._noted.setblocking(False)
        signal.set_wakeup_fd(self._noted.fileno(), warn_on_full_buffer=False)
        for name in _NAMES:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda number, frame: None)

    def read(self) -> str | None:
        """The name of the first that has come since it was last asked; None if none has."""
        with suppress(BlockingIOError):
            for number in self._received.recv(64):
                name = signal.Signals(number).name
                if name in _NAMES:
                    return name
        return None
