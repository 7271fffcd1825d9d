"""The same job twice: one slider, the model's picture and PCA's."""

import numpy as np
import streamlit as st

from zoetrope.live.components import stage as live
from zoetrope.live.engine.engine import get_engine

key = st.query_params.get("codec", "stand-in-64")
keys = [key, f"pca:{key}"]


def ends(codec: str) -> np.ndarray:
    """Two codes far apart, shape (2, latent_dim)."""
    latent_dim = get_engine().codec(codec).result().latent_dim
    return np.random.default_rng(0).normal(size=(2, latent_dim)).astype(np.float32)


@st.fragment
def native() -> None:
    """What Streamlit offers: a slider that reruns a fragment."""
    t = st.slider("t", 0.0, 1.0, 0.0, 0.01)
    for column, codec in zip(st.columns(2), keys, strict=True):
        start, end = ends(codec)
        picture = (
            get_engine().decode(codec, (start + t * (end - start))[None])[0].transpose(1, 2, 0)
        )
        column.image(picture, width=320)


if st.query_params.get("kind") == "native":
    native()
else:
    live.slider_bank(
        [live.Panel(codec, codec, live.Path(ends(codec))) for codec in keys],
        [live.Control("t", "t", 0, 1, step=0.01)],
        key="live",
    )
