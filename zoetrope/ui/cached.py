"""Streamlit's caches in front of the core; what is returned is shared and must not be changed."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core import long_work
from ae_core.codecs import partner
from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import cached_codes, check_items, codes_for, codes_key
from ae_core.data.store import DataSet
from zoetrope.ui import state
from zoetrope.ui.owner import current_owner

# Up to this many items are encoded while the page waits; more become a task in the tray.
ENCODE_AT_ONCE = 2_000


@dataclass(frozen=True)
class WorkingSet:
    """Items and their codes, row by row.

    Attributes:
        data_set: The whole set, or its first items while the rest is still being made.
        codes: float32 (N, latent_dim), read-only.
        is_preview: Whether it is only the first items.
    """

    data_set: DataSet
    codes: np.ndarray
    is_preview: bool


def working_set(checkpoint: Checkpoint) -> WorkingSet:
    """What a page can work with right now, at once, also on the first start ever.

    Whole data with whole codes where they are on disk. Else the first items, encoded now, while a
    task makes the rest and the tray shows how far it is.

    Raises:
        DataError: The chosen data has another shape than the checkpoint.
    """
    data_set = state.current_data()
    check_items(checkpoint, data_set)
    is_whole = not state.data_is_preview()
    if is_whole and (len(data_set.items) <= ENCODE_AT_ONCE or _is_encoded(checkpoint, data_set)):
        return WorkingSet(data_set, codes(checkpoint, data_set), is_preview=False)
    _encode_in_background(checkpoint)
    preview = state.preview()
    return WorkingSet(preview, codes(checkpoint, preview), is_preview=True)


def _is_encoded(checkpoint: Checkpoint, data_set: DataSet) -> bool:
    """Whether the codes of the model and of PCA beside it are on disk."""
    return (
        cached_codes(checkpoint, data_set) is not None
        and cached_codes(pca_partner(checkpoint), data_set) is not None
    )


def _encode_in_background(checkpoint: Checkpoint) -> None:
    name = state.chosen_data_name()
    title = f"Encoding {name} with {checkpoint.caption}"
    owner = current_owner()
    long_work.start("encode", title, owner=owner, checkpoint=checkpoint.name, data=name)


def codes(checkpoint: Checkpoint, data_set: DataSet) -> np.ndarray:
    """Codes of all items, float32 (N, latent_dim), read-only, and on disk for the browser."""
    key = codes_key(checkpoint, data_set)
    if cached_codes(checkpoint, data_set) is None:
        _codes.clear(key, checkpoint, data_set)  # somebody has deleted the cache
    return _codes(key, checkpoint, data_set)


@st.cache_resource(max_entries=8, show_spinner="Encoding the items")
def _codes(key: str, _checkpoint: Checkpoint, _data_set: DataSet) -> np.ndarray:
    return codes_for(_checkpoint, _data_set)


def pca_partner(checkpoint: Checkpoint) -> Checkpoint:
    """The PCA codec that stands beside a checkpoint."""
    data = partner.data_fingerprint_now(checkpoint.config)
    return _pca_partner(f"{checkpoint.fingerprint}/{data}", checkpoint)


@st.cache_resource(max_entries=16, show_spinner="Fitting PCA at the same code size")
def _pca_partner(key: str, _checkpoint: Checkpoint) -> Checkpoint:
    return partner.pca_partner(_checkpoint)
