"""Objects of which a process must have one, whatever happens to the modules that made them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

Value = TypeVar("Value")

# On `sys`, not in this module: when a source file changes, Streamlit's watcher drops our modules
# and imports them anew. The engine and the signing secret must be the ones that the routes,
# which keep running, already use.
_STORE: dict[str, Any] = sys.__dict__.setdefault("_zoetrope_shared", {"lock": Lock()})


def process_wide(name: str, make: Callable[[], Value]) -> Value:
    """The one object called `name` in this process, made by `make()` at first use."""
    with _STORE["lock"]:
        if name not in _STORE:
            _STORE[name] = make()
        value: Value = _STORE[name]
        return value
