"""Where the Dimensions page starts from: the mean code, an item, a random code, or any picture."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image, UnidentifiedImageError

from ae_core.directions import principal_axes
from ae_core.errors import DataError
from ae_core.questions import whole_number
from live.engine import get_engine
from ui import picking, state, steering
from ui.steering import Side, Space

URL, UPLOADED = "start", "start_picture"
MAX_PIXELS = 50_000_000


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
        picture = as_item(st.session_state[UPLOADED], side.checkpoint.config.item_shape)
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


def as_item(raw: bytes, item_shape: tuple[int, int, int]) -> np.ndarray:
    """A picture file as an item, uint8 (C, H, W): centred crop of the item's proportions, scaled.

    Raises:
        DataError: It is no picture, or has more than `MAX_PIXELS` pixels.
    """
    channels, height, width = item_shape
    try:
        with Image.open(io.BytesIO(raw)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise DataError(
                    f"the picture has {image.width} x {image.height} pixels: use one with up to "
                    f"{MAX_PIXELS // 1_000_000} million."
                )
            plain = image.convert("L" if channels == 1 else "RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise DataError("the file is no picture that can be read: use a PNG or JPEG.") from error
    scale = min(plain.width / width, plain.height / height)
    box_width, box_height = round(width * scale), round(height * scale)
    left, top = (plain.width - box_width) // 2, (plain.height - box_height) // 2
    # cropped first: a resize with `box` would let its filter see what lies outside
    cropped = plain.crop((left, top, left + box_width, top + box_height))
    array = np.asarray(cropped.resize((width, height), Image.Resampling.LANCZOS))
    return array.reshape(height, width, channels).transpose(2, 0, 1)


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
    as_item(raw, space.model.checkpoint.config.item_shape)
    st.session_state["start_file"], st.session_state[UPLOADED] = given.file_id, raw
    return "picture"
