"""The sliders of the Dimensions page: which there are, and what each adds to a code."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.steering.directions import Activity, PrincipalAxes, dimension_activity, principal_axes
from zoetrope.live.components import stage as live
from zoetrope.ui import keys, state
from zoetrope.ui.steer.slider_positions import opening_positions
from zoetrope.ui.steer.space import Side, Space

DIMENSIONS, PRINCIPAL = "Code dimensions", "Principal axes"
REACH = 3.0


def choose_kind() -> str:
    """Whether sliders move code dimensions or principal axes."""
    kind_in_url = PRINCIPAL if state.recall(keys.AXES) == "principal" else DIMENSIONS
    kind = st.segmented_control(
        "Sliders", [DIMENSIONS, PRINCIPAL], default=kind_in_url, label_visibility="collapsed",
        key="dimensions_kind",
    ) or kind_in_url  # fmt: skip
    state.remember(keys.AXES, "principal" if kind == PRINCIPAL else None)
    return kind


def n_sliders(space: Space, kind: str) -> int:
    """How many sliders to show: the active dimensions, unless all are asked for."""
    n_all = space.model.codes.shape[1]
    n_active = n_all if kind == PRINCIPAL else max(1, _activity_of(space.model, space).n_active)
    if n_active == n_all:
        return n_all
    is_all = state.switch(f"Show the {n_all - n_active} inactive ones too", keys.INACTIVE)
    return n_all if is_all else n_active


def sliders(space: Space, kind: str, n_shown: int, component: str) -> list[live.Control]:
    """One slider a dimension or axis, the one with the largest spread first."""
    opening = opening_positions(component, keys.POSITIONS, f"{kind}{n_shown}")
    if kind == PRINCIPAL:
        names = {f"a{i}": f"axis {i}" for i in range(n_shown)}
    else:
        names = {f"z{i}": f"z{i}" for i in _activity_of(space.model, space).order[:n_shown]}
    return [
        live.Control(name, label, -REACH, REACH, opening.get(name, 0.0), 0.1, default=0.0)
        for name, label in names.items()
    ]


@st.cache_resource(max_entries=16, show_spinner=False)
def _activity(key: str, unit_prior: bool, _codes: np.ndarray) -> Activity:
    return dimension_activity(_codes, unit_prior=unit_prior)


@st.cache_resource(max_entries=16, show_spinner=False)
def _axes(key: str, _codes: np.ndarray) -> PrincipalAxes:
    return principal_axes(_codes)


def _activity_of(side: Side, space: Space) -> Activity:
    key = codes_key(side.checkpoint, space.data_set)
    return _activity(key, side.checkpoint.has_normal_prior, side.codes)


def numbers(side: Side, space: Space, kind: str, place: int) -> np.ndarray:
    """What the slider at `place` moves, of every item: sigmas from the mean, float32 (N,)."""
    if kind == PRINCIPAL:
        principal = _axes(codes_key(side.checkpoint, space.data_set), side.codes)
        along = (side.codes - principal.mean) @ principal.axes[place]
    else:
        along = np.array(side.codes[:, _activity_of(side, space).order[place]])
    along = along - along.mean(dtype=np.float64)
    return np.asarray(along / max(float(along.std()), 1e-12), np.float32)


def rows(side: Side, space: Space, kind: str, n_rows: int) -> np.ndarray:
    """What one sigma on each slider adds to the code, float32 (n_rows, latent_dim)."""
    if kind == PRINCIPAL:
        principal = _axes(codes_key(side.checkpoint, space.data_set), side.codes)
        steps = principal.axes * principal.sigmas[:, None]
    else:
        dimensions = _activity_of(side, space)
        steps = np.diag(dimensions.sigma)[dimensions.order]
    padded = np.zeros((n_rows, steps.shape[1]), np.float32)
    padded[: len(steps)] = steps[:n_rows]
    return padded
