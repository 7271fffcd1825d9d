"""Where the Dimensions page starts from: the mean code, an item, a random code, or any picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.data.pictures import read_picture
from ae_core.data.questions import whole_number
from ae_core.errors import DataError
from ae_core.steering.directions import principal_axes
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui import state
from zoetrope.ui.plain_text import message
from zoetrope.ui.steer import picking, steering
from zoetrope.ui.steer.steering import Side, Space

URL, UPLOADED = "start", "start_picture"


@dataclass(frozen=True)
class Start:
    """A code to start from.

    Attributes:
        kind: mean, item, prior, density or picture.
        number: The item, or the seed of a random code.
        words: What people read.
    """

    kind: str
    number: int
    words: str


def current(space: Space) -> Start:
    """What the URL says; anything that is not there is the mean code."""
    kind, _, number = (state.recall(URL) or "").partition(":")
    if kind == "picture" and UPLOADED in st.session_state:
        return Start("picture", 0, "your picture")
    seed, item = whole_number(number), whole_number(kind)
    if kind in ("prior", "density") and seed is not None:
        source = "the prior" if kind == "prior" else "the data's density"
        return Start(kind, seed, f"random from {source}")
    if item is not None and item < len(space.data_set.items):
        return Start("item", item, f"item {item}")
    return Start("mean", 0, "the mean code")


def code(start: Start, side: Side) -> np.ndarray:
    """The code to start from, for one codec, float32 (latent_dim,)."""
    if start.kind == "item":
        return np.array(side.codes[start.number])
    if start.kind == "picture":
        raw, shape = st.session_state[UPLOADED], side.checkpoint.config.item_shape
        picture = read_picture(raw, "your own", item_shape=shape)
        return get_engine().encode(side.key, picture.transpose(1, 2, 0)[None])[0]
    if start.kind == "mean":
        return np.asarray(side.codes.mean(axis=0, dtype=np.float64), np.float32)
    draws = np.random.default_rng(start.number).standard_normal((side.codes.shape[1],))
    if start.kind == "prior" and is_variational(side):
        return draws.astype(np.float32)
    # a Gaussian with the codes' own mean and covariance
    axes = principal_axes(side.codes)
    drawn: np.ndarray = axes.mean + (draws * axes.sigmas) @ axes.axes
    return drawn.astype(np.float32)


def is_variational(side: Side) -> bool:
    model = side.checkpoint.config.model
    return model is not None and model.bottleneck == "variational"


def choose(space: Space) -> Start:
    """The popover that chooses where to start."""
    start = current(space)
    asked_item = state.recall_integer(URL)
    steering.say_missing([] if asked_item is None else [asked_item], space)
    with st.popover(f"Start: {start.words}", icon=":material/flag:"):
        found = picking.pick_item(space.data_set, key="dimensions_pick")
        asked = None if found is None else str(found)
        with st.container(horizontal=True):
            if st.button("Mean code"):
                asked = ""
            seed = int(np.random.default_rng().integers(10_000))
            if is_variational(space.model) and st.button("Random from the prior"):
                asked = f"prior:{seed}"
            if st.button("Random from the data's density"):
                asked = f"density:{seed}"
        asked = _picture(space, asked)
    if asked is not None:
        state.remember(URL, asked or None)
        st.rerun()
    return start


def _picture(space: Space, asked: str | None) -> str | None:
    """A picture of one's own; the codec sees it cropped and scaled like the data."""
    shot = None
    upload = st.file_uploader("A picture of your own", ["png", "jpg", "jpeg", "webp"])
    if st.toggle("Use the camera", key="start_camera"):
        shot = st.camera_input("Camera", label_visibility="collapsed")
    given = shot or upload
    if given is None or st.session_state.get("start_file") == given.file_id:
        return asked
    raw = given.getvalue()
    try:
        read_picture(raw, given.name, item_shape=space.model.checkpoint.config.item_shape)
    except DataError as error:
        st.error(message(error))
        return asked
    st.session_state["start_file"], st.session_state[UPLOADED] = given.file_id, raw
    return "picture"
