"""Small pictures that can be clicked: neighbours, search results, the steps of a sum.

picked = gallery(items[rows], captions=[f"#{row}" for row in rows], key="neighbours")
if picked is not None:
    ...                                    # index of the picture that was just clicked
"""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from live.assets import loader
from live.shared import process_wide


def gallery(
    pictures: NDArray[np.uint8],
    *,
    key: str,
    captions: Sequence[str] = (),
    labels: Sequence[str] = (),
    size_px: int = 72,
    clickable: bool = True,
    selected: int | None = None,
    between: Sequence[str] = (),
    spread: bool = False,
) -> int | None:
    """Show a row of pictures that wraps.

    Args:
        pictures: uint8 (n, C, H, W), C 1 or 3.
        key: Stable name on the page.
        captions: Text under each picture; none or n.
        labels: What a screen reader says for each; the captions if empty.
        size_px: Width of a picture in CSS pixels.
        clickable: Whether the pictures are buttons.
        selected: Index of the picture with a frame.
        between: Signs before each caption ("", "+", ...); none or n.
        spread: First picture at the left edge, last at the right, instead of side by side.

    Returns:
        Index of the picture clicked since the last run, else None.

    Raises:
        LatentInputError: `captions`, `labels` or `between` do not fit the number of pictures.
    """
    for name, texts in (("captions", captions), ("labels", labels), ("between", between)):
        if len(texts) not in (0, len(pictures)):
            raise LatentInputError(
                f"`{name}` must have none or {len(pictures)} entries; got {len(texts)}."
            )
    data = {
        "pictures": [_png(picture.tobytes(), picture.shape) for picture in np.asarray(pictures)],
        "captions": list(captions),
        "labels": list(labels or captions),
        "between": list(between),
        "sizePx": size_px,
        "clickable": clickable,
        "selected": selected,
        "spread": spread,
    }
    result = _component()(key=key, data=data, on_picked_change=_nothing)
    picked = getattr(result, "picked", None)
    return int(picked) if picked is not None and 0 <= int(picked) < len(pictures) else None


@functools.lru_cache(maxsize=2048)
def _png(raw: bytes, shape: tuple[int, int, int]) -> str:
    """A picture's bytes, uint8 (C, H, W), as the URL of a PNG."""
    from PIL import Image

    array = np.frombuffer(raw, np.uint8).reshape(shape)
    image = Image.fromarray(array[0] if shape[0] == 1 else array.transpose(1, 2, 0))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _nothing() -> None:
    return None


def _component() -> Any:
    return process_wide(
        "gallery component",
        lambda: st.components.v2.component("zoetrope_gallery", css=_CSS, js=loader("gallery.js")),
    )


_CSS = """
.gallery { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-start;
  font-family: var(--st-font); color: var(--st-text-color); }
.gallery.spread { justify-content: space-between; flex-wrap: nowrap; }
.gallery figure { margin: 0; display: flex; flex-direction: column; gap: 4px; }
.gallery .tile { padding: 0; border: 0; background: none; display: block; border-radius: 6px;
  outline-offset: 2px; font: inherit; color: inherit; }
.gallery button.tile { cursor: pointer; }
.gallery button.tile:hover img { box-shadow: 0 0 0 2px var(--st-primary-color); }
.gallery button.tile:focus-visible { outline: 2px solid var(--st-primary-color); }
.gallery .selected img { box-shadow: 0 0 0 2px var(--st-primary-color); }
.gallery img { display: block; border-radius: 6px; image-rendering: pixelated;
  transition: box-shadow 80ms; }
.gallery figcaption { font-size: 0.75rem; line-height: 1.3; opacity: 0.75; text-align: center;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
@media (prefers-reduced-motion: reduce) { .gallery img { transition: none; } }
"""
