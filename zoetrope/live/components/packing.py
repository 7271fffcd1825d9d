"""What components share: arrays in JSON, static files as text, a handler that does nothing."""

from __future__ import annotations

import base64
import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoetrope.live.assets import STATIC


def packed(array: NDArray[np.floating[Any]]) -> dict[str, Any]:
    """An array as {"shape", "f32"}: little-endian float32 as base64, a third of the JSON text.

    `unpack` of `static/wire/packing.js` reads it in the browser; float32 numbers arrive exactly.
    """
    raw = np.ascontiguousarray(array, "<f4").tobytes()
    return {"shape": list(array.shape), "f32": base64.b64encode(raw).decode()}


@functools.cache
def static_text(name: str) -> str:
    """Text of a file under `static/`, such as a style sheet that a component brings along."""
    return (STATIC / name).read_text(encoding="utf-8")


def do_nothing() -> None:
    """Handler of a component's event whose rerun is all that is wanted."""
