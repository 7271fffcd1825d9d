"""Estimates of one direction, each with its held-out quality and its side effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.data.item_search import select_items
from ae_core.data.store import DataSet
from ae_core.steering.direction_quality import (
    BootstrapAngle,
    Separation,
    bootstrap_angle,
    separation,
    side_effects_in_codes,
    side_effects_in_pictures,
)
from ae_core.steering.directions import Direction, linear_probe, mean_difference
from ae_core.steering.sums import Kind, estimate_direction
from zoetrope.ui.steer.probe_readings import probes_of, round_trip
from zoetrope.ui.steer.space import Side

N_STARTS, N_REDRAWN = 64, 1_000
ESTIMATORS: dict[str, Kind] = {
    "Mean difference": "mean",
    "Linear probe": "probe",
    "Others held fixed": "conditional",
}


@dataclass(frozen=True)
class Estimate:
    """One estimator's direction and how far to trust it.

    Attributes:
        direction: From training items.
        separation: On held-out items.
        angle: Angles of the directions from redrawn items; None for a conditional direction.
        in_codes: Side effects in code space, one an attribute, sigmas.
        in_pictures: The same after decoding and encoding again.
    """

    direction: Direction
    separation: Separation
    angle: BootstrapAngle | None
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
    unseen = answers[held_out]
    probes = probes_of(_side, _data_set)
    return Estimate(
        direction,
        separation(direction, _side.codes[held_out[unseen]], _side.codes[held_out[~unseen]]),
        _bootstrap_angle(kind, _side.codes, train[answers[train]], train[~answers[train]]),
        side_effects_in_codes(direction, codes, probes),
        side_effects_in_pictures(
            direction,
            np.array(_side.codes[held_out[:N_STARTS]]),
            codes,
            probes,
            lambda starts: round_trip(_side, starts),
        ),
    )


def _bootstrap_angle(
    kind: Kind, codes: np.ndarray, with_it: np.ndarray, without: np.ndarray
) -> BootstrapAngle | None:
    """Angles of the directions from redrawn items, of which (N, ) rows answer or do not."""
    if kind == "conditional":
        return None
    estimator, n_draws = (mean_difference, 100) if kind == "mean" else (linear_probe, 10)
    groups = codes[with_it[:N_REDRAWN]], codes[without[:N_REDRAWN]]
    return bootstrap_angle(*groups, estimator, n_draws=n_draws)
