"""A choice among options that the address remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoetrope.ui import state


@dataclass(frozen=True)
class UrlChoice:
    """What the address asks for, among options; the first of them is not written there.

    While only the first items of the data are there, fewer options are: a wish for one of the
    others waits for the rest instead of being forgotten.
    """

    name: str
    options: Sequence[str]
    is_preview: bool

    @property
    def start(self) -> str:
        """The option to begin with."""
        recalled = state.recall(self.name)
        return recalled if recalled is not None and recalled in self.options else self.options[0]

    @property
    def index(self) -> int:
        """The place of the option to begin with."""
        return self.options.index(self.start)

    def key(self, name: str) -> str:
        """The widget's: another one for the first items, whose choice must not outlast them."""
        return f"{name}_preview" if self.is_preview else name

    def keep(self, chosen: str) -> None:
        """Put a choice into the address."""
        recalled = state.recall(self.name)
        if self.is_preview and recalled is not None and recalled not in self.options:
            return
        state.remember(self.name, None if chosen == self.options[0] else chosen)
