"""A picture file becomes an item, as a person sees it on a white page.

Files come from anybody, so what reading one may cost is bounded before it is read. How a file
begins says what it is, not its name; the readers of five formats are called by name, so that
Pillow's other readers are never tried, and its settings, which all threads share, never changed.
"""

import math
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from ae_core.data.limits import (
    MAX_DECODING_BYTES,
    MAX_JPEG_PASSES_X_PIXELS,
    MAX_PICTURE_BYTES,
    MAX_PICTURE_PIXELS,
)
from ae_core.errors import DataError

_READERS: tuple[tuple[bytes, int, type[ImageFile]], ...] = (  # bytes, where they stand, reader
    (b"\x89PNG\r\n\x1a\n", 0, PngImageFile),
    (b"\xff\xd8\xff", 0, JpegImageFile),
    (b"GIF8", 0, GifImageFile),
    (b"BM", 0, BmpImageFile),
    (b"WEBP", 8, WebPImageFile),
)
_START_OF_PASS = b"\xff\xda"
# One picture is decoded at a time, whoever asks: the server's memory is bounded by one.
_ONE_AT_A_TIME = threading.Lock()

_UNREADABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
_16_BIT_GREY = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})  # "I": older Pillows' 16 bits

# Above this, pictures are averaged down by a whole factor before they are resized: their copies
# would take several times their memory.
_LARGE_PIXELS = 4_000_000
_SMALLEST_SHRUNK_SIDE = 512
_BAND_PIXELS = 1_000_000

_ORIENTATION = 0x0112  # EXIF
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


def read_picture(content: bytes, name: str, *, item_shape: tuple[int, int, int]) -> np.ndarray:
    """Turn a picture upright, cut an item's proportions from its middle, and resize that.

    Of an animation the first picture is taken.

    Args:
        content: A PNG, JPEG, WebP, BMP or GIF file.
        name: What errors call it.
        item_shape: Channels (1, grey, or 3, RGB), height, width.

    Returns:
        uint8 (C, H, W).

    Raises:
        DataError: It is no such picture, is broken, or would take too much memory.
    """
    channels, height, width = item_shape
    try:
        with _ONE_AT_A_TIME, _open(content, name) as picture:
            _check_cost(picture, content, name)
            cut = _cut(picture, width, height)
    except _UNREADABLE as error:
        raise DataError(_unreadable(name, error)) from error
    resized = cut.resize((width, height), Image.Resampling.LANCZOS)
    array = np.asarray(resized.convert("L" if channels == 1 else "RGB"))
    return array.reshape(height, width, channels).transpose(2, 0, 1)


def _unreadable(name: str, why: object) -> str:
    return f"Picture {name!r} cannot be read ({why}): replace it with a PNG or a JPEG."


@contextmanager
def _open(content: bytes, name: str) -> Iterator[ImageFile]:
    """Read a picture's header."""
    if len(content) > MAX_PICTURE_BYTES:
        raise DataError(
            f"Picture {name!r} has {len(content) >> 20:,} MiB; at most {MAX_PICTURE_BYTES >> 20}: "
            "make it smaller."
        )
    for mark, place, reader in _READERS:
        if content[place : place + len(mark)] == mark:
            with reader(BytesIO(content)) as picture:
                yield picture
            return
    raise DataError(_unreadable(name, "it is no picture"))


def _check_cost(picture: ImageFile, content: bytes, name: str) -> None:
    """Refuse by what the header says, before pixels are read.

    Raises:
        DataError: Too many pixels, too much memory, or too many passes.
    """
    n_pixels = picture.width * picture.height
    if n_pixels > MAX_PICTURE_PIXELS:
        raise DataError(
            f"Picture {name!r} has {picture.width:,} x {picture.height:,} pixels; at most "
            f"{MAX_PICTURE_PIXELS:,} in all: make it smaller."
        )
    n_bytes = n_pixels * _bytes_a_pixel(picture)
    if n_bytes > MAX_DECODING_BYTES:
        raise DataError(
            f"Picture {name!r} of {picture.width:,} x {picture.height:,} pixels takes "
            f"{n_bytes >> 20:,} MiB to read as {picture.format}; at most "
            f"{MAX_DECODING_BYTES >> 20}: make it smaller, or save it as PNG."
        )
    n_passes = content.count(_START_OF_PASS) if isinstance(picture, JpegImageFile) else 1
    if n_passes * n_pixels > MAX_JPEG_PASSES_X_PIXELS:
        raise DataError(
            f"Picture {name!r} is a JPEG of {n_passes:,} passes; of its size at most "
            f"{MAX_JPEG_PASSES_X_PIXELS // n_pixels:,}: save it again."
        )


def _bytes_a_pixel(picture: ImageFile) -> int:
    """What reading takes at most, beside the file: measured, see tests/attacks."""
    if isinstance(picture, WebPImageFile):
        return 16  # two canvases of the animation's player, its answer, and Pillow's copy
    if isinstance(picture, JpegImageFile) and picture.info.get("progressive"):
        return 2 * len(picture.getbands()) + 1  # all coefficients at once
    if isinstance(picture, BmpImageFile) and picture.info.get("compression"):
        return 256  # unpacked by Python, which takes long
    return 4


def _cut(picture: ImageFile, width: int, height: int) -> Image.Image:
    """The middle in the proportions `width` to `height`, upright, RGB; less than 8 M pixels."""
    factor = _shrinking(*picture.size)
    if factor > 1:  # a JPEG is shrunk while it is read
        picture.draft(None, (picture.width // factor, picture.height // factor))
    picture.load()
    orientation = picture.getexif().get(_ORIENTATION, 1)
    turn = _TURNS.get(orientation)
    across, down = picture.size if orientation not in (5, 6, 7, 8) else picture.size[::-1]
    scale = min(across / width, down / height)
    kept_across, kept_down = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (across - kept_across) // 2, (down - kept_down) // 2
    box = _as_stored((left, top, left + kept_across, top + kept_down), picture, orientation)
    # cropped first: a resize with `box` would let its filter see what lies outside
    cut = _rgb(picture, box)
    return cut if turn is None else cut.transpose(turn)


def _as_stored(box: Box, picture: ImageFile, orientation: int) -> Box:
    """Where a part of the upright picture lies in the picture as it is stored."""
    left, top, right, bottom = box
    if orientation in (5, 6, 7, 8):
        left, top, right, bottom = top, left, bottom, right
    if orientation in (2, 3, 7, 8):
        left, right = picture.width - right, picture.width - left
    if orientation in (3, 4, 6, 7):
        top, bottom = picture.height - bottom, picture.height - top
    return left, top, right, bottom


def _shrinking(width: int, height: int) -> int:
    """By which whole factor a picture is averaged down before it is resized."""
    wanted = math.ceil(math.sqrt(width * height / _LARGE_PIXELS))
    return max(1, min(wanted, min(width, height) // _SMALLEST_SHRUNK_SIDE))


def _rgb(picture: Image.Image, box: Box) -> Image.Image:
    """A part as RGB; a large one averaged down, band by band."""
    left, top, right, bottom = box
    factor = _shrinking(right - left, bottom - top)
    if factor == 1:
        return _as_rgb(picture.crop(box))
    size = -(-(right - left) // factor), -(-(bottom - top) // factor)
    whole = Image.new("RGB", size)
    n_rows = factor * max(1, _BAND_PIXELS // (right - left) // factor)
    for start in range(top, bottom, n_rows):
        band = picture.crop((left, start, right, min(start + n_rows, bottom)))
        whole.paste(_as_rgb(band).reduce(factor), (0, (start - top) // factor))
    return whole


def _as_rgb(picture: Image.Image) -> Image.Image:
    """8 bits a channel: 16 bits of grey scaled as a whole, what is transparent laid on white."""
    if picture.mode in _16_BIT_GREY:
        grey = np.asarray(picture).clip(0, 65_535).astype(np.uint32)
        return Image.fromarray(((grey + 128) // 257).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")
