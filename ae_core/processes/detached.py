"""A process of its own: started, recognised again, ended with its children.

A detached process outlives whoever started it, so all that is kept of it is a pid and the time at
which that process was created: the system gives pids out again.
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

import psutil

from ae_core.locations import home, project_root

# Two readings of one process's creation time differ by rounding; a pid is not given out again so
# soon.
_SAME_PROCESS_S = 1.0


@dataclass(frozen=True)
class ProcessIdentity:
    """Which process, for files that outlive it.

    Attributes:
        pid: Its process id; 0: not known yet.
        created: Its creation time, seconds since 1970.
    """

    pid: int
    created: float

    @classmethod
    def of_this_process(cls) -> ProcessIdentity:
        process = psutil.Process()
        return cls(process.pid, process.create_time())

    @property
    def is_alive(self) -> bool:
        """Whether that process, not another one of the same pid, is still there."""
        return self._process() is not None

    def kill(self, argument: str) -> None:
        """End the process and its children, if it is still that one; returns when it is gone.

        Args:
            argument: Must be in its command line, else nothing is done: a file that names the
                process may be a copy of another's.

        Raises:
            psutil.TimeoutExpired: It is still there after ten seconds.
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
            is_same = abs(process.create_time() - self.created) < _SAME_PROCESS_S
            is_dead = process.status() == psutil.STATUS_ZOMBIE  # ended, not collected yet
            return process if is_same and not is_dead else None
        except (psutil.NoSuchProcess, ValueError):
            return None


def start_detached(module: str, *arguments: str, log: Path, keep_log: bool = False) -> None:
    """Start `python -m module arguments` so that it outlives this process.

    Args:
        module: Dotted name.
        arguments: Its command line.
        log: File for what it and its libraries print.
        keep_log: Write behind what the file holds, instead of anew.

    Raises:
        OSError: The process cannot be started or the file cannot be written.
    """
    with log.open("ab" if keep_log else "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
            cwd=project_root(),
            start_new_session=True,
        )
    # collected when it ends: until then the system keeps a dead child, which looks alive
    threading.Thread(target=process.wait, daemon=True).start()


def start_worker(
    module: str, *arguments: str, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
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
        text=True,
        encoding="utf-8",
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
