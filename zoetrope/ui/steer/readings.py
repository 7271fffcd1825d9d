"""What linear probes read off decoded pictures, and what a direction moves besides its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.data.questions import select_items
from ae_core.data.store import DataSet
from ae_core.steering.direction_quality import (
    Cone,
    Separation,
    bootstrap_cone,
    separation,
    side_effects_in_codes,
    side_effects_in_pictures,
)
from ae_core.steering.directions import Direction, linear_probe, mean_difference
from ae_core.steering.expressions import Kind, estimate_direction
from ae_core.steering.readouts import Readouts, fit_readouts
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui.steer.steering import Side, Space

GOOD_FLAG, GOOD_NUMBER = 0.85, 0.5  # AUC and R^2 below which a reading is not worth showing
N_STARTS = 64
ESTIMATORS: dict[str, Kind] = {
    "Mean difference": "mean",
    "Linear probe": "probe",
    "Others held fixed": "conditional",
}


def readouts_of(side: Side, data_set: DataSet) -> Readouts:
    """Linear read-outs of all attributes from one codec's codes."""
    return _readouts(codes_key(side.checkpoint, data_set), side.codes, data_set)


@st.cache_resource(max_entries=8, show_spinner="Learning to read attributes off codes")
def _readouts(key: str, _codes: np.ndarray, _data_set: DataSet) -> Readouts:
    train, held_out = _data_set.split()
    visible = _data_set.attributes[_data_set.visible_attributes()]
    return fit_readouts(_codes, visible, train, held_out)


def there_and_back(side: Side, codes: np.ndarray) -> np.ndarray:
    """Codes of the pictures that these codes decode to, float32 (n, latent_dim)."""
    engine = get_engine()
    return engine.encode(side.key, engine.decode(side.key, codes.astype(np.float32)))


def good(readouts: Readouts) -> np.ndarray:
    """Which attributes can be read well enough to show, bool (n_attributes,)."""
    limit = np.where(readouts.is_flag, GOOD_FLAG, GOOD_NUMBER)
    return np.nan_to_num(readouts.quality, nan=-1.0) >= limit


def change_table(side: Side, space: Space, before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """What is read off two decoded pictures, the largest change first."""
    readouts = readouts_of(side, space.data_set)
    codes = there_and_back(side, np.stack([before, after]))
    read, scores = readouts.read(codes), readouts.scores(codes)
    table = pd.DataFrame(
        {
            "attribute": readouts.names,
            "before": read[0],
            "after": read[1],
            "change": (scores[1] - scores[0]) / readouts.sigmas,
            "quality": readouts.quality,
        }
    )[good(readouts)]
    return table.reindex(table["change"].abs().sort_values(ascending=False).index)


def sentence(table: pd.DataFrame, n_shown: int = 5) -> str:
    """The largest changes in one line: "woman 0.02 → 0.91, smile 0.40 → 0.42"."""
    parts = []
    for row in table.head(n_shown).itertuples():
        before, after = f"{row.before:.2f}", f"{row.after:.2f}"
        parts.append(f"{row.attribute} {after if before == after else f'{before} → {after}'}")
    return ", ".join(parts)


@dataclass(frozen=True)
class Estimate:
    """One estimator's direction and its doubt.

    Attributes:
        direction: From training items.
        separation: On held-out items.
        cone: Its wobble; None for a conditional direction.
        in_codes: Side effects in code space, one an attribute, sigmas.
        in_pictures: The same after decoding and encoding again.
    """

    direction: Direction
    separation: Separation
    cone: Cone | None
    in_codes: np.ndarray
    in_pictures: np.ndarray


def estimate(
    kind: Kind, question: str, held_fixed: tuple[str, ...], side: Side, data_set: DataSet
) -> Estimate:
    """Estimate a direction from training items and measure it on held-out ones.

    Raises:
        LatentInputError: A question has no answer among training or held-out items.
    """
    key = codes_key(side.checkpoint, data_set)
    return _estimate(key, kind, question, held_fixed, side, data_set)


@st.cache_resource(max_entries=64, show_spinner="Estimating the direction")
def _estimate(
    key: str,
    kind: Kind,
    question: str,
    held_fixed: tuple[str, ...],
    _side: Side,
    _data_set: DataSet,
) -> Estimate:
    train, held_out = _data_set.split()
    attributes = _data_set.attributes
    codes = np.array(_side.codes[train])
    direction = estimate_direction(kind, question, held_fixed, codes, attributes.iloc[train])
    answers = np.zeros(len(attributes), dtype=bool)
    answers[select_items(question, attributes)] = True
    with_it, without = train[answers[train]][:1_000], train[~answers[train]][:1_000]
    cone = None
    if kind != "conditional":
        how, n_draws = (mean_difference, 100) if kind == "mean" else (linear_probe, 10)
        cone = bootstrap_cone(_side.codes[with_it], _side.codes[without], how, n_draws=n_draws)
    unseen, readouts = answers[held_out], readouts_of(_side, _data_set)
    return Estimate(
        direction,
        separation(direction, _side.codes[held_out[unseen]], _side.codes[held_out[~unseen]]),
        cone,
        side_effects_in_codes(direction, codes, readouts),
        side_effects_in_pictures(
            direction,
            np.array(_side.codes[held_out[:N_STARTS]]),
            codes,
            readouts,
            lambda starts: there_and_back(_side, starts),
        ),
    )
