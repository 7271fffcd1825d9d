"""How the process of a run reports: it writes `status.json`, and learns that it is to stop."""

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ae_core.errors import RunError
from ae_core.locations import OwnFolder
from ae_core.processes.detached import ProcessIdentity
from ae_core.processes.progress import CancelledError
from ae_core.processes.signals import EndSignals
from ae_core.training.runs import CANCEL, wants_model
from ae_core.training.status import Status, read_status_file, write_status

# `status.json` is written and reasons to stop are looked for this often.
INTERVAL_S = 0.5
CANCELLED = "Cancelled"
# A system that ends a process kills it ten seconds later (Docker) or more.
_GRACE_S, _GRACE_OF_SYSTEM_S = 20.0, 7.0


@dataclass(frozen=True)
class Stop:
    """Why a run is to stop.

    Attributes:
        why: In its final state's message: "Cancelled".
        deadline_s: Monotonic time at which its process ends, wherever it stands.
        keeps_model: Whether the model so far is to become a checkpoint.
    """

    why: str
    deadline_s: float
    keeps_model: bool = False


class Reporter:
    """Writes `status.json`, at once when told and every `INTERVAL_S`; learns of reasons to stop.

    These are the file `cancel`, a signal of the system, and that the run's folder has gone: nothing
    is written then, or the folder would come back half empty.
    """

    def __init__(self, folder: Path, signals: EndSignals | None = None) -> None:
        """Report from now on; the caller holds the run's lock.

        Args:
            folder: The run's.
            signals: Of the system; None where others handle them.

        Raises:
            OSError: The folder is gone or its status cannot be written.
        """
        self.folder = folder
        self.cancelled = threading.Event()
        self._own, self._signals = OwnFolder(folder), signals
        self._stop: Stop | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._status = _first_status(folder)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.write()
        self._thread.start()

    @property
    def queued_monotonic(self) -> float:
        """The run's place in the queue."""
        return self._status.queued_monotonic

    @property
    def is_folder_gone(self) -> bool:
        """Whether the run's folder was removed, or another one has its name."""
        return not self._own.is_there

    @property
    def words_of_stop(self) -> str:
        """For a run that has saved and stopped: why, unless the state says it, and how to go on."""
        if self.keeps_model:
            return "No epoch was over, so there is no model to keep: resume goes on from here."
        why = self._stop.why if self._stop is not None else "Stopped"
        return (
            "Resume goes on from here." if why == CANCELLED else f"{why}: resume goes on from here."
        )

    @property
    def keeps_model(self) -> bool:
        """Whether who cancelled it wants the model so far as a checkpoint."""
        return self._stop is not None and self._stop.keeps_model

    def go_on(self) -> None:
        """The wish to stop has been followed: what is left to do is done in peace."""
        with self._lock:
            (self.folder / CANCEL).unlink(missing_ok=True)
            self._stop = None
            self.cancelled.clear()

    def update(self, **changes: object) -> None:
        """Change fields; they are on disk at the next interval."""
        with self._lock:
            self._status = self._status.model_copy(update=changes)

    def write(self, **changes: object) -> None:
        """Change fields and write them now.

        Raises:
            OSError: They cannot be written, or the folder is gone.
        """
        with self._lock:
            changes["heartbeat"] = time.monotonic()
            self._status = self._status.model_copy(update=changes)
            if self.is_folder_gone:
                raise FileNotFoundError(f"{self.folder} is gone")
            write_status(self.folder, self._status)

    def check(self) -> None:
        """Raise `CancelledError` if the run is to stop."""
        if self.cancelled.is_set():
            raise CancelledError

    def end(self, **changes: object) -> None:
        """Write the final state; nothing is written after it.

        Where even that is impossible, whoever reads the run finds its process gone, and says what
        is wrong with the folder or the disk.
        """
        self._over.set()
        self._thread.join()
        with suppress(OSError):
            self.write(seconds_left=None, **changes)
        self._own.close()

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL_S):
            with suppress(OSError):  # the disk is full or slow: the next time it may succeed
                self.write()
            with suppress(OSError):  # nor can be looked at
                self._look_for_reasons()
            if self._stop is not None and time.monotonic() > self._stop.deadline_s:
                why = _resumed_from(self._stop.why, "from the last save")
                with suppress(OSError):  # it ends also where nothing can be written
                    self.write(state="cancelled", seconds_left=None, message=why)
                os._exit(1)

    def _look_for_reasons(self) -> None:
        signal = self._signals.read() if self._signals is not None else None
        if signal is not None:
            self._stop_for(f"Ended by the system ({signal})", _GRACE_OF_SYSTEM_S)
        elif (self.folder / CANCEL).exists():
            self._stop_for(CANCELLED, _GRACE_S, keeps_model=wants_model(self.folder))
        elif self.is_folder_gone:
            self._stop_for("Its folder is gone", _GRACE_S)

    def _stop_for(self, why: str, grace_s: float, *, keeps_model: bool = False) -> None:
        """Note the first reason; a later one can only shorten the time."""
        deadline_s = time.monotonic() + grace_s
        if self._stop is None:
            self._stop = Stop(why, deadline_s, keeps_model)
        elif deadline_s < self._stop.deadline_s:
            self._stop = replace(self._stop, deadline_s=deadline_s)
        self.cancelled.set()


def _resumed_from(why: str, place: str) -> str:
    """How to go on; and why it stopped, unless the state says just that."""
    return f"Resume goes on {place}." if why == CANCELLED else f"{why}: resume goes on {place}."


def _first_status(folder: Path) -> Status:
    """Queued, at the place that whoever started the run gave it, or else the last."""
    now, process = time.monotonic(), ProcessIdentity.of_this_process()
    queued_at, place = time.time(), now
    with suppress(RunError):
        before = read_status_file(folder)
        queued_at, place = before.queued_at, min(before.queued_monotonic, now)
    return Status(
        state="queued",
        queued_at=queued_at,
        queued_monotonic=place,
        heartbeat=now,
        pid=process.pid,
        process_created=process.created,
        phase="waiting",
    )
