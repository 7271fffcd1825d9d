"""Heavy work beside the live path: the hand and its picture come first."""

import contextlib
import os
import sys
from pathlib import Path

import psutil

NICENESS = 10
_AUTOGROUP = Path("/proc/self/autogroup")


def step_back() -> None:
    """Give this process a low priority; where the system has no such thing, do nothing.

    Linux shares the processor out between *sessions* first (sched_autogroup), and a detached
    process is a session of its own: its niceness would count for nothing without its group's.
    """
    with contextlib.suppress(OSError, psutil.Error):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process().nice(NICENESS)
            if os.getsid(0) == os.getpid() and _AUTOGROUP.exists():
                _AUTOGROUP.write_text(str(NICENESS))
