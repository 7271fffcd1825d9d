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


def niceness() -> int:
    """Niceness of long work: the environment's, held to 0..19, else `USUAL_NICENESS`."""
    text = os.environ.get(NICENESS_VARIABLE, "")
    return min(int(text), 19) if text.isdigit() else USUAL_NICENESS


def lower_priority(pid: int | None = None) -> None:
    """Give a process a low priority; where the system has no such thing, do nothing.

    Args:
        pid: Of a process of this user; this one if None. Whoever starts a process lowers it before
            it imports anything: importing torch takes seconds of a processor.

    When memory runs out, Linux ends this process before the server.

    Linux shares the processor out between *sessions* first (sched_autogroup), and a detached
    process is a session of its own: its niceness would count for nothing without its group's.
    """
    own = os.getpid() if pid is None else pid
    about = Path(f"/proc/{own}")
    with contextlib.suppress(OSError, psutil.Error):
        if sys.platform == "win32":
            psutil.Process(own).nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process(own).nice(niceness())
            if os.getsid(own) == own:
                _write_if_there(about / "autogroup", niceness())
    _write_if_there(about / "oom_score_adj", _OOM_SCORE)


def _write_if_there(path: Path, number: int) -> None:
    with contextlib.suppress(OSError):
        if path.exists():
            path.write_text(str(number))


def lower_priority_of_thread() -> None:
    """Give the calling thread a low priority where the system has one a thread: on Linux."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness())
