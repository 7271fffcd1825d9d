"""The panels of the stage: one a codec, with the live gauge of support under each."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.data.store import DataSet
from ae_core.steering.support import Support, support_for
from zoetrope.live.components import stage as live
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui.steer.space import Side, Space


def panels(space: Space, basis: Callable[[Side], live.Affine | live.Path]) -> list[live.Panel]:
    """One panel a codec; `basis` turns slider positions into that codec's codes."""
    return [
        live.Panel(side.key, side.caption, basis(side), side.colour, [gauge(side, space.data_set)])
        for side in space.sides
    ]


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


def gauge(side: Side, data_set: DataSet) -> live.Gauge:
    """The live number under a picture: how far its code is from data, as a percentile."""
    key = codes_key(side.checkpoint, data_set)
    calibration = _calibration(key, side.codes, data_set)
    name = f"support {key}"
    get_engine().register_gauge(
        name, lambda _, codes: calibration.support.percentile(codes).astype(np.float32)
    )
    return live.Gauge(name, "beyond", "% of real items")
