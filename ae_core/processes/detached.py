"""A process of its own: started, recognised again, ended with its children.

A detached process outlives whoever started it, so all that is kept of it is a pid and the time at
which that process was created: the system gives pids out again. Whether it is still there is asked
of the system, and never told from a clock: people set clocks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from ae_core.locations import home, open_to_write, project_root
from ae_core.processes.priority import lower_priority

if sys.platform != "win32":
    import fcntl

# Two readings of one process's creation time differ by rounding; a pid is not given out again so
# soon.
_SAME_PROCESS_S = 1.5


@dataclass(frozen=True)
class ProcessIdentity:
    """Which process, for files that outlive it.

    Attributes:
        pid: Its process id; 0: not known yet.
        created: Its creation time in seconds since the machine started; where the system does not
            tell that, since 1970.
    """

    pid: int
    created: float

    @classmethod
    def of_this_process(cls) -> ProcessIdentity:
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """The process that has this pid now.

        Raises:
            psutil.NoSuchProcess: There is none.
        """
        return cls(pid, _creation_times(psutil.Process(pid))[0])

    @property
    def is_alive(self) -> bool:
        """Whether that process, not another one of the same pid, is still there."""
        return self._process() is not None

    def works_on(self, argument: str) -> bool:
        """Whether it is still there, and has `argument` in its command line.

        A file that names a process may be a copy: that process then works on something else.
        """
        process = self._process()
        try:
            return process is not None and argument in process.cmdline()
        except psutil.Error:
            return False

    def kill(self, argument: str) -> None:
        """End the process and its children, if it is still that one; returns when it is gone.

        Args:
            argument: Must be in its command line, else nothing is done: see `works_on`.

        Raises:
            psutil.Error: It may not be ended, or is still there after ten seconds.
        """
        process = self._process()
        with suppress(psutil.NoSuchProcess):  # it has ended by itself
            if process is None or argument not in process.cmdline():
                return
            for child in process.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            process.kill()
            process.wait(timeout=10)

    def _process(self) -> psutil.Process | None:
        if self.pid <= 0:
            return None
        try:
            process = psutil.Process(self.pid)
            is_same = any(
                abs(created - self.created) < _SAME_PROCESS_S
                for created in _creation_times(process)
            )
            is_dead = process.status() == psutil.STATUS_ZOMBIE  # ended, not collected yet
            return process if is_same and not is_dead else None
        except (psutil.Error, ValueError):
            return None


def _creation_times(process: psutil.Process) -> tuple[float, ...]:
    """When a process was created, as a file may hold it; the first is what is written now.

    psutil adds the time at which the machine started, which moves with the clock, to what the
    kernel knows. The sum is what files of before hold.
    """
    since_1970 = process.create_time()
    if not sys.platform.startswith("linux"):
        return (since_1970,)
    return (since_1970 - psutil.boot_time(), since_1970)


def is_locked(path: Path) -> bool | None:
    """Whether a process holds the lock on this file (`filelock.FileLock`); it is not taken.

    Returns:
        None where it cannot be told: there is no such file, or the system has no such locks.
    """
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        # shared, so that two who look at once do not take each other for the holder
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    else:
        return False
    finally:
        os.close(descriptor)


def start_detached(
    module: str, *arguments: str, log: Path, keep_log: bool = False
) -> ProcessIdentity:
    """Start `python -m module arguments`, at low priority, so that it outlives this process.

    Args:
        module: Dotted name.
        arguments: Its command line.
        log: File for what it and its libraries print.
        keep_log: Write behind what the file holds, instead of anew.

    Raises:
        OSError: The process cannot be started or the file cannot be written.
    """
    with _open_log(log, keep=keep_log) as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
            cwd=project_root(),
            start_new_session=True,
        )
    lower_priority(process.pid)
    identity = ProcessIdentity.of(process.pid)
    # collected when it ends: until then the system keeps a dead child, which looks alive
    threading.Thread(target=process.wait, daemon=True).start()
    return identity


def _open_log(path: Path, *, keep: bool) -> BinaryIO:
    """The file for what a process prints, written anew or behind what it holds."""
    file = open_to_write(path, os.O_CREAT | (os.O_APPEND if keep else 0))
    if not keep:
        file.truncate(0)
    return file


def start_worker(
    module: str, *arguments: str, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start `python -m module arguments` with pipes to its input and output.

    Args:
        module: Dotted name. It must end when its input closes, that is, with this process.
        arguments: Its command line.
        environment: Variables beside those of every process of long work.

    Raises:
        OSError: The process cannot be started.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**_environment(), **environment},
        cwd=project_root(),
        start_new_session=True,  # Ctrl-C in the terminal is for the app, whose end closes the input
    )


def _environment() -> dict[str, str]:
    """This process's, with the home and the packages by their full paths."""
    path = [str(project_root()), os.environ.get("PYTHONPATH", "")]
    return {
        # A thread that waits must sleep: on a busy machine spinning at every barrier makes t-SNE
        # and torch many times slower, and takes the time from the live path.
        "OMP_WAIT_POLICY": "passive",
        **os.environ,
        "ZOETROPE_HOME": str(home()),
        "PYTHONPATH": os.pathsep.join(part for part in path if part),
    }
