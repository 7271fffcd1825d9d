"""Paints faces from their factors: background, body, head, features, hair, in that order."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.data.faces import features, haircuts
from ae_core.data.faces.colours import tone
from ae_core.data.faces.face_factors import FaceFactors
from ae_core.data.faces.shapes import (
    Canvas,
    Floats,
    blob,
    box,
    cover,
    ellipse,
    mix,
    segment,
)

SIZE: Final = 64
CENTRE_X, CENTRE_Y = 32.0, 31.0
ZOOM: Final = 1.14  # pixels to one of the head's own units
BODY_Y: Final = 55.0
BODY_TOP: Final = 30  # row above which head and hair hide the body
# Small enough that a plane of pixels of all faces stays in the processor's cache.
CHUNK: Final = 32


def draw_faces(factors: pd.DataFrame) -> NDArray[np.uint8]:
    """Draw one picture a row.

    Args:
        factors: As from `sample_factors`; values may be changed by hand.

    Returns:
        RGB pictures, uint8, shape (n, 3, 64, 64), C-contiguous. Each depends on its own row only.

    Raises:
        DataError: A column is missing, a level unknown, or a number not finite.
    """
    faces = FaceFactors.read(factors)
    pictures = np.empty((len(faces), 3, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, len(faces), CHUNK):
        part = faces.rows(start, start + CHUNK)
        pictures[start : start + len(part)] = draw_chunk(part)
    return pictures


def draw_chunk(faces: FaceFactors) -> NDArray[np.uint8]:
    """Draw a few faces at once; `draw_faces` for many."""
    canvas = _canvas(faces)
    skin = faces.skin()
    shadow = skin * tone("#c89a8e")
    half_width = 12.9 + 1.4 * faces["face_width"] + 0.4 * (1 - faces["woman"])
    head = _head(canvas, faces, half_width)
    hair = haircuts.comb(canvas, faces, half_width)
    _paint_background(canvas, faces)
    haircuts.paint_back(canvas, faces, hair)
    _paint_body(canvas.below(BODY_TOP), faces, skin, shadow, head[:, BODY_TOP:])
    _paint_head(canvas, faces, skin, shadow, head, half_width)
    haircuts.paint_shadow(canvas, hair, shadow, cover(head))
    _paint_features(canvas, faces, skin, shadow, head)
    haircuts.paint_front(canvas, faces, hair)
    with _window(canvas, faces, 0, 1, 28, 52) as part:
        features.paint_glasses(part, faces, half_width + 1 - 2.4 * haircuts.covered(faces))
    _paint_light(canvas, faces)
    pixels = canvas.pixels
    pixels *= 255
    pixels += 0.5
    return np.clip(pixels, 0, 255, out=pixels).astype(np.uint8)


def _turn(faces: FaceFactors) -> tuple[Floats, Floats]:
    """Cosine and sine of the tilt, shape (n, 1, 1)."""
    # in double, since libraries round single-precision cosines differently
    angle = np.deg2rad(faces["tilt"].astype(np.float64))
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def _canvas(faces: FaceFactors) -> Canvas:
    cos, sin = _turn(faces)
    at = np.arange(SIZE, dtype=np.float32) + 0.5
    x = at[None, None, :] - (CENTRE_X + faces["shift_x"])
    y = at[None, :, None] - (CENTRE_Y + faces["shift_y"])
    pixels = np.empty((len(faces), 3, SIZE, SIZE), dtype=np.float32)
    cos, sin = cos / ZOOM, sin / ZOOM
    return Canvas(pixels, cos * x + sin * y, cos * y - sin * x)


def _window(
    canvas: Canvas, faces: FaceFactors, x: float, y: float, h: int, w: int
) -> AbstractContextManager[Canvas]:
    """The `h` by `w` pixels of each face around the place (x, y) of its head."""
    cos, sin = _turn(faces)
    col = CENTRE_X + faces["shift_x"] + ZOOM * (cos * x - sin * y) - w / 2
    row = CENTRE_Y + faces["shift_y"] + ZOOM * (sin * x + cos * y) - h / 2
    rows = np.clip(np.rint(row[:, 0, 0]), 0, SIZE - h).astype(np.intp)
    cols = np.clip(np.rint(col[:, 0, 0]), 0, SIZE - w).astype(np.intp)
    return canvas.window(rows, cols, h, w)


def _head(canvas: Canvas, faces: FaceFactors, half_width: Floats) -> Floats:
    """Distance from the head: an egg, the more of a rounded box the squarer the jaw."""
    x, y = canvas.x, canvas.y - haircuts.SKULL_Y
    square = 0.5 + 0.5 * faces["jaw"]
    chin = 19.8 + 0.8 * square
    down = np.clip(y / chin, 0, 1)
    taper = 1 + (0.28 - 0.22 * square) * down * down
    egg = ellipse(x * taper, y, half_width, np.where(y < 0, haircuts.SKULL_HEIGHT, chin))
    jaw = box(x, y, half_width - 0.3, chin, 9.0)
    return mix(egg, jaw, square * 0.72 * np.clip(y * 0.12, 0, 1))


def _paint_background(canvas: Canvas, faces: FaceFactors) -> None:
    colour = faces.colour("background")
    at = (np.arange(SIZE, dtype=np.float32) + 0.5 - SIZE / 2) / (SIZE / 2)
    x, y = at[None, None, :], at[None, :, None]
    canvas.pixels[...] = colour
    canvas.paint(
        blob(x - 0.35 * faces["light"], y + 0.25, 1.25, 1.3) * 0.36,
        mix(colour, tone("#fffaf0"), 0.6),
    )
    canvas.paint(np.clip((x * x + y * y - 0.5) * 0.25, 0, 0.3), colour * 0.75)


def _paint_body(
    canvas: Canvas, faces: FaceFactors, skin: Floats, shadow: Floats, head: Floats
) -> None:
    """Neck, shoulders and clothes; the body follows the head's shift by half and never tilts."""
    man = 1 - faces["woman"]
    left, top = CENTRE_X + 0.5 * faces["shift_x"], BODY_Y + 0.4 * faces["shift_y"]
    at = np.arange(SIZE, dtype=np.float32) + 0.5
    x, y = np.broadcast_arrays(at[None, None, :] - left, at[None, BODY_TOP:, None] - top)
    cos, sin = _turn(faces)
    throat_x = CENTRE_X + faces["shift_x"] - sin * 9 - left
    throat_y = CENTRE_Y + faces["shift_y"] + cos * 9 - top
    neck = segment(x, y, throat_x, throat_y, 0.0, 4.0) - (6.0 + 1.6 * man)
    canvas.paint(cover(neck), skin)
    wide = 22.5 + 3.5 * man
    u = np.minimum(np.abs(x) / wide, 1.4)
    slant = 1.0 + 7.5 * u * u * u - y
    shoulder = np.maximum(slant / np.sqrt(1 + np.square(22.5 * u * u / wide)), np.abs(x) - wide - 2)
    near = np.clip(1.2 - head / 5.0, 0, 1)
    canvas.paint(cover(neck) * near * 0.8, shadow)
    _paint_clothes(canvas, faces, skin, x, y, shoulder, near)


def _paint_clothes(
    canvas: Canvas,
    faces: FaceFactors,
    skin: Floats,
    x: Floats,
    y: Floats,
    shoulder: Floats,
    near: Floats,
) -> None:
    cloth = faces.colour("clothes")
    is_v = 1 - faces.is_level("neckline", "round")
    scoop = ellipse(x, y + 0.5, 9.0, 5.0)
    vee = np.maximum(np.abs(x) * 0.85 + (y - 8.0) * 0.62, -y - 8)
    neckline = mix(scoop, vee, is_v)
    canvas.paint(cover(np.maximum(shoulder, neckline)), skin)
    dressed = cover(np.maximum(shoulder, -neckline))
    canvas.paint(dressed, cloth)
    canvas.paint(dressed * np.clip((y - 2) * 0.05, 0, 0.5), cloth * 0.7)
    canvas.paint(dressed * cover(np.abs(neckline - 0.9) - 0.8) * 0.55, cloth * 0.62)
    canvas.paint(dressed * near * 0.35, cloth * 0.55)
    # two flaps of a shirt's collar along the sides of the opening, pointed below
    collar = faces.is_level("neckline", "collar")
    out = np.abs(x)
    flap = np.maximum(np.maximum(-neckline, neckline - 3.6), out * 0.55 - y * 0.8 - 6.2)
    flap = np.maximum(flap, (y - 6.8) * 0.8 + (out - 4) * 0.5)
    paper = mix(cloth, tone("#fffaf0"), 0.62)
    canvas.paint(cover(flap) * collar, paper)
    canvas.paint(cover(np.abs(flap) - 0.25) * collar * 0.45, cloth * 0.6)


def _paint_head(
    canvas: Canvas,
    faces: FaceFactors,
    skin: Floats,
    shadow: Floats,
    head: Floats,
    half_width: Floats,
) -> None:
    x, y, light = canvas.x, canvas.y, faces["light"]
    out = np.abs(x) - half_width - 0.7 + 2 * haircuts.covered(faces)
    ear = ellipse(out, y - 2.2, 2.5, 3.7)
    canvas.paint(cover(ear), mix(skin, shadow, 0.25))
    canvas.paint(cover(ellipse(out - 0.1, y - 2.2, 1.2, 2.3), 1.6) * 0.6, shadow)
    on = cover(head)
    canvas.paint(on, skin)
    away = np.clip(0.30 - 0.9 * light * x / half_width + 0.012 * y, 0, 1)
    round_ = np.clip(1 + head / 9.5, 0, 1)
    canvas.paint(on * round_ * round_ * away * (0.55 + 0.45 * faces["light_strength"]), shadow)
    lit = blob(x - 4.5 * light, y + 6, 9, 8)
    canvas.paint(
        on * lit * (0.25 + 0.35 * faces["light_strength"]), mix(skin, tone("#fff3e0"), 0.5)
    )
    rouge = mix(skin, tone("#e0604f"), 0.5)
    for side in (-1, 1):
        cheek = blob(x - side * 7.6, y - 7.2, 4.6, 3.6)
        canvas.paint(on * cheek * (0.25 + 0.55 * faces["blush"]), rouge)


def _paint_features(
    canvas: Canvas, faces: FaceFactors, skin: Floats, shadow: Floats, head: Floats
) -> None:
    if faces.columns["beard"].any():
        features.paint_beard(canvas, faces, head)
    with _window(canvas, faces, 0, 5, 20, 16) as part:
        features.paint_nose(part, faces, skin, shadow)
    with _window(canvas, faces, 0, features.MOUTH_Y, 18, 22) as part:
        features.paint_mouth(part, faces, skin, shadow)
        features.paint_moustache(part, faces)
    for side in (-1, 1):
        with _window(canvas, faces, side * features.EYE_X, -1.5, 20, 20) as part:
            features.paint_eye(part, faces, skin, shadow, side)
            features.paint_brow(part, faces, side)


def _paint_light(canvas: Canvas, faces: FaceFactors) -> None:
    """One light on everything: warmer and brighter where it comes from, cooler on the far side."""
    at = (np.arange(SIZE, dtype=np.float32) + 0.5 - SIZE / 2) / (SIZE / 2)
    ramp = at[None, None, :] * faces["light"] * 0.8 - at[None, :, None] * 0.35
    warmth = np.array([0.22, 0.195, 0.15], dtype=np.float32)[None, :, None, None]
    glow = (faces["light_strength"] * ramp)[:, None] * warmth
    canvas.pixels[...] *= 1 + glow * (1.9 - 1.4 * canvas.pixels)  # bright colours must not burn
