"""How a failure of long work is worded: what happened, and what to do about it; once for all."""

import errno
import signal
import traceback
from contextlib import suppress
from dataclasses import dataclass

from ae_core.config import shorten
from ae_core.errors import AeCoreError
from ae_core.processes.devices import is_out_of_memory
from ae_core.reading import printable


@dataclass(frozen=True)
class Remedy:
    """What a person can do about one kind of work.

    Attributes:
        again: How it is started anew: "resume", "start it again".
        log: Where the details of an error of the program are.
        smaller: What makes the work need less memory: "lower the batch size"; empty: nothing does.
    """

    again: str
    log: str
    smaller: str = ""

    @property
    def for_memory(self) -> str:
        smaller = f"{self.smaller}, or " if self.smaller else ""
        return f"{smaller}close other programs, and {self.again}"


# What is kept of an error's own words: they stand in small files, in messages and on pages.
LONGEST_WORDS = 1_000
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def explain_error(error: BaseException, remedy: Remedy) -> str:
    """Words for an exception that ended a piece of work, without a traceback."""
    known = explain_known_error(error, remedy)
    return known or (
        f"An error of the program itself ({type(error).__name__}: {_words_of(error)}); the details "
        f"are in {printable(remedy.log)}. Report it."
    )


def explain_known_error(error: BaseException, remedy: Remedy) -> str | None:
    """Words for what is no error of the program; None for what is one."""
    if isinstance(error, AeCoreError):
        return _words_of(error)
    if is_out_of_memory(error):
        return f"Memory ran out: {remedy.for_memory}."
    if isinstance(error, OSError) and _tells_of_a_full_disk(error):
        return f"The disk is full: free some space, and {remedy.again}."
    if isinstance(error, OSError) and error.errno in _REFUSED:
        why = f"{_name_of_file(error)}: {error.strerror}"
        return f"The system refuses access ({why}): allow it, and {remedy.again}."
    if isinstance(error, FileNotFoundError):
        return f"A file has vanished ({_name_of_file(error)}): put it back, and {remedy.again}."
    return None


def _tells_of_a_full_disk(error: OSError) -> bool:
    # numpy's own words, without a number, where fewer bytes of an array were written than asked
    return error.errno in _FULL or (error.errno is None and " requested and " in str(error))


def _name_of_file(error: OSError) -> str:
    return printable(str(error.filename or "a file"))


def _words_of(error: BaseException) -> str:
    try:
        words = printable(str(error))  # else they could not be written, nor shown
    except Exception:  # a library's own, which cannot even say what it is
        return "without words"
    return shorten(words, LONGEST_WORDS)


def print_traceback() -> None:
    """Print the exception that is being handled, where that is possible.

    Only after whoever waits was told: with a log on a full disk, or a closed one, it raises inside.
    """
    with suppress(Exception):
        traceback.print_exc()


def explain_exit(returncode: int | None, remedy: Remedy, *, process: str = "Its process") -> str:
    """Words for a process that ended without an explanation of its own.

    Args:
        returncode: As `subprocess` gives it, below 0 for a signal; None: another process's child,
            of which only the absence is known.
        remedy: What to do.
        process: What a person calls it, at the beginning of a sentence.
    """
    if returncode is None:
        why = "ended without a word (killed, out of memory, or the machine restarted)"
        return f"{process} {why}: {remedy.again}."
    if returncode == -_SIGKILL:
        why = "was killed, most likely because memory ran out"
        return f"{process} {why}: {remedy.for_memory}."
    how = f"signal {_signal_name(-returncode)}" if returncode < 0 else f"exit status {returncode}"
    return (
        f"{process} ended unexpectedly ({how}): {remedy.again}; if it happens again, the details "
        f"are in {remedy.log}."
    )


_SIGKILL = 9  # `signal.SIGKILL` does not exist on Windows


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
