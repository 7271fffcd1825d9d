"""The popover that writes a path as an animation: GIF, WebP or MP4."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ae_core.steering.animation import FORMATS, Format, encode_animation, side_by_side
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui.steer.space import Space

FRAMES_PER_S = 25
MIME = {"gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4"}


def show(space: Space, paths: Mapping[str, np.ndarray], name: str) -> None:
    """Write the paths of all codecs side by side, as a file called `name` to download.

    Args:
        space: The codecs.
        paths: Codes (n_steps, latent_dim) of each codec, by its key.
        name: The file's name, without ending.
    """
    with st.popover("Export", icon=":material/movie:"):
        kind = st.segmented_control("Format", FORMATS, default="mp4", key="export_kind") or "mp4"
        seconds = st.slider("Seconds", 1.0, 20.0, 4.0, 0.5, key="export_s")
        there_and_back = st.toggle("There and back", value=True, key="export_back")
        smooth = st.toggle("Smooth pictures", key="export_smooth")
        has_captions = st.toggle("Names under the pictures", value=True, key="export_captions")
        if not st.button("Make the film", type="primary", key="export_make"):
            return
        raw = _encode(
            space,
            paths,
            kind,
            seconds=seconds,
            there_and_back=there_and_back,
            smooth=smooth,
            captions=[side.caption for side in space.sides] if has_captions else [],
        )
        st.download_button(
            f"Download ({len(raw) / 1e6:.1f} MB)", raw, f"{name}.{kind}", MIME[kind],
            icon=":material/download:", key="export_download",
        )  # fmt: skip


def _encode(
    space: Space,
    paths: Mapping[str, np.ndarray],
    kind: Format,
    *,
    seconds: float,
    there_and_back: bool,
    smooth: bool,
    captions: list[str],
) -> bytes:
    """The animation's bytes; a bar shows how far it is, decoding first, then writing."""
    bar = st.progress(0.0, "Decoding")
    n_frames = max(2, round(seconds * FRAMES_PER_S))
    frames = []
    for n_done, side in enumerate(space.sides, start=1):
        codes = _resampled(paths[side.key], n_frames)
        drawn = side.draw(get_engine().decode(side.key, codes))  # (n, C, h, w)
        frames.append(drawn.transpose(0, 2, 3, 1))
        bar.progress(n_done / len(space.sides) / 2, "Decoding")
    raw = encode_animation(
        side_by_side(frames),
        kind,
        frames_per_s=FRAMES_PER_S,
        ping_pong=there_and_back,
        smooth=smooth,
        captions=captions,
        on_progress=lambda _, fraction: _show_share(bar, fraction),
    )
    bar.empty()
    return raw


def _show_share(bar: DeltaGenerator, share: float) -> None:
    bar.progress(0.5 + share / 2, "Writing")


def _resampled(path: np.ndarray, n_frames: int) -> np.ndarray:
    """Codes at even distances along a path's steps, float32 (n_frames, latent_dim)."""
    places = np.linspace(0, len(path) - 1, n_frames)
    columns = [np.interp(places, np.arange(len(path)), column) for column in path.T]
    return np.stack(columns, axis=1).astype(np.float32)
