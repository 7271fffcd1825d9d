"""What a map is made of: a checkpoint's codes, the pixels, or the codes of one of its epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import cached_codes
from ae_core.maps.derived import derived_path, pixels_path
from ae_core.maps.map import Map, load_map, save_array, save_map, scattered, scattered_key
from ae_core.maps.service import JobState
from ae_core.training import watch
from zoetrope.live.projections import service
from zoetrope.ui import state
from zoetrope.ui.cached import WorkingSet

Source = Literal["codes", "pixels", "an epoch"]


@dataclass(frozen=True)
class Mapped:
    """What is mapped.

    Attributes:
        codes: float32 (n, any length).
        n_items: Items of the data set, N.
        words: What they are, after "PCA of ".
        own_codes: The checkpoint's codes of all items, float32 (N, latent_dim).
        rows: Items that the codes belong to, int64 (n,); None: all, n = N.
        job: What must be done before `codes` are what was asked for; None: they are.
    """

    codes: np.ndarray
    n_items: int
    words: str
    own_codes: np.ndarray
    rows: NDArray[np.int64] | None = None
    job: JobState | None = None

    def map_key(self, key: str) -> str:
        """Name of the finished map `key` with a row for each item of the data set."""
        made = None if self.rows is None else load_map(key)
        if made is None or self.rows is None:
            return key
        whole = scattered_key(key, self.rows, self.n_items)
        if load_map(whole) is None:
            save_map(whole, Map(scattered(made.points, self.rows, self.n_items), made.about))
        return whole

    def column_key(self, key: str) -> str:
        """Name of the derived column `key` with a number for each item of the data set."""
        if self.rows is None:
            return key
        whole = scattered_key(key, self.rows, self.n_items)
        if not derived_path(whole).exists():
            column = np.load(derived_path(key), allow_pickle=False)
            save_array(derived_path(whole), scattered(column, self.rows, self.n_items))
        return whole


def epochs_of(checkpoint: Checkpoint, work: WorkingSet) -> list[watch.Frame]:
    """Epochs whose codes the checkpoint's run has kept; none for other data or shipped ones."""
    same_data = checkpoint.config.data_fingerprint == work.data_set.about.fingerprint
    return watch.frames(checkpoint.folder) if same_data and not work.is_preview else []


def choose_epoch(frames: list[watch.Frame], label: str, *, name: str) -> watch.Frame | None:
    """A slider over the epochs, if there are any; `name` is where the address remembers it."""
    if not frames:
        return None
    epochs = [frame.epoch for frame in frames]
    recalled = state.recall_integer(name)
    start = recalled if recalled in epochs else epochs[0]
    chosen = epochs[0]
    if len(epochs) > 1:
        chosen = st.select_slider(label, epochs, start, key=f"map_{name}")
    state.remember(name, str(chosen))
    return frames[epochs.index(chosen)]


def mapped(
    checkpoint: Checkpoint, work: WorkingSet, source: Source, epoch: watch.Frame | None = None
) -> Mapped:
    """What to map; where it must be made first, what can be shown until then."""
    n_items = len(work.data_set.items)
    kept = cached_codes(checkpoint, work.data_set)
    own = work.codes if kept is None else kept
    if source == "an epoch" and epoch is not None:
        codes, rows = epoch.codes(), watch.rows_of(checkpoint.folder)
        words = f"{len(codes):,} held-out items after epoch {epoch.epoch}"
        return Mapped(codes, n_items, words, own, rows)
    words = f"{n_items:,} items"
    if source == "pixels" and not work.is_preview:
        job = service().request_pixels(work.data_set)
        if job.state != "done":
            return Mapped(own, n_items, words, own, job=job)
        pixels = np.load(pixels_path(work.data_set), mmap_mode="r", allow_pickle=False)
        return Mapped(pixels, n_items, words, own)
    return Mapped(own, n_items, words, own)
