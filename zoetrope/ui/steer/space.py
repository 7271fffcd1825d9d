"""`Space`: the chosen data set, and its codes by the model and by PCA beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.data.store import DataSet
from zoetrope.palette import MODEL_COLOUR, PCA_COLOUR
from zoetrope.ui import cached, state


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

    def draw(self, items: np.ndarray) -> np.ndarray:
        """Decoded items, in stored form, as pictures: uint8 (n, C, h, w)."""
        return self.checkpoint.config.item.drawn(items)


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


def open_space() -> Space:
    """What is chosen in the sidebar, ready to steer.

    Raises:
        AeCoreError: No checkpoint fits the data, or its files are broken.
    """
    checkpoint = state.current_checkpoint()
    work = cached.working_set(checkpoint)
    if not checkpoint.has_partner:
        side = Side(checkpoint.name, checkpoint.caption, PCA_COLOUR, checkpoint, work.codes)
        return Space(work.data_set, (side,), work.is_preview)
    partner = cached.pca_partner(checkpoint)
    pca_codes = cached.codes(partner, work.data_set)
    sides = (
        Side(checkpoint.name, checkpoint.caption, MODEL_COLOUR, checkpoint, work.codes),
        Side(f"pca:{checkpoint.name}", partner.caption, PCA_COLOUR, partner, pca_codes),
    )
    return Space(work.data_set, sides, work.is_preview)
