"""A picture file becomes a square of pixels, as a person sees it on a white page."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps

from ae_core.errors import DataError

# A guard against files made to explode, before they are unpacked.
MAX_PICTURE_PIXELS = 50_000_000

_16_BIT_GREY = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})  # "I": older Pillows' 16 bits


def read_picture(content: bytes, name: str, *, size: int) -> np.ndarray:
    """Turn a picture upright, cut a square from its middle and resize that, with anti-aliasing.

    Args:
        content: A picture file.
        name: What errors call it.
        size: Side of the square in pixels.

    Returns:
        uint8 (3, size, size), RGB.

    Raises:
        DataError: It is no picture, is broken, or has too many pixels.
    """
    try:
        with _open(content) as picture:
            if picture.width * picture.height > MAX_PICTURE_PIXELS:
                raise DataError(
                    f"Picture {name!r} has {picture.width:,} x {picture.height:,} pixels; at most "
                    f"{MAX_PICTURE_PIXELS:,} in all: make it smaller. Nothing was stored."
                )
            upright = _as_rgb(ImageOps.exif_transpose(picture))
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error) as error:
        raise DataError(
            f"Picture {name!r} cannot be read ({error}): remove or replace it, then add the zip "
            "again. Nothing was stored."
        ) from error
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    square = upright.resize(
        (size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side)
    )
    return np.asarray(square).transpose(2, 0, 1)


@contextmanager
def _open(content: bytes) -> Iterator[Image.Image]:
    """Read a picture's header; Pillow's own guard is off meanwhile: it does not say the size."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        picture = Image.open(io.BytesIO(content))
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    with picture:
        yield picture


def _as_rgb(picture: Image.Image) -> Image.Image:
    """8 bits a channel: 16 bits of grey scaled as a whole, what is transparent laid on white."""
    if picture.mode in _16_BIT_GREY:
        grey = np.asarray(picture).clip(0, 65_535).astype(np.uint32)
        return Image.fromarray(((grey + 128) // 257).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")
