"""One wording of failures, whichever kind of long work fails."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from ae_core.errors import DataError
from ae_core.maps.worker import REMEDY as MAPS
from ae_core.processes.failures import Remedy, explain_error, explain_exit

PLAIN = Remedy(again="start it again", log="tasks.log")


@pytest.mark.parametrize("remedy", [PLAIN, MAPS])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "Memory ran out"),
        (OSError(errno.ENOSPC, "No space left"), "The disk is full: free some space"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.npy"), "A file has vanished (a.npy)"),
        (DataError("`data` is gone: add it."), "`data` is gone: add it."),
        (ZeroDivisionError("division by zero"), "(ZeroDivisionError: division by zero)"),
    ],
)
def test_every_error_has_one_wording_and_a_remedy(
    error: Exception, words: str, remedy: Remedy
) -> None:
    said = explain_error(error, remedy)
    assert words in said and said.endswith(".")
    if isinstance(error, ZeroDivisionError):
        assert remedy.log in said
    elif not isinstance(error, DataError):
        assert said.endswith(f"and {remedy.again}.")


def test_what_needs_less_memory_is_said_where_something_does() -> None:
    assert explain_error(MemoryError(), MAPS) == (
        "Memory ran out: map fewer items, or close other programs, and try again."
    )
    assert explain_error(MemoryError(), PLAIN) == (
        "Memory ran out: close other programs, and start it again."
    )


@pytest.mark.skipif(os.name != "posix", reason="signals are posix's")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})", "was killed, most likely because"),
        (f"import os; os.kill(os.getpid(), {signal.SIGTERM:d})", "(signal SIGTERM)"),
        ("raise SystemExit(3)", "(exit status 3)"),
    ],
)
def test_how_a_real_process_ended_is_told_from_its_exit_status(code: str, words: str) -> None:
    returncode = subprocess.run([sys.executable, "-c", code], check=False).returncode
    said = explain_exit(returncode, PLAIN, process="The process that makes maps")
    assert said.startswith("The process that makes maps ") and words in said
    assert "start it again" in said


def test_of_anothers_child_only_the_absence_is_known() -> None:
    said = explain_exit(None, PLAIN)
    assert said.startswith("Its process ended without a word") and "start it again" in said
