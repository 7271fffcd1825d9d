"""How the process of a run reports: it writes `status.json` and watches for the cancel flag."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from ae_core.processes.detached import ProcessIdentity
from ae_core.processes.progress import CancelledError
from ae_core.training.runs import CANCEL, Status, write_status

# `status.json` is written and the cancel flag is looked for this often.
INTERVAL_S = 0.5
_GRACE_S = 20.0
_ENDED_IN_A_STEP = "Cancelled in the middle of a step: resume goes on from the last save."


class Reporter:
    """Writes `status.json`, at once when told and every `INTERVAL_S`; watches for `cancel`."""

    def __init__(self, folder: Path, queued_at: float) -> None:
        process = ProcessIdentity.of_this_process()
        self.folder = folder
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._status = Status(
            state="queued",
            queued_at=queued_at,
            heartbeat=time.time(),
            pid=process.pid,
            process_created=process.created,
            phase="waiting",
        )
        self._thread = threading.Thread(target=self._write_at_intervals, daemon=True)
        self.write()
        self._thread.start()

    def update(self, **changes: object) -> None:
        """Change fields; they are on disk at the next interval."""
        with self._lock:
            self._status = self._status.model_copy(update=changes)

    def write(self, **changes: object) -> None:
        """Change fields and write them now."""
        with self._lock:
            changes["heartbeat"] = time.time()
            self._status = self._status.model_copy(update=changes)
            write_status(self.folder, self._status)

    def check(self) -> None:
        """Raise `CancelledError` if somebody wants the run to stop."""
        if self.cancelled.is_set():
            raise CancelledError

    def end(self, **changes: object) -> None:
        """Write the final state; nothing is written after it."""
        self._over.set()
        self._thread.join()
        self.write(seconds_left=None, **changes)

    def _write_at_intervals(self) -> None:
        cancelled_at = None
        while not self._over.wait(INTERVAL_S):
            with suppress(OSError):  # the disk is full or slow: the next time it may succeed
                self.write()
            if cancelled_at is None and (self.folder / CANCEL).exists():
                cancelled_at = time.monotonic()
                self.cancelled.set()
            if cancelled_at is not None and time.monotonic() - cancelled_at > _GRACE_S:
                with suppress(OSError):  # it ends also where the disk is full
                    self.write(state="cancelled", seconds_left=None, message=_ENDED_IN_A_STEP)
                os._exit(1)
