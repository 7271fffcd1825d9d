"""What attacks on processes have in common: stopping one, and a disk that refuses to be written."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_until

posix = pytest.mark.skipif(os.name != "posix", reason="of posix systems only")

# Imported by every Python that is started with its folder in PYTHONPATH: what is written under a
# new name is refused by the system from the moment at which the file `refused` is there.
SITECUSTOMIZE = """
import errno, os, tempfile
from pathlib import Path

REFUSED = Path(__file__).parent / "refused"
make = tempfile.mkstemp

def mkstemp(*arguments, **more):
    if REFUSED.exists():
        number = getattr(errno, REFUSED.read_text())
        raise OSError(number, os.strerror(number), "a-new-file")
    return make(*arguments, **more)

tempfile.mkstemp = mkstemp
"""


def stop(pid: int) -> None:
    """Stop a process; each of its threads goes on until it is next given the processor."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: are_all_stopped(pid))


def are_all_stopped(pid: int) -> bool:
    threads = Path(f"/proc/{pid}/task")
    if not threads.is_dir():
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    told = [(thread / "stat").read_text() for thread in threads.iterdir()]
    return all(text.rpartition(")")[2].split()[0] == "T" for text in told)
