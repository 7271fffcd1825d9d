"""Heavy work beside the live path: the hand and its picture come first."""

import contextlib
import os
import sys
from pathlib import Path

import psutil

# 0 to 19; `ZOETROPE_NICENESS=0` where heavy work has the machine to itself.
NICENESS_VARIABLE = "ZOETROPE_NICENESS"
USUAL_NICENESS = 10
_AUTOGROUP = Path("/proc/self/autogroup")


def niceness() -> int:
    """How far heavy work steps back: the environment's wish, held to 0..19."""
    wish = os.environ.get(NICENESS_VARIABLE, "")
    return min(int(wish), 19) if wish.isdigit() else USUAL_NICENESS


def step_back() -> None:
    """Give this process a low priority; where the system has no such thing, do nothing.

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
