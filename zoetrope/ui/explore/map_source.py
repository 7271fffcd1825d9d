"""Which codes a map shows: a checkpoint's, the pixels, or a checkpoint's after an epoch."""

from __future__ import annotations

from typing import Literal

import numpy as np
import streamlit as st

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import cached_codes
from ae_core.errors import DataError
from ae_core.maps.mapped import Mapped
from ae_core.maps.pixel_codes import pixels_path
from ae_core.processes.worker_client import RequestState
from ae_core.reading import map_array
from ae_core.training import watch
from ae_core.words import count_of
from zoetrope.live.projections import service
from zoetrope.ui import state
from zoetrope.ui.cached import WorkingSet

Source = Literal["codes", "pixels", "an epoch"]


def source_words(source: str, unit: str) -> str:
    """A source as people read it; `unit` is what one number of an item is called."""
    return f"{unit}s" if source == "pixels" else source


def own_codes(checkpoint: Checkpoint, work: WorkingSet) -> np.ndarray:
    """The checkpoint's codes of all items, float32 (N, latent_dim): as the file that the map's
    worker can read without a copy, where there is one."""
    on_disk = cached_codes(checkpoint, work.data_set)
    return work.codes if on_disk is None else on_disk


def mapped(
    checkpoint: Checkpoint, work: WorkingSet, source: Source, epoch: watch.Frame | None = None
) -> tuple[Mapped, RequestState | None]:
    """What to map, and the job that must come first; until that is done, the checkpoint's codes."""
    n_items = len(work.data_set.items)
    if source == "an epoch" and epoch is not None:
        codes, rows = epoch.codes(), watch.rows_of(checkpoint.folder, n_items)
        if len(rows) != len(codes):
            raise DataError(f"The items of epoch {epoch.epoch} cannot be told: choose another map.")
        words = f"{count_of(len(codes), 'held-out item')} after epoch {epoch.epoch}"
        return Mapped(codes, n_items, words, rows), None
    words = count_of(n_items, "item")
    if source == "pixels" and not work.is_preview:
        job = service().request_pixels(work.data_set)
        if job.state == "done":
            pixels = map_array(pixels_path(work.data_set))
            return Mapped(pixels, n_items, words), None
        return Mapped(own_codes(checkpoint, work), n_items, words), job
    return Mapped(own_codes(checkpoint, work), n_items, words), None


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
