"""How long work says how far it is, and how it is stopped: the same everywhere in the core."""

import itertools
import statistics
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


class Estimate:
    """How long work will still take, told from how far it was when.

    From the newer half of what was seen, so that a slow beginning (imports, a compiler, the first
    batches) is forgotten; by the median slope of all pairs of what is left (Theil 1950, Sen 1968),
    so that a pause or a leap counts for little. Nothing before there is enough to tell from.

    Times are seconds of `time.monotonic`, which no set clock changes.
    """

    # The least that an estimate is made from: time that work went on, and times it was heard of.
    LEAST_S, LEAST_SEEN = 3.0, 4
    _EVERY_S, _MOST_KEPT, _N_COMPARED = 0.2, 128, 12

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []
        self._rate: float | None = None

    def observe(self, fraction: float, at_s: float) -> None:
        """Hear how far work is.

        Args:
            fraction: Share done, 0 to 1; one that falls is a new beginning.
            at_s: When.
        """
        seen = self._seen
        if seen and fraction < seen[-1][1]:
            seen.clear()
            self._rate = None
        if seen and (at_s - seen[-1][0] < self._EVERY_S or fraction == seen[-1][1]):
            return
        seen.append((at_s, fraction))
        if len(seen) > self._MOST_KEPT:
            del seen[1::2]
        self._rate = self._median_rate()

    def seconds_left(self, at_s: float) -> float | None:
        """Seconds until everything is done, from `at_s` on; None: not to be told yet."""
        if self._rate is None:
            return None
        last_s, fraction = self._seen[-1]
        return max((1 - fraction) / self._rate - (at_s - last_s), 0.0)

    def _median_rate(self) -> float | None:
        """Share done a second; None where too little was seen."""
        first_s, last_s = self._seen[0][0], self._seen[-1][0]
        if last_s - first_s < self.LEAST_S:
            return None
        newer = [one for one in self._seen if one[0] >= (first_s + last_s) / 2]
        if len(newer) < self.LEAST_SEEN:
            return None
        step = -(-len(newer) // self._N_COMPARED)
        slopes = [
            (later[1] - earlier[1]) / (later[0] - earlier[0])
            for earlier, later in itertools.combinations(newer[::-step], 2)
        ]
        return statistics.median(slopes)
