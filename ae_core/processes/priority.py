"""Long work beside the live path: decoding for the person at the slider comes first."""

import contextlib
import os
import sys
import threading
from pathlib import Path

import psutil

# 0 to 19; `ZOETROPE_NICENESS=0` where long work has the machine to itself.
NICENESS_VARIABLE = "ZOETROPE_NICENESS"
USUAL_NICENESS = 10
# Of 0 to 1000: the higher, the sooner the kernel ends a process when memory runs out.
_OOM_SCORE = 500
_AUTOGROUP = Path("/proc/self/autogroup")
_OOM_SCORE_FILE = Path("/proc/self/oom_score_adj")


def niceness() -> int:
    """Niceness of long work: the environment's, held to 0..19, else `USUAL_NICENESS`."""
    text = os.environ.get(NICENESS_VARIABLE, "")
    return min(int(text), 19) if text.isdigit() else USUAL_NICENESS


def lower_priority() -> None:
    """Give this process a low priority; where the system has no such thing, do nothing.

    When memory runs out, Linux ends this process before the server.

    Linux shares the processor out between *sessions* first (sched_autogroup), and a detached
    process is a session of its own: its niceness would count for nothing without its group's.
    """
    with contextlib.suppress(OSError, psutil.Error):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process().nice(niceness())
            if os.getsid(0) == os.getpid() and _AUTOGROUP.exists():
                _AUTOGROUP.write_text(str(niceness()))
    with contextlib.suppress(OSError):
        if _OOM_SCORE_FILE.exists():
            _OOM_SCORE_FILE.write_text(str(_OOM_SCORE))


def lower_priority_of_thread() -> None:
    """Give the calling thread a low priority where the system has one a thread: on Linux."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness())
