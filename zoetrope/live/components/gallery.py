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
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from zoetrope.live.assets import loader
from zoetrope.live.components.packing import do_nothing
from zoetrope.live.shared import process_wide


@dataclass(frozen=True)
class Curve:
    """Percentages from left to right, in a CSS colour; `label` is for screen readers."""

    label: str
    colour: str
    percent: Sequence[float]


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
    under_slider: bool = False,
    fill: bool = False,
    colour: str = "",
    curves: Sequence[Curve] = (),
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
        between: Large signs before each picture ("", "+", ...); none or n.
        under_slider: Centre the first picture under the left end of a slider of `slider_bank`, the
            last under its right end, the others evenly between.
        fill: One row over the whole width, a film strip.
        colour: CSS colour of a mark at the left of a film strip.
        curves: Drawn over the whole width above the pictures, 0 at the bottom, 100 at the top.

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
        "underSlider": under_slider,
        "fill": fill,
        "colour": colour,
        "curves": [asdict(curve) for curve in curves],
    }
    result = _component()(key=key, data=[data], on_picked_change=do_nothing)
    picked = getattr(result, "picked", None)
    return int(picked) if picked is not None and 0 <= int(picked) < len(pictures) else None


@functools.lru_cache(maxsize=2048)
def _png(raw: bytes, shape: tuple[int, int, int]) -> str:
    """`png_url` of a picture's bytes."""
    return png_url(np.frombuffer(raw, np.uint8).reshape(shape))


def png_url(picture: NDArray[np.uint8]) -> str:
    """A picture, uint8 (C, H, W), as the URL of a PNG."""
    from PIL import Image  # the first page is on screen before it is needed

    image = Image.fromarray(picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _component() -> Any:
    return process_wide(
        "gallery component",
        lambda: st.components.v2.component(
            "zoetrope_gallery", css=_CSS, js=loader("page/gallery.js")
        ),
    )


_CSS = """
.gallery { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-start;
  font-family: var(--st-font), sans-serif; color: var(--st-text-color); }
.gallery figure { margin: 0; display: grid; grid-template-columns: auto var(--size); row-gap: 4px; }
.gallery .sign { grid-column: 1; align-self: center; font-size: 1.5rem;
  line-height: 1; margin-right: 8px;
  color: color-mix(in srgb, var(--st-text-color) 68%, var(--st-background-color)); }
.gallery .sign:empty { display: none; }
.gallery .tile { grid-column: 2; padding: 0; border: 0; background: none; display: block;
  border-radius: 8px; font: inherit; color: inherit; line-height: 0; }
.gallery button.tile { cursor: pointer; }
.gallery button.tile:hover img { box-shadow: 0 0 0 2px var(--st-primary-color); }
.gallery button.tile:focus-visible { outline: 2px solid var(--st-primary-color);
  outline-offset: 3px; }
.gallery .selected img { box-shadow: 0 0 0 2px var(--st-primary-color); }
.gallery img { width: var(--size); border-radius: 8px;
  image-rendering: var(--enlarged, pixelated); }
.gallery figcaption { grid-column: 2; font-size: 0.75rem; line-height: 1.3; text-align: center;
  color: color-mix(in srgb, var(--st-text-color) 68%, var(--st-background-color));
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.gallery.fill { flex-wrap: nowrap; gap: 0; padding-left: 5px;
  border-left: 3px solid var(--mark); }
.gallery.fill figure { flex: 1 1 0; min-width: 0; grid-template-columns: 100%; }
.gallery.fill .tile { grid-column: 1; }
.gallery.fill img { width: 100%; border-radius: 2px; }
.curves { display: block; width: 100%; height: 48px; margin-bottom: 8px; overflow: visible;
  color: var(--st-text-color); }
.curves polyline { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; }
.curves line { stroke: currentColor; opacity: 0.3; stroke-dasharray: 2 3;
  vector-effect: non-scaling-stroke; }
.under-slider .curves { margin-left: calc(max(96px, 20%) + 21px);
  width: calc(100% - max(96px, 20%) - 106px); }
.gallery.under-slider { justify-content: space-between; flex-wrap: nowrap; gap: 2px;
  margin-left: calc(max(96px, 20%) + 21px - var(--size) / 2);
  margin-right: calc(85px - var(--size) / 2); }
.gallery.under-slider figure { grid-template-columns: var(--size); }
.gallery.under-slider .tile { grid-column: 1; }
"""
