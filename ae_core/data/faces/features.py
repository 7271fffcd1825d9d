"""Features of the drawn faces: eyes, brows, nose, mouth, beard and glasses.

Each painter works on a small window of the canvas; places are in the head's own coordinates.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ae_core.data.faces.colours import deepen, tone
from ae_core.data.faces.face_factors import FaceFactors
from ae_core.data.faces.shapes import (
    Canvas,
    Floats,
    blob,
    box,
    circle,
    cover,
    mix,
    segment,
)

EYE_X: Final = 6.4
EYE_Y: Final = 1.0
EYE_HALF_WIDTH: Final = 3.7
LENS_X: Final = 6.9
MOUTH_Y: Final = 11.3


def paint_eye(canvas: Canvas, faces: FaceFactors, skin: Floats, shadow: Floats, side: int) -> None:
    """One eye with lids and lashes; `side` is -1 for the one at the left of the picture."""
    x, y = (canvas.x - side * EYE_X) * side, canvas.y - EYE_Y  # x grows towards the ear
    lashes, opened = faces["lashes"], faces["eye_open"]
    y = y + x * (0.03 + 0.07 * lashes)  # outer corners a little higher
    arch = 1 - np.square(x / EYE_HALF_WIDTH)
    upper = -(0.6 + (1.75 + 0.3 * lashes) * opened + 0.25 * lashes) * arch
    lower = (0.45 + 0.9 * opened - 0.25 * np.maximum(faces["smile"], 0)) * arch
    crease = np.abs(y - upper * 1.25 + 1.4) - 0.4
    canvas.paint(cover(crease) * np.clip(arch + 0.1, 0, 0.55), shadow)
    inside = np.maximum(upper - y, y - lower)
    canvas.paint(cover(inside), tone("#fbf6ef"))
    canvas.paint(cover(inside) * np.clip(1 - (y - upper) * 0.6, 0, 1) * 0.4, tone("#8d7f86"))
    _paint_iris(canvas, faces, side, cover(inside))
    lid = np.abs(y - upper + 0.1) - (0.27 + 0.43 * lashes)
    reach = np.clip(EYE_HALF_WIDTH + 0.6 - np.abs(x), 0, 1)
    canvas.paint(cover(lid) * reach, tone("#2a1c1b"))
    wing = segment(x, y, 2.4, -1.0, 5.2, -2.3) - 0.5
    canvas.paint(cover(wing) * np.clip(lashes * 1.6 - 0.4, 0, 1), tone("#2a1c1b"))
    canvas.paint(cover(np.abs(y - lower - 0.2) - 0.2) * np.clip(arch, 0, 0.5), shadow)


def _paint_iris(canvas: Canvas, faces: FaceFactors, side: int, inside: Floats) -> None:
    x = canvas.x - side * EYE_X - 1.1 * faces["gaze"]
    y = canvas.y - EYE_Y + 0.35
    colour = faces.colour("eye_colour")
    far = circle(x, y, 0)
    canvas.paint(cover(far - 2.35) * inside, colour * 0.55)
    canvas.paint(cover(far - 1.85) * inside, colour)
    canvas.paint(blob(x, y - 1.2, 1.7, 1.2) * inside * 0.6, mix(colour, tone("#ffffff"), 0.45))
    canvas.paint(cover(far - 1.05) * inside, tone("#16100f"))
    canvas.paint(cover(circle(x + 0.75, y + 0.85, 0.62)) * inside, tone("#ffffff"))


def paint_brow(canvas: Canvas, faces: FaceFactors, side: int) -> None:
    """One brow: a tapering arc, thick for a large `brow`."""
    x, y = (canvas.x - side * EYE_X) * side, canvas.y
    brow, woman = faces["brow"], faces["woman"]
    along = np.clip((x + 4.6) / 9.4, 0, 1)
    bend = np.square((x - 0.8) / 4.6)
    middle = -5.1 - 0.3 * woman - 1.1 * faces["brow_raise"] + (0.9 + 0.6 * woman) * bend
    thick = (0.5 + 0.95 * brow) * (1 - 0.6 * along)
    ends = np.clip(4.9 - np.abs(x - 0.2), 0, 1)
    hair = mix(deepen(faces.colour("hair_colour"), 0.75), tone("#33231d"), 0.35)
    canvas.paint(cover(np.abs(y - middle) - thick) * ends * (0.8 + 0.2 * brow), hair)


def paint_nose(canvas: Canvas, faces: FaceFactors, skin: Floats, shadow: Floats) -> None:
    """A soft bridge, a lit tip, nostrils, and the shade on the side away from the light."""
    x, y, light = canvas.x, canvas.y, faces["light"]
    away = -np.sign(light) * (0.35 + 0.65 * np.abs(light))
    wide = 2.3 - 0.35 * faces["woman"]
    canvas.paint(blob(x - 1.5 * away, y - 4.0, 1.5, 5.0) * 0.40, shadow)
    canvas.paint(blob(x + 0.5 * away, y - 2.6, 1.2, 5.4) * 0.45, mix(skin, tone("#fff6ea"), 0.5))
    canvas.paint(blob(x, y - 8.3, wide + 1.1, 1.7) * 0.85, shadow)
    canvas.paint(blob(x + 0.4 * away, y - 6.6, 1.9, 1.7) * 0.65, mix(skin, tone("#fff6ea"), 0.5))
    for side in (-1, 1):
        canvas.paint(blob(x - side * 0.62 * wide, y - 8.0, 1.15, 0.85), shadow * 0.55)


def paint_mouth(canvas: Canvas, faces: FaceFactors, skin: Floats, shadow: Floats) -> None:
    """Lips along a curve that a smile bends; a wide smile opens on teeth."""
    x, smile, lips = canvas.x, faces["smile"], faces["lips"]
    wide = 4.4 + 1.4 * np.maximum(smile, 0) - 0.25 * faces["woman"]
    t = np.square(x / wide)
    arch = np.maximum(1 - t, 0)
    # a grin bends less than a smile with closed lips promises: it opens instead
    bend = np.where(smile < 0, 1.7 * smile, (3.9 - 1.8 * smile) * smile)
    y = canvas.y - MOUTH_Y + bend * (t - 0.4)
    gap = np.maximum(smile - 0.35, 0) * 5.2 * arch
    upper = (0.55 + 0.75 * lips) * arch * (1 - 0.35 * np.maximum(1 - np.abs(x), 0))
    lower = (0.75 + 0.85 * lips) * arch
    red = mix(mix(skin, tone("#a8505a"), 0.42), mix(skin, tone("#b9283f"), 0.78), lips[:, None])
    ends = np.clip(wide + 0.6 - np.abs(x), 0, 1)
    canvas.paint(blob(x, y - gap - lower - 1.5, 3.2, 1.2) * 0.45, shadow)
    canvas.paint(cover(np.maximum(-upper - y, y - gap - lower)) * ends, red)
    canvas.paint(
        blob(x + 0.6, y - gap - lower * 0.5, 2.0, 0.8) * (0.2 + 0.3 * lips),
        mix(red, tone("#ffffff"), 0.6),
    )
    hole = np.maximum(-y, y - gap)
    open_ = np.clip(gap * 1.5, 0, 1)
    canvas.paint(cover(hole) * open_, tone("#5a1f24"))
    teeth = np.maximum(hole, y - np.maximum(gap * 0.6, np.minimum(gap, 1.6)))
    canvas.paint(cover(teeth) * np.clip(gap * 1.4 - 0.4, 0, 1), tone("#fffaf2"))
    canvas.paint(cover(np.abs(y) - 0.32) * ends * (1 - 0.9 * open_), red * 0.45)
    corners = circle(np.abs(x) - wide, y, 0.7)
    canvas.paint(cover(corners) * 0.45, shadow * 0.7)


def paint_beard(canvas: Canvas, faces: FaceFactors, head: Floats) -> None:
    """A full beard along the jaw, from the sideburns to the chin; `head` is the head's distance."""
    x, y = np.abs(canvas.x), canvas.y
    past_lips = np.clip((x - 2.5) / 4, 0, 1)
    line = 14.6 - 1.0 * np.clip(faces["smile"], -1, 0)  # a pout needs room under the lip
    line = line - 4.4 * past_lips * past_lips * (3 - 2 * past_lips)
    line = line - 9 * np.square(np.clip((x - 6) / 7, 0, 1.2))
    edge = np.maximum(line - y, head - np.clip((y - 4) * 0.15, 0, 1.3))
    on = cover(edge, 1.6) * faces["beard"]
    hair = faces.colour("hair_colour")
    canvas.paint(on * 0.94, deepen(hair, 0.35))
    canvas.paint(on * blob(canvas.x + 2, y - 16, 6, 3) * 0.5, hair * 1.12)


def paint_moustache(canvas: Canvas, faces: FaceFactors) -> None:
    """Two strokes from under the nose to beyond the corners of the mouth."""
    x = np.abs(canvas.x)
    t = np.clip(x / 6.2, 0, 1)
    y = canvas.y - 9.7 - 1.5 * t * t + 1.2 * np.maximum(faces["smile"], 0) * t * t
    thick = 1.25 * (1 - t * t) + 0.3 - 0.5 * np.maximum(0.7 - x, 0)
    shape = np.maximum(np.abs(y) - thick, x - 6.2)
    hair = faces.colour("hair_colour")
    canvas.paint(cover(shape) * faces["moustache"] * 0.96, deepen(hair, 0.8))


def paint_glasses(canvas: Canvas, faces: FaceFactors, reach: Floats) -> None:
    """Lenses with a reflection, rims, bridge, and temples that end `reach` from the middle."""
    worn = 1 - faces.is_level("glasses", "none")
    dark = faces.is_level("glasses", "sun")
    wide = faces.by_level("glasses", {"none": 5, "round": 5.3, "square": 5.5, "sun": 5.7})
    high = faces.by_level("glasses", {"none": 5, "round": 5.3, "square": 4.2, "sun": 4.8})
    radius = faces.by_level("glasses", {"none": 5, "round": 5.3, "square": 1.5, "sun": 3.2})
    x, y = np.abs(canvas.x) - LENS_X, canvas.y - EYE_Y
    # sunglasses are wider above than below
    lens = box(x * (1 + 0.03 * dark * y), y, wide, high, radius)
    frame = mix(faces.colour("frame"), faces.colour("frame") * 0.8, dark[:, None])
    glass = mix(tone("#f2f8fb"), tone("#2c2a33"), dark[:, None])
    canvas.paint(cover(lens) * worn * (0.18 + 0.74 * dark), glass)
    canvas.paint(cover(lens) * worn * dark * np.clip((y + 1) * 0.12, 0, 0.5), tone("#8a7466"))
    side = canvas.x - np.copysign(LENS_X, canvas.x)
    glint = np.maximum(np.abs(side + y + 4.6) - 0.8, lens + 1.0)
    canvas.paint(cover(glint) * worn * (0.6 - 0.1 * dark), tone("#ffffff"))
    rim = np.abs(lens) - (0.62 + 0.1 * dark)
    bridge = np.maximum(np.abs(y + 1.0 - 0.25 * np.square(canvas.x)) - 0.6, np.abs(canvas.x) - 2.2)
    temple = np.maximum(np.abs(y + 1.4) - 0.6, np.maximum(wide - x, x + LENS_X - reach))
    canvas.paint(cover(np.minimum(np.minimum(rim, bridge), temple)) * worn, frame)
