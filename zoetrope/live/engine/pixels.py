"""How pictures travel: raw, or as one JPEG with the rows one below another."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from zoetrope.live.wire.parts import JPEG, RAW

# Raw up to here: packing and unpacking cost next to nothing, and a local or wired network carries
# it faster than a browser decodes a JPEG. WebP packs several times slower than JPEG, too slowly to
# follow a slider from 256 x 256 on (benchmarks.live_pixels; figures in docs/formats.md).
RAW_LIMIT_BYTES = 256 * 1024
JPEG_QUALITY = 92
JPEG_LARGEST_EDGE = 65_500


def pack_pixels(pictures: NDArray[np.uint8], *, compact: bool) -> tuple[int, bytes]:
    """(format, bytes) of pictures uint8 (rows, height, width, channels).

    Args:
        pictures: Channels 1 or 3 may become JPEG; other counts always travel raw.
        compact: Prefer JPEG at any size, for slow networks.
    """
    rows, height, width, channels = pictures.shape
    large = compact or pictures.nbytes > RAW_LIMIT_BYTES
    if not large or channels not in (1, 3) or rows * height > JPEG_LARGEST_EDGE:
        return RAW, pictures.tobytes()
    from PIL import Image

    column = pictures.reshape(rows * height, width, channels)
    image = Image.fromarray(column[:, :, 0] if channels == 1 else column)
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return JPEG, packed.getvalue()
