"""The code that the Dimensions page starts from: the mean, an item's, a random one, a picture's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.data.item_search import whole_number
from ae_core.data.limits import MAX_PICTURE_BYTES
from ae_core.errors import DataError
from ae_core.steering.directions import principal_axes
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui import keys, state
from zoetrope.ui.plain_text import message
from zoetrope.ui.steer import item_picker, notices
from zoetrope.ui.steer.space import Side, Space


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


MEAN = Start("mean", 0, "the mean code")


def current(space: Space) -> Start:
    """What the URL says; anything that is not there is the mean code."""
    kind, _, number = (state.recall(keys.START) or "").partition(":")
    if kind == "picture" and keys.UPLOADED in st.session_state:
        return Start("picture", 0, "your picture")
    seed, item = whole_number(number), whole_number(kind)
    if kind in ("prior", "density") and seed is not None:
        source = "the prior" if kind == "prior" else "the data's density"
        return Start(kind, seed, f"random from {source}")
    if item is not None and item < len(space.data_set.items):
        return Start("item", item, f"item {item}")
    return MEAN


def code(start: Start, side: Side) -> np.ndarray:
    """The code to start from, for one codec, float32 (latent_dim,)."""
    if start.kind == "item":
        return np.array(side.codes[start.number])
    if start.kind == "picture":
        stored = side.checkpoint.config.item.read_file(st.session_state[keys.UPLOADED], "your own")
        return get_engine().encode(side.key, stored[None])[0]
    if start.kind == "mean":
        return np.asarray(side.codes.mean(axis=0, dtype=np.float64), np.float32)
    draws = np.random.default_rng(start.number).standard_normal((side.codes.shape[1],))
    if start.kind == "prior" and side.checkpoint.has_normal_prior:
        return draws.astype(np.float32)
    # a Gaussian with the codes' own mean and covariance
    axes = principal_axes(side.codes)
    random_code: np.ndarray = axes.mean + (draws * axes.sigmas) @ axes.axes
    return random_code.astype(np.float32)


def choose(space: Space) -> Start:
    """The popover that chooses where to start."""
    start = current(space)
    item_in_url = state.recall_integer(keys.START)
    notices.say_missing([] if item_in_url is None else [item_in_url], space)
    with st.popover(f"Start: {start.words}", icon=":material/flag:"):
        item = item_picker.pick_item(space.data_set, key="dimensions_pick")
        new = None if item is None else str(item)
        with st.container(horizontal=True):
            if st.button("Mean code"):
                new = ""
            seed = int(np.random.default_rng().integers(10_000))
            if space.model.checkpoint.has_normal_prior and st.button("Random from the prior"):
                new = f"prior:{seed}"
            if st.button("Random from the data's density"):
                new = f"density:{seed}"
        if space.data_set.about.item.file_types and _new_picture(space):
            new = "picture"
    if new is not None:
        state.remember(keys.START, new or None)
        st.rerun()
    return start


def _new_picture(space: Space) -> bool:
    """Whether a picture of one's own was just given; codecs see it cropped and scaled."""
    shot, item = None, space.model.checkpoint.config.item
    most_mb = MAX_PICTURE_BYTES >> 20
    upload = st.file_uploader(
        "A picture of your own", list(item.file_types), max_upload_size=most_mb
    )
    if st.toggle("Use the camera", key="start_camera"):
        shot = st.camera_input("Camera", label_visibility="collapsed")
    file = shot or upload
    if file is None or st.session_state.get(keys.UPLOADED_FILE) == file.file_id:
        return False
    raw = file.getvalue()
    try:
        item.read_file(raw, file.name)
    except DataError as error:
        st.error(message(error))
        return False
    st.session_state[keys.UPLOADED_FILE], st.session_state[keys.UPLOADED] = file.file_id, raw
    return True
