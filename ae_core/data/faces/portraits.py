"""The embedded data set `faces`: portraits drawn here, with every factor known.

    items, attributes = render_faces(20_000)

Face i of a seed is always the same picture, however many are drawn, from where, and on how many
threads. What a face is made of and how likely that is: `faces_factors`; how it is painted:
`faces_drawing`.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.data.faces.drawing import CHUNK, SIZE, draw_chunk, draw_faces
from ae_core.data.faces.face_factors import FaceFactors
from ae_core.data.faces.factors import DEFAULT, LEVELS, FaceProbabilities, sample_factors
from ae_core.errors import DataError
from ae_core.processes.progress import Progress, silent

__all__ = [
    "ATTRIBUTES",
    "DEFAULT",
    "FaceProbabilities",
    "attributes_of",
    "draw_faces",
    "render_faces",
    "sample_factors",
]


def _levels(name: str) -> str:
    return ", ".join(LEVELS[name])


ATTRIBUTES: Final[dict[str, str]] = {
    "woman": "a woman, else a man",
    "eyeglasses": "wears glasses of any kind",
    "glasses": f"kind of glasses: {_levels('glasses')}",
    "beard": "has a beard",
    "moustache": "has a moustache",
    "smile": "from -1, corners of the mouth down, to 1, a laugh that shows teeth",
    "eye_open": "opening of the eyes, from 0, nearly shut, to 1, wide",
    "gaze": "where the eyes look, from -1, left in the picture, to 1, right",
    "hair_style": f"cut of the hair: {_levels('hair_style')}",
    "hair_length": "from 0, cropped, over 0.5, a bob, to 1, below the shoulders",
    "hair_colour": f"colour of the hair: {_levels('hair_colour')}",
    "skin_tone": "from 0, light, to 1, dark",
    "eye_colour": f"colour of the eyes: {_levels('eye_colour')}",
    "face_width": "from -1, narrow, to 1, wide",
    "jaw": "from -1, pointed, to 1, square",
    "brow_raise": "from -1, brows lowered, to 1, raised",
    "shift_x": "head's shift to the right, in pixels, from -4 to 4",
    "shift_y": "head's shift downwards, in pixels, from -4 to 4",
    "tilt": "head's tilt, clockwise in the picture, in degrees, from -12 to 12",
    "light": "side the light comes from: -1 left, 1 right",
    "light_strength": "from 0, even light, to 1, strong",
    "background": f"colour behind the person: {_levels('background')}",
    "clothes": f"colour of the clothes: {_levels('clothes')}",
    "neckline": f"cut of the clothes: {_levels('neckline')}",
}


def attributes_of(factors: pd.DataFrame) -> pd.DataFrame:
    """The named labels of faces: the factors that a person can see and name.

    Args:
        factors: As from `sample_factors`.

    Returns:
        One row a face with the columns of `ATTRIBUTES`: bool, string or float32. `eyeglasses` is
        derived from `glasses`; the others are factors as they were drawn by lot.
    """
    return factors.assign(eyeglasses=factors["glasses"] != "none")[list(ATTRIBUTES)]


def render_faces(
    n_items: int,
    *,
    seed: int = 0,
    start: int = 0,
    n_threads: int | None = None,
    probabilities: FaceProbabilities = DEFAULT,
    on_progress: Progress = silent,
) -> tuple[NDArray[np.uint8], pd.DataFrame]:
    """Draw faces `start` to `start + n_items` of the endless series that `seed` names.

    Args:
        n_items: How many, at least 1.
        seed: At least 0. Face i depends on `seed`, i and `probabilities` only.
        start: The first face, at least 0.
        n_threads: Threads that draw; all processors if None. Threads and not processes, because
            numpy frees the interpreter lock while it paints and a server may call this.
        probabilities: How likely the looks are that may go with `woman`.
        on_progress: Told how far it is, on the calling thread; may raise to stop it.

    Returns:
        Pictures, uint8, shape (n_items, 3, 64, 64), RGB; and their attributes, see `ATTRIBUTES`.

    Raises:
        DataError: `n_items` or `n_threads` < 1, or `start` or `seed` < 0.
    """
    n_threads = n_threads if n_threads is not None else os.cpu_count() or 1
    if n_items < 1 or n_threads < 1:
        raise DataError(
            f"`n_items` and `n_threads` must be at least 1; got {n_items} and {n_threads}."
        )
    if start < 0:
        raise DataError(f"`start` must be at least 0; got {start}.")
    factors = sample_factors(range(start, start + n_items), seed=seed, probabilities=probabilities)
    faces = FaceFactors.read(factors)
    items = np.empty((n_items, 3, SIZE, SIZE), dtype=np.uint8)

    def draw(first: int) -> int:
        part = faces.rows(first, first + CHUNK)
        items[first : first + len(part)] = draw_chunk(part)
        return len(part)

    n_drawn = 0
    with ThreadPoolExecutor(n_threads, thread_name_prefix="faces") as pool:
        for n_more in pool.map(draw, range(0, n_items, CHUNK)):
            n_drawn += n_more
            on_progress(f"drawing faces: {n_drawn:,} of {n_items:,}", n_drawn / n_items)
    return items, attributes_of(factors)
