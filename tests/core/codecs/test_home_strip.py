"""The home page's pictures are what the shipped model decodes; they were decoded beforehand."""

import numpy as np
from PIL import Image

from benchmarks.home_strip import strip
from zoetrope.ui.home_slider import N_PICTURES, STRIP


def test_the_shipped_pictures_are_the_models() -> None:
    with Image.open(STRIP) as picture:
        shipped = np.asarray(picture.convert("RGB"), np.int64)
    made = strip().astype(np.int64)
    assert shipped.shape == made.shape and made.shape[1] == N_PICTURES * made.shape[0]
    # lossy, but no other model's: `python -m benchmarks.home_strip` makes it anew
    assert np.abs(shipped - made).mean() < 3
    assert STRIP.stat().st_size < 64_000
