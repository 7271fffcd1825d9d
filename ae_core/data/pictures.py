"""A picture file becomes an item, as a person sees it on a white page."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ae_core.errors import DataError

# A guard against files made to explode, before they are unpacked.
MAX_PICTURE_PIXELS = 50_000_000

_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
_16_BIT_GREY = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})  # "I": older Pillows' 16 bits


def read_picture(content: bytes, name: str, *, item_shape: tuple[int, int, int]) -> np.ndarray:
    """Turn a picture upright, cut an item's proportions from its middle, and resize that.

    Args:
        content: A picture file.
        name: What errors call it.
        item_shape: Channels (1, grey, or 3, RGB), height, width.

    Returns:
        uint8 (C, H, W).

    Raises:
        DataError: It is no picture, is broken, or has too many pixels.
    """
    channels, height, width = item_shape
    try:
        with _open(content) as picture:
            if picture.width * picture.height > MAX_PICTURE_PIXELS:
                raise DataError(
                    f"Picture {name!r} has {picture.width:,} x {picture.height:,} pixels; at most "
                    f"{MAX_PICTURE_PIXELS:,} in all: make it smaller."
                )
            upright = _as_rgb(ImageOps.exif_transpose(picture))
    except _UNREADABLE as error:
        why = "it is no picture" if isinstance(error, UnidentifiedImageError) else error
        raise DataError(
            f"Picture {name!r} cannot be read ({why}): replace it with a PNG or a JPEG."
        ) from error
    scale = min(upright.width / width, upright.height / height)
    kept_width, kept_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (upright.width - kept_width) // 2, (upright.height - kept_height) // 2
    # cropped first: a resize with `box` would let its filter see what lies outside
    cropped = upright.crop((left, top, left + kept_width, top + kept_height))
    resized = cropped.resize((width, height), Image.Resampling.LANCZOS)
    array = np.asarray(resized.convert("L" if channels == 1 else "RGB"))
    return array.reshape(height, width, channels).transpose(2, 0, 1)


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
