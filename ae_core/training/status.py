"""How a run stands: `status.json`, and whether the process that writes it is still there.

That is asked of the system (the lock that the process holds, its pid and creation time). The only
clock looked at is the one that nobody sets, and only for a process that is there and says nothing.
"""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import Field

from ae_core.config import Settings, check_name
from ae_core.errors import MissingFileError, RunError, UnreadableFileError
from ae_core.locations import STATE_BYTES, checkpoints_dir, write_state
from ae_core.processes.detached import ProcessIdentity, is_locked
from ae_core.processes.failures import Remedy, explain_exit
from ae_core.reading import read_settings

STATUS, LOCK, RESUME, LOG = "status.json", ".lock", "resume.safetensors", "worker.log"
STALE_AFTER_S = 120.0

State = Literal["queued", "running", "done", "cancelled", "failed", "lost"]
GOING: tuple[State, ...] = ("queued", "running")
RESUMABLE: tuple[State, ...] = ("cancelled", "failed", "lost")


class Status(Settings, allow_inf_nan=False):
    """How a run stands, in `status.json`."""

    state: State = Field(description="What the run is doing.")
    queued_at: float = Field(description="When it was started or resumed, seconds since 1970.")
    queued_monotonic: float = Field(
        0.0, description="The same in seconds since the machine started: the order of turns."
    )
    heartbeat: float = Field(
        description="When the process last wrote this, in seconds since the machine started."
    )
    pid: int = Field(0, ge=0, description="The process; 0 before it is started.")
    process_created: float = Field(0.0, description="Its creation time: pids are used again.")
    progress: float = Field(0.0, ge=0, le=1, description="Share of the run done.")
    phase: str = Field("", description="What is being done.")
    epoch: int = Field(0, ge=0, description="Epochs done.")
    n_epochs: int = Field(0, ge=0, description="Epochs asked for.")
    seconds: float = Field(0.0, ge=0, description="Seconds trained so far.")
    seconds_left: float | None = Field(None, description="Estimate; none when not known yet.")
    message: str = Field("", description="Why it stands so, and what to do.")

    @property
    def process(self) -> ProcessIdentity:
        return ProcessIdentity(self.pid, self.process_created)

    @property
    def silent_s(self) -> float:
        """Seconds since it was written; below 0 if that was before the machine started anew."""
        return time.monotonic() - self.heartbeat


def read_status(name: str) -> Status:
    """How a run stands; "lost" when it should be going but its process is not there.

    Raises:
        RunError: There is no such run, or its status is broken.
        ConfigError: No run can have that name.
    """
    folder = checkpoints_dir() / check_name(name)
    status = read_status_file(folder)
    if status.state not in GOING:
        return status
    is_there = _has_process(folder, status)
    if is_there and status.silent_s <= STALE_AFTER_S:
        return status
    saved = (folder / RESUME).is_file()
    again = "resume it to go on from its last save" if saved else "resume it to start it again"
    if is_there:
        why = f"Its process has not reported for {STALE_AFTER_S:.0f} s: {again}."
    else:
        why = _why_silent(folder, again)
    return status.model_copy(
        update={"state": "lost", "seconds_left": None, "message": f"Lost. {why}"}
    )


def _has_process(folder: Path, status: Status) -> bool:
    """Whether a process works on this folder, or has just been started to."""
    is_held = is_locked(folder / LOCK)
    if is_held or status.process.works_on(str(folder)):  # it takes the lock soon after its start
        return True
    # where there are no such locks: whoever starts it writes its pid a moment later
    return is_held is None and status.pid == 0 and 0 <= status.silent_s <= STALE_AFTER_S


def _why_silent(folder: Path, again: str) -> str:
    """Words for a process that is gone and has left no reason: perhaps it could not."""
    if not os.access(folder, os.W_OK):
        return (
            f"Its process ended, and nothing can be written to its folder: allow it, and {again}."
        )
    with suppress(OSError):  # removed just now
        if shutil.disk_usage(folder).free < STATE_BYTES:
            return f"Its process ended, and its disk is full: free some space, and {again}."
    return explain_exit(None, Remedy(again, log=LOG))


def write_status(folder: Path, status: Status) -> None:
    """Write `status.json`, also when the disk is full: then into the blocks it has already.

    Raises:
        OSError: That is impossible, or the folder is gone.
    """
    write_state(folder / STATUS, status.model_dump_json())


def read_status_file(folder: Path) -> Status:
    """What the run's process wrote last, or who started it.

    Raises:
        RunError: There is no such run, or its status is broken.
    """
    path = folder / STATUS
    for attempt in range(3):
        try:
            return read_settings(path, Status)
        except MissingFileError as error:
            raise RunError(f"`name`: there is no run {folder.name!r}.") from error
        except UnreadableFileError as error:
            if attempt == 2 or not _may_be_half_written(path):
                raise RunError(
                    f"Run {folder.name!r} cannot be read: {error}. Remove its folder, or "
                    f"delete its {STATUS} and start a new run."
                ) from error
            time.sleep(0.02)
    raise AssertionError("unreachable")


def _may_be_half_written(path: Path) -> bool:
    """Whether it looks like a file that is written in place, the disk being full."""
    try:
        return path.lstat().st_size == STATE_BYTES
    except OSError:
        return False
