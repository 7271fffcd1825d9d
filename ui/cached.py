"""Streamlit's caches in front of the core; what is returned is shared and must not be changed."""

import numpy as np
import streamlit as st

from ae_core import checkpoints
from ae_core.checkpoints import Checkpoint
from ae_core.codes import codes_for, codes_key
from ae_core.data.store import DataSet


def codes(checkpoint: Checkpoint, data_set: DataSet) -> np.ndarray:
    """Codes of all items, float32 (N, latent_dim), read-only."""
    return _codes(codes_key(checkpoint, data_set), checkpoint, data_set)


@st.cache_resource(max_entries=8, show_spinner="Encoding the items")
def _codes(key: str, _checkpoint: Checkpoint, _data_set: DataSet) -> np.ndarray:
    return codes_for(_checkpoint, _data_set)


def pca_partner(checkpoint: Checkpoint) -> Checkpoint:
    """The PCA codec that stands beside a checkpoint."""
    return _pca_partner(checkpoint.fingerprint, checkpoint)


@st.cache_resource(max_entries=16, show_spinner="Fitting PCA at the same code size")
def _pca_partner(fingerprint: str, _checkpoint: Checkpoint) -> Checkpoint:
    return checkpoints.pca_partner(_checkpoint)
