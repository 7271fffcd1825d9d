"""How long work says how far it is, and how it is stopped: the same everywhere in the core."""

from typing import Protocol


class Progress(Protocol):
    """Is told what is being done and how far the work is.

    It is called now and then on the working thread, and may raise `CancelledError` (or anything
    else): the work stops there and leaves nothing half-made under a final name.
    """

    def __call__(self, message: str, fraction: float, /) -> None:
        """`message`: what is being done; `fraction`: share done, 0 to 1."""


class CancelledError(Exception):
    """Nobody wants the work any more; raised out of `Progress`, never shown to a person."""


def silent(message: str, fraction: float) -> None:
    """A `Progress` for those who do not ask."""


def stretch(on_progress: Progress, start: float, end: float) -> Progress:
    """A `Progress` for a part of the work: its 0 is `start` of the whole, its 1 is `end`."""

    def report(message: str, fraction: float) -> None:
        on_progress(message, start + (end - start) * fraction)

    return report
