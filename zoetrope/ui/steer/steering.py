"""What the steering pages (Morph, Algebra, Dimensions) share: codecs side by side, their doubt."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import codes_key
from ae_core.data.store import DataSet
from ae_core.steering.neighbours import NeighbourIndex
from ae_core.steering.support import Support, support_for
from zoetrope.live.components import stage as live
from zoetrope.live.components.gallery import gallery
from zoetrope.live.engine.engine import get_engine, is_warm
from zoetrope.ui import cached, state
from zoetrope.ui.palette import MODEL_COLOUR, PCA_COLOUR

N_NEIGHBOURS = 8


@dataclass(frozen=True)
class Side:
    """One codec on the stage.

    Attributes:
        key: How the live engine calls it.
        caption: What people call it.
        colour: Its colour everywhere.
        checkpoint: The codec on disk.
        codes: Codes of all items here, float32 (N, latent_dim), read-only.
    """

    key: str
    caption: str
    colour: str
    checkpoint: Checkpoint
    codes: np.ndarray


@dataclass(frozen=True)
class Space:
    """A data set seen by the model and, beside it, by PCA at the same code size.

    Attributes:
        data_set: Items, row by row with the codes of `sides`.
        sides: The model, then PCA; PCA alone where the checkpoint is PCA.
        is_preview: Whether these are only the first items, the rest being on its way.
    """

    data_set: DataSet
    sides: tuple[Side, ...]
    is_preview: bool

    @property
    def model(self) -> Side:
        return self.sides[0]

    def panels(self, basis: Callable[[Side], live.Affine | live.Path]) -> list[live.Panel]:
        """One panel a codec, with the live gauge under each."""
        return [
            live.Panel(
                side.key, side.caption, basis(side), side.colour, [gauge(side, self.data_set)]
            )
            for side in self.sides
        ]


def open_space() -> Space:
    """What is chosen in the sidebar, ready to steer.

    Raises:
        AeCoreError: No checkpoint fits the data, or its files are broken.
    """
    checkpoint = state.current_checkpoint()
    work = cached.working_set(checkpoint)
    size = checkpoint.config.latent_dim
    if checkpoint.config.codec == "pca":
        side = Side(checkpoint.name, f"PCA, {size} axes", PCA_COLOUR, checkpoint, work.codes)
        return Space(work.data_set, (side,), work.is_preview)
    partner = cached.pca_partner(checkpoint)
    pca_codes = cached.codes(partner, work.data_set)
    sides = (
        Side(checkpoint.name, checkpoint.name, MODEL_COLOUR, checkpoint, work.codes),
        Side(
            f"pca:{checkpoint.name}", f"PCA, {partner.config.latent_dim} axes", PCA_COLOUR,
            partner, pca_codes,
        ),
    )  # fmt: skip
    return Space(work.data_set, sides, work.is_preview)


def support_of(side: Side, data_set: DataSet) -> Support:
    """The calibrated distance to data of one codec's codes."""
    return _calibration(codes_key(side.checkpoint, data_set), side.codes, data_set).support


class Calibration:
    """A support that is fitted when it is first asked for: after the stage is on screen."""

    def __init__(self, key: str, codes: np.ndarray, data_set: DataSet) -> None:
        self._key, self._codes, self._data_set = key, codes, data_set

    @functools.cached_property
    def support(self) -> Support:
        return support_for(self._codes, self._data_set, self._key)


@st.cache_resource(max_entries=16, show_spinner=False)
def _calibration(key: str, _codes: np.ndarray, _data_set: DataSet) -> Calibration:
    return Calibration(key, _codes, _data_set)


def gauge(side: Side, data_set: DataSet) -> live.Readout:
    """The live number under a picture: how far its code is from data, as a percentile."""
    key = codes_key(side.checkpoint, data_set)
    calibration = _calibration(key, side.codes, data_set)
    name = f"support {key}"
    get_engine().register_readout(
        name, lambda _, codes: calibration.support.percentile(codes).astype(np.float32)
    )
    return live.Readout(name, "beyond", "% of real items")


def neighbours(space: Space, code: np.ndarray, *, key: str) -> int | None:
    """The real items nearest to a code of the model; the one that was just clicked."""
    n_neighbours = min(N_NEIGHBOURS, len(space.data_set.items))
    rows, distances = NeighbourIndex(space.model.codes).nearest(code[None], n_neighbours)
    st.markdown("**Nearest real items** :gray[to the model's code; click one to use it]")
    picked = gallery(
        np.array(space.data_set.items[rows[0]]),
        captions=[f"{distance:.2f}" for distance in distances[0]],
        labels=[f"Use item {row}" for row in rows[0]],
        key=key,
    )
    return None if picked is None else int(rows[0][picked])


def wait_until_warm() -> None:
    """End the page here, until it can decode; it then goes on by itself.

    Importing torch takes the processor for seconds: stage and hand must be on screen first.
    """
    if not is_warm():
        _look_again()
        state.end_page()


@st.fragment(run_every=0.5)
def _look_again() -> None:
    st.caption("More comes as soon as the model is loaded.")
    if is_warm():
        st.rerun()


def say_preview(space: Space) -> None:
    """Say where only the first items are there yet."""
    if space.is_preview:
        st.caption(
            f"Working with the first {len(space.data_set.items)} items; the rest is being "
            "encoded, the sidebar shows how far it is."
        )


def say_missing(asked: Sequence[int], space: Space) -> None:
    """Say where the address names items that are not there."""
    n_items = len(space.data_set.items)
    missing = [item for item in asked if item >= n_items]
    if missing and space.is_preview:
        st.caption(f"Item {missing[0]:,} comes when all items are there.")
    elif missing:
        st.warning(
            f"The address names item {missing[0]:,}, which is not among the {n_items:,} items "
            "here: showing others."
        )


def opening_hand(component: str, url: str, signature: str = "") -> dict[str, float]:
    """Where the hand starts: the positions in the URL, read once a visit.

    They are not read again while the hand moves: a rerun that is late would put the hand back to
    where it was. They are, when `signature` changes: other controls, but the same positions.
    """
    place = f"{component}_opening"
    touched = (st.session_state.get(component) or {}).get("hand")
    kept = st.session_state.get(place)
    if not touched or kept is None or kept[0] != signature:
        kept = (signature, state.recall_numbers(url))
        st.session_state[place] = kept
    opening: dict[str, float] = kept[1]
    return opening
