"""Hair of the drawn faces: its outline, the window it leaves for the face, and its shine."""

from __future__ import annotations

import dataclasses
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
    corner,
    cover,
    ellipse,
    mix,
    wave,
)


@dataclasses.dataclass(frozen=True)
class Haircut:
    """How a style is cut; lengths in pixels.

    Attributes:
        hairline: Height of the hairline where the hair parts, above the head's centre.
        pointed: 0 for a straight fringe, 1 for a pointed arch.
        part_reach: How far from the middle the parting may lie.
        top: Height of the hair above the skull.
        side: Its width beside the skull.
        curl: Depth of the curls in the outline.
        lean: How far the crown leans away from the parting.
        locks: Depth of the locks along the hairline.
        full: 0 for a crown like an egg, 1 for one like a box.
        shade: Coverage of the front hair.
    """

    hairline: float
    pointed: float
    part_reach: float
    top: float
    side: float
    curl: float = 0.0
    lean: float = 0.0
    locks: float = 0.0
    full: float = 0.15
    shade: float = 1.0


HAIRCUTS: Final[dict[str, Haircut]] = {
    "parted": Haircut(
        hairline=11.5,
        pointed=0.5,
        part_reach=7.5,
        top=3.8,
        side=1.5,
        lean=1.6,
        full=0.3,
        locks=0.35,
    ),
    "curtain": Haircut(hairline=13.0, pointed=1.0, part_reach=1.5, top=2.6, side=1.9),
    "fringe": Haircut(hairline=6.0, pointed=0.0, part_reach=2.0, top=3.2, side=2.0, locks=0.6),
    "swept": Haircut(
        hairline=11.0, pointed=0.15, part_reach=6.0, top=4.4, side=0.7, lean=1.8, full=0.5
    ),
    "curly": Haircut(
        hairline=10.0, pointed=0.3, part_reach=3.0, top=5.0, side=3.6, curl=1.4, locks=0.5
    ),
    "bun": Haircut(hairline=11.5, pointed=0.2, part_reach=2.0, top=1.6, side=0.7),
    "bald": Haircut(hairline=11.0, pointed=0.1, part_reach=1.0, top=-9.0, side=-9.0, shade=0.0),
}
SKULL_Y: Final = -3.5  # the widest place of the head, where its upper and lower halves meet
SKULL_HEIGHT: Final = 14.5


@dataclasses.dataclass(frozen=True)
class Hair:
    """Distances of the hair's outline, of the face's window in it, and the colour strands."""

    outline: Floats
    window: Floats
    strands: Floats
    shade: Floats


def covered(faces: FaceFactors) -> Floats:
    """How far the hair lies over ears and temples, 0 to 1, shape (n, 1, 1)."""
    return np.clip(faces["hair_length"] * 4 - 1, 0, 1)


def comb(canvas: Canvas, faces: FaceFactors, half_width: Floats) -> Hair:
    """Work out the hair of some faces.

    Args:
        canvas: Where they are drawn.
        faces: Their factors.
        half_width: Half the width of their heads, shape (n, 1, 1).
    """
    cut = {
        field.name: faces.by_level(
            "hair_style", {style: getattr(cut, field.name) for style, cut in HAIRCUTS.items()}
        )
        for field in dataclasses.fields(Haircut)
    }
    part = faces["hair_part"] * cut["part_reach"]
    fan = (canvas.x - part) / (np.abs(canvas.y + 15) * 0.22 + 5)
    return Hair(
        outline=_outline(canvas, faces, half_width, cut),
        window=_window(canvas, faces, half_width, cut, part),
        strands=mix(
            wave(fan * 1.7 + part) + wave(fan * 3.1),
            1.4 * wave((canvas.x + 1.6 * wave(canvas.y / 9)) / 5.5 + part),
            np.minimum(cut["curl"], 1),
        ),
        shade=cut["shade"],
    )


def _outline(
    canvas: Canvas, faces: FaceFactors, half_width: Floats, cut: dict[str, Floats]
) -> Floats:
    x, y, length, volume = canvas.x, canvas.y, faces["hair_length"], faces["hair_volume"]
    grow = 0.7 + 0.6 * volume
    wide = half_width + cut["side"] * grow + 0.5
    high = SKULL_HEIGHT + cut["top"] * grow
    end = -1 + length * (12 + 19 * length)
    below = y - SKULL_Y
    flare = np.maximum(below, 0) * (0.05 + 0.08 * volume) * length
    sway = wave(y / 13) * (0.7 * length)
    fade = np.clip(below * 0.22, 0, 1) * np.clip(1 - 4 * length, 0, 1) * 1.6
    hanging = corner(np.abs(x + sway) - wide - flare + fade, y - end, 1.5 + 5 * length)
    lean = cut["lean"] * faces["hair_part"]
    leant = x + lean * np.clip(-0.1 * below, 0, 1)
    egg = ellipse(leant, below, wide, high)
    crown = mix(egg, box(leant, below, wide, high, 11.0), cut["full"])
    return np.where(below < 0, crown, hanging) - _curls(x, below) * cut["curl"]


def _curls(x: Floats, below: Floats) -> Floats:
    """Round locks in [0, 1] along the outline: turning about the crown, then straight down."""
    turn = x / (np.abs(x) + np.abs(below) + 1) * 2.4
    down = below / 12 + 0.1
    return np.abs(wave(np.where(below < 0, turn, down)))


def _window(
    canvas: Canvas, faces: FaceFactors, half_width: Floats, cut: dict[str, Floats], part: Floats
) -> Floats:
    """Distance from the part of the face that the hair leaves free; its sides hang straight."""
    x, y = canvas.x, canvas.y
    side = half_width - 0.4 - 1.2 * covered(faces)
    span = np.where(x < part, side + part, side - part)
    t = np.clip(np.abs(x - part) / span, 0, 1)
    temple = -0.5 + cut["hairline"]
    drop = mix(t * t * t * t, t, cut["pointed"]) * temple
    steep = mix(4 * t * t * t, 1, cut["pointed"]) * temple / span
    locks = wave(x * 0.23 + part) + 0.6 * wave(x * 0.41)
    drop = drop + locks * cut["locks"]
    above = (drop - cut["hairline"] - y) / np.sqrt(1 + steep * steep)
    return np.maximum(above, np.abs(x) - side)


def paint_back(canvas: Canvas, faces: FaceFactors, hair: Hair) -> None:
    """The hair behind head and neck, and the bun."""
    colour = faces.colour("hair_colour")
    shadow = deepen(colour, 0.7)
    knot = circle(canvas.x, canvas.y + 20, 5.2)
    knot = np.where(faces.is_level("hair_style", "bun") > 0, knot, 99)
    canvas.paint(cover(knot), deepen(colour, 0.3))
    canvas.paint(blob(canvas.x + 1.5, canvas.y + 21.5, 3.6, 2.4) * cover(knot), colour * 1.12)
    canvas.paint(cover(hair.outline) * np.minimum(hair.shade, 1), shadow)


def paint_shadow(canvas: Canvas, hair: Hair, colour: Floats, on: Floats) -> None:
    """The shade that the front hair throws on the face, where coverage `on` says there is one."""
    near = np.clip(1 + hair.window / 3.5, 0, 1)
    canvas.paint(near * on * (0.5 * hair.shade), colour)


def paint_front(canvas: Canvas, faces: FaceFactors, hair: Hair) -> None:
    """The hair before the face: crown, fringe, and strands that hang beside the cheeks."""
    colour = faces.colour("hair_colour")
    on = cover(hair.outline) * cover(-hair.window) * hair.shade
    canvas.paint(on, colour)
    canvas.paint(on * np.clip(hair.strands, 0, 2) * 0.16, deepen(colour, 0.9))
    # the shine follows the crown a few pixels inside the outline, as on a sphere
    depth = np.abs(hair.outline + 4.5) / 2.8
    band = np.maximum(1 - depth, 0) * np.clip((-2 - canvas.y) * 0.12, 0, 1)
    lit = np.clip(0.75 + 0.5 * canvas.x * faces["light"] / 13, 0.1, 1.2)
    shine = mix(colour, tone("#fff0d8"), 0.38)
    canvas.paint(on * band * lit * (0.75 + 0.25 * hair.strands) * 0.75, shine)
    rim = np.clip(1 + hair.outline / 2.2, 0, 1)
    canvas.paint(on * rim * 0.3, deepen(colour, 1.0))
