"""Parts of the Morph page: its keys, the support along the way, the film strip, the export."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ae_core.errors import LatentInputError
from ae_core.steering.animation import FORMATS, encode_animation, side_by_side
from ae_core.steering.neighbours import NeighbourIndex
from ae_core.steering.paths import MAX_KEYS
from zoetrope.live.components.gallery import Curve, gallery
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui import state
from zoetrope.ui.palette import PALETTE
from zoetrope.ui.plain_text import as_written, message
from zoetrope.ui.steer import picking, steering
from zoetrope.ui.steer.steering import Space

URL_ITEMS, ACTIVE = "items", "morph_active"
N_FILM = 9
MIME = {"gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4"}


def key_items(space: Space) -> list[int]:
    """The items to walk over: from the URL, else two that differ."""
    n_items = len(space.data_set.items)
    chosen = state.recall_integers(URL_ITEMS, n_items=n_items)[:MAX_KEYS]
    steering.say_missing(state.recall_integers(URL_ITEMS, n_items=sys.maxsize), space)
    if len(chosen) >= 2:
        return chosen
    first = chosen[0] if chosen else 0
    distances = np.linalg.norm(space.model.codes - space.model.codes[first], axis=1)
    return [first, int(np.argsort(distances)[int(0.9 * (n_items - 1))])]


def use(items: list[int]) -> None:
    """Walk over these items from now on."""
    state.remember(URL_ITEMS, ",".join(str(item) for item in items))
    st.rerun()


def replaced(items: list[int], place: int, item: int) -> list[int]:
    return [*items[:place], item, *items[place + 1 :]]


def keys_under_the_slider(space: Space, items: list[int], curves: list[Curve]) -> None:
    """The key items where the slider meets them; a click opens the drawer to replace one."""
    active = st.session_state.get(ACTIVE)
    picked = gallery(
        np.array(space.data_set.items[items]),
        labels=[f"Replace item {item}" for item in items],
        selected=active,
        under_slider=True,
        size_px=64,
        curves=curves,
        key="morph_keys",
    )
    if picked is not None:
        st.session_state[ACTIVE] = None if active == picked else picked
        st.rerun()
    if active is not None and active < len(items):
        _drawer(space, items, active)


def _drawer(space: Space, items: list[int], active: int) -> None:
    found = picking.pick_item(space.data_set, key="morph_pick")
    if found is not None:
        use(replaced(items, active, found))
    add, remove, close = st.columns(3)
    if len(items) < MAX_KEYS and add.button("Add one after it", icon=":material/add:"):
        new = picking.random_item(space.data_set)
        use([*items[: active + 1], new, *items[active + 1 :]])
    if len(items) > 2 and remove.button("Take it out", icon=":material/remove:"):
        st.session_state[ACTIVE] = None
        use([*items[:active], *items[active + 1 :]])
    if close.button("Close", icon=":material/close:"):
        st.session_state[ACTIVE] = None
        st.rerun()


def support_curves(space: Space, ways: Mapping[str, np.ndarray]) -> list[Curve]:
    """How far from data each step of the way is: share of held-out items that are nearer.

    Nothing where there are too few items to say.
    """
    try:
        return [
            Curve(f"Support of {side.caption}", side.colour, percentiles.round(1).tolist())
            for side in space.sides
            for percentiles in [
                steering.support_of(side, space.data_set).percentile(ways[side.key])
            ]
        ]
    except LatentInputError as error:
        st.caption(f":material/info: {message(error)}")
        return []


def say_support(curves: list[Curve], space: Space) -> None:
    if not curves:
        return
    means = [
        f"{as_written(side.caption)} {np.mean(curve.percent):.0f} %"
        for side, curve in zip(space.sides, curves, strict=True)
    ]
    st.caption(
        "The curve: share of real items that lie nearer to data than this step. "
        f"On average {', '.join(means)}; the dotted line is the median item."
    )


def film(space: Space, ways: Mapping[str, np.ndarray]) -> int | None:
    """Steps of the way, decoded, over the real item nearest to each; the one that was clicked."""
    for side in space.sides:
        steps = _steps(ways[side.key])
        pictures = get_engine().decode(side.key, steps).transpose(0, 3, 1, 2)
        labels = [f"{side.caption}, step {i + 1} of {N_FILM}" for i in range(N_FILM)]
        gallery(
            pictures, labels=labels, clickable=False, fill=True, colour=side.colour,
            key=f"morph_film_{side.colour}",
        )  # fmt: skip
    model = space.model
    rows, _ = NeighbourIndex(model.codes).nearest(_steps(ways[model.key]), 1)
    picked = gallery(
        np.array(space.data_set.items[rows[:, 0]]),
        labels=[f"Use item {row}, nearest at step {i + 1}" for i, row in enumerate(rows[:, 0])],
        fill=True,
        colour=PALETTE[7],
        key="morph_film_real",
    )
    name = as_written(model.caption)
    st.caption(f"Last row: the real item nearest to each step of {name}; click to use it.")
    return None if picked is None else int(rows[picked, 0])


def _steps(way: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = way[np.linspace(0, len(way) - 1, N_FILM).round().astype(int)]
    return chosen


def _advance(bar: DeltaGenerator, share: float) -> None:
    bar.progress(0.5 + share / 2, "Writing")


def export(space: Space, ways: Mapping[str, np.ndarray], name: str) -> None:
    """Make a film of the way, the codecs side by side, to take along."""
    with st.popover("Export", icon=":material/movie:"):
        kind = st.segmented_control("Format", FORMATS, default="mp4", key="export_kind") or "mp4"
        seconds = st.slider("Seconds", 1.0, 20.0, 4.0, 0.5, key="export_s")
        there_and_back = st.toggle("There and back", value=True, key="export_back")
        if not st.button("Make the film", type="primary", key="export_make"):
            return
        bar = st.progress(0.0, "Decoding")
        n_frames = max(2, round(seconds * 25))
        parts = []
        for done, side in enumerate(space.sides, start=1):
            way = ways[side.key]
            at = np.linspace(0, len(way) - 1, n_frames)
            columns = [np.interp(at, np.arange(len(way)), column) for column in way.T]
            codes = np.stack(columns, axis=1).astype(np.float32)
            parts.append(get_engine().decode(side.key, codes))
            bar.progress(done / len(space.sides) / 2, "Decoding")
        raw = encode_animation(
            side_by_side(parts),
            kind,
            frames_per_s=25,
            ping_pong=there_and_back,
            on_progress=lambda done, n: _advance(bar, done / n),
        )
        bar.empty()
        st.download_button(
            f"Download ({len(raw) / 1e6:.1f} MB)", raw, f"{name}.{kind}", MIME[kind],
            icon=":material/download:", key="export_download",
        )  # fmt: skip
