"""The colours of the drawn faces."""

from typing import Final

import numpy as np

from ae_core.data.faces.shapes import Floats, mix

# One palette: warm, a little greyed, so that any background goes with any hair, skin and cloth.
SKIN_RAMP: Final = ("#fbe0cb", "#f4cba9", "#e6b088", "#cd9068", "#a86e4a", "#85533a", "#6a4130")
COLOURS: Final[dict[str, dict[str, str]]] = {
    "hair_colour": {
        "black": "#2b262b", "brown": "#533728", "chestnut": "#84502f",
        "blond": "#dcb36f", "red": "#a95a38", "grey": "#b3afac",
    },
    "eye_colour": {
        "brown": "#5f3d22", "hazel": "#8a6a33", "green": "#5b8653",
        "blue": "#4a83b4", "grey": "#76878f",
    },
    "background": {
        "sand": "#e3d0b5", "sage": "#b3c3a4", "sky": "#abc6d3", "rose": "#d8ada4",
        "lilac": "#c0b5d0", "slate": "#8496a6", "teal": "#7aa7a3", "ochre": "#d9b678",
    },
    "clothes": {
        "navy": "#3a4c6e", "rust": "#b9634a", "forest": "#4d6f59", "plum": "#734d68",
        "cream": "#eee4d3", "mustard": "#d1a049", "denim": "#6c8cab", "charcoal": "#47484f",
    },
    "frame": {
        "black": "#211f26", "tortoise": "#55301a", "navy": "#243a66", "burgundy": "#74222f",
    },
}  # fmt: skip


def rgb(colour: str) -> Floats:
    """A colour such as "#fbe0cb" as three numbers in [0, 1]."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32) / 255


def tone(colour: str) -> Floats:
    """A fixed colour in the shape that `Canvas.paint` takes, (1, 3, 1, 1)."""
    return rgb(colour)[None, :, None, None]


def deepen(colour: Floats, share: float) -> Floats:
    """A colour as it looks in the shade: darker and warmer, the more the larger `share`."""
    return colour * mix(tone("#ffffff"), tone("#966f5e"), share)
