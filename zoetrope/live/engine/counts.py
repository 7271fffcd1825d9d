"""What the engine has done since the start, counted by several threads."""

from __future__ import annotations

from threading import Lock


class Counts:
    """Whole numbers by name, all 0 at the start."""

    def __init__(self, *names: str) -> None:
        self._numbers = dict.fromkeys(names, 0)
        self._lock = Lock()

    def add(self, name: str, n: int = 1) -> None:
        """Count `n` more."""
        with self._lock:
            self._numbers[name] += n

    def now(self) -> dict[str, int]:
        """All numbers at this moment."""
        with self._lock:
            return dict(self._numbers)
