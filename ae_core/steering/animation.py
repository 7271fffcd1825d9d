"""Pictures in order to an animation: GIF, animated WebP, MP4 (H.264, playable in browsers)."""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from ae_core.processes.progress import Progress, silent

if TYPE_CHECKING:
    from PIL.Image import Image

Format = Literal["gif", "webp", "mp4"]
FORMATS: tuple[Format, ...] = ("gif", "webp", "mp4")
Frames = NDArray[np.uint8]

MIN_EDGE_PX = 256
MAX_FRAMES = 2_000
CAPTION_PX = 28
_FONT_PX = 15


def side_by_side(parts: list[Frames], *, gap: int = 4, background: int = 255) -> Frames:
    """Several animations as one, from left to right.

    Args:
        parts: uint8 (n, H, W, C), of one n, H and W; grey (C = 1) becomes RGB.
        gap: Pixels between them.
        background: Grey value of the gap.

    Returns:
        uint8 (n, H, sum of W and gaps, 3).
    """
    shapes = {part.shape[:3] for part in parts}
    if len(shapes) != 1:
        raise LatentInputError(f"`parts` must have one n, H and W; got {sorted(shapes)}.")
    n_frames, height = parts[0].shape[:2]
    spacer = np.full((n_frames, height, gap, 3), background, np.uint8)
    pieces: list[Frames] = []
    for part in parts:
        pieces += [spacer, np.broadcast_to(part, (*part.shape[:3], 3))]
    return np.concatenate(pieces[1:], axis=2)


def encode_animation(
    frames: Frames,
    kind: Format,
    *,
    frames_per_s: float = 30.0,
    ping_pong: bool = False,
    smooth: bool = False,
    captions: Sequence[str] = (),
    on_progress: Progress = silent,
) -> bytes:
    """Write frames as a file that plays in an endless loop (GIF, WebP) or once (MP4).

    Small pictures are enlarged by a whole factor until their shorter edge has `MIN_EDGE_PX`.

    Args:
        frames: uint8 (n, H, W, C), C 1 (grey) or 3 (RGB), n from 2 to `MAX_FRAMES`.
        kind: Format of the file. GIF has 256 colours a frame and time in steps of 10 ms; WebP is
            lossless here; MP4 is H.264 with halved colour resolution.
        frames_per_s: Speed, 1 to 60.
        ping_pong: Append the path back, without showing the ends twice.
        smooth: Enlarge by bicubic interpolation, instead of repeating pixels.
        captions: Words under the pictures, one for each of so many equal parts of the width; cut
            where they are too long. None: no line under the pictures.
        on_progress: Told how far it is; may raise to stop it.

    Raises:
        LatentInputError: Shape, type, number or speed is not as above.
    """
    if frames.ndim != 4 or frames.shape[3] not in (1, 3) or frames.dtype != np.uint8:
        raise LatentInputError(
            f"`frames` must be uint8 of shape (n, H, W, 1 or 3); got {frames.dtype} {frames.shape}."
        )
    if not 2 <= len(frames) <= MAX_FRAMES:
        raise LatentInputError(f"`frames` must be 2 to {MAX_FRAMES}; got {len(frames)}.")
    if not 1 <= frames_per_s <= 60:
        raise LatentInputError(f"`frames_per_s` must be 1 to 60; got {frames_per_s}.")
    order = [*range(len(frames)), *(range(len(frames) - 2, 0, -1) if ping_pong else ())]
    images = _images(frames, order, on_progress, smooth=smooth, captions=captions)
    if kind == "mp4":
        return _mp4(images, frames_per_s)
    if kind not in FORMATS:
        raise LatentInputError(f"`kind` must be one of {', '.join(FORMATS)}; got {kind!r}.")
    buffer, first = io.BytesIO(), next(images)
    settings = {"lossless": True, "method": 2} if kind == "webp" else {"disposal": 1}
    first.save(
        buffer, kind.upper(), save_all=True, append_images=images, loop=0,
        duration=_duration_ms(kind, frames_per_s), **settings,
    )  # fmt: skip
    return buffer.getvalue()


def _duration_ms(kind: Format, frames_per_s: float) -> int:
    # browsers slow a GIF of less than 20 ms a frame down to 100 ms
    return max(20, round(100 / frames_per_s) * 10) if kind == "gif" else round(1000 / frames_per_s)


def _images(
    frames: Frames,
    order: list[int],
    on_progress: Progress,
    *,
    smooth: bool,
    captions: Sequence[str],
) -> Iterator[Image]:
    from PIL import Image  # the Morph page opens without it

    height, width = frames.shape[1:3]
    factor = max(1, -(-MIN_EDGE_PX // min(height, width)))
    size = width * factor, height * factor
    caption_line = _caption_line(captions, size[0]) if captions else None
    for n_done, index in enumerate(order, start=1):
        rgb = np.ascontiguousarray(np.broadcast_to(frames[index], (height, width, 3)))
        how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
        picture = Image.fromarray(rgb).resize(size, how)
        if caption_line is not None:
            whole = Image.new("RGB", (size[0], size[1] + CAPTION_PX), "white")
            whole.paste(picture, (0, 0))
            whole.paste(caption_line, (0, size[1]))
            picture = whole
        yield picture
        on_progress("writing frames", n_done / len(order))


def _caption_line(captions: Sequence[str], width: int) -> Image:
    """The captions side by side, each in the middle of its part; RGB (`CAPTION_PX`, width)."""
    from PIL import Image, ImageDraw, ImageFont

    line = Image.new("RGB", (width, CAPTION_PX), "white")
    draw, font = ImageDraw.Draw(line), ImageFont.load_default(_FONT_PX)
    part = width / len(captions)
    for place, caption in enumerate(captions):
        text = caption
        while text and draw.textlength(text, font) > part - 8:
            text = text.removesuffix("…")[:-1].rstrip() + "…" if len(text) > 1 else ""
        middle = ((place + 0.5) * part, CAPTION_PX / 2)
        draw.text(middle, text, fill="black", font=font, anchor="mm")
    return line


def _mp4(images: Iterator[Image], frames_per_s: float) -> bytes:
    import av  # 30 MB of codecs: only when a film is wanted

    first = next(images)
    images = itertools.chain([first], images)
    size = first.width // 2 * 2, first.height // 2 * 2  # halved colours need even edges
    # a file, not a buffer: "faststart" reads it again to move its index to the front
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with av.open(str(path), "w", options={"movflags": "faststart"}) as film:
            rate = Fraction(frames_per_s).limit_denominator(1000)
            quality = {"crf": "16", "preset": "veryfast"}
            stream = film.add_stream("libx264", rate=rate, options=quality)
            stream.pix_fmt, stream.width, stream.height = "yuv420p", *size
            for image in images:
                film.mux(stream.encode(av.VideoFrame.from_image(image.crop((0, 0, *size)))))
            film.mux(stream.encode())
        return path.read_bytes()
