"""Make the strip of pictures that the home page shows before anything is loaded.

The shipped faces-vae walks from one face to another in a straight line; the pictures lie side by
side in one WebP file. `tests/core/codecs/test_home_strip.py` holds it to the model.

    python -m benchmarks.home_strip
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.data.catalogue import preview_data_set
from zoetrope.ui.home_slider import N_PICTURES, STRIP

MODEL, FIRST, LAST = "faces-vae", 143, 18
"""Items of the drawn faces at both ends."""


def strip() -> np.ndarray:
    """The pictures, uint8 (height, N_PICTURES * width, 3)."""
    import torch

    codec = load_codec(find_checkpoint(MODEL))
    data_set = preview_data_set("faces")
    with torch.inference_mode():
        items = data_set.about.item.floats(np.array(data_set.items[[FIRST, LAST]]))
        start, end = codec.encode(items)
        weights = torch.linspace(0, 1, N_PICTURES)[:, None]
        decoded = codec.decode(torch.lerp(start, end, weights))
    pictures = data_set.about.item.drawn(data_set.about.item.stored(decoded))  # (n, 3, h, w)
    return np.concatenate(list(pictures.transpose(0, 2, 3, 1)), axis=1)


if __name__ == "__main__":
    Image.fromarray(strip()).save(STRIP, quality=90, method=6)
    print(f"{STRIP}: {STRIP.stat().st_size:,} bytes")
