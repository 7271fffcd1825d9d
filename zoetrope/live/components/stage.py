"""Live controls for pages: a stage of items and the sliders that drive all of them at once.

*Positions* are one number per `Control`. Each `Panel` of the stage has its own *basis*, which turns
them into a code of that panel's codec, in the browser:

- `Affine(origin, directions)`: code = origin + positions @ directions (one a control);
- `Path(codes)`: the first control, 0..1, walks along a polyline of codes, straight between
  samples. Curved paths (spherical, through the data) are given as dense polylines.

One message asks for the items of all panels and one answer brings them, so that the model and PCA
never show different positions. Codecs are addressed by checkpoint key: "NAME", or
"pca:NAME" for the PCA codec of the same data and code size.

    from zoetrope.live.components import stage as live

    positions = live.slider_bank(
        stage=[
            live.Panel("faces-vae", "VAE", live.Affine(z, np.eye(32)), colour=MODEL),
            live.Panel("pca:faces-vae", "PCA", live.Affine(z_pca, np.eye(32)), colour=PCA),
        ],
        controls=[live.Control(f"z{i}", f"z{i}", -3.0, 3.0) for i in range(32)],
        buttons=("play", "reset", "random"),
        key="dimensions",
    )
    positions["z3"]               # where it was last released (start value before)
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import ArrayLike, NDArray
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from ae_core.errors import LatentInputError
from zoetrope.live.components.packing import do_nothing, packed, static_text
from zoetrope.live.shared import process_wide
from zoetrope.live.wire.tokens import issue_token

Button = Literal["play", "reset", "random"]


PRELOAD = "live_preload"


@dataclass(frozen=True)
class Control:
    """One slider.

    Attributes:
        id: Name of the value in what `slider_bank` returns; unique on its stage.
        label: Text beside the slider.
        low, high: Ends of the range; typed numbers are held inside.
        value: Where it starts. A new value on a rerun moves it there.
        step: Distance of one arrow key; the mouse is finer.
        default: Where a double click or "reset" puts it; `value` if None.
    """

    id: str
    label: str
    low: float
    high: float
    value: float = 0.0
    step: float = 0.05
    default: float | None = None

    def __post_init__(self) -> None:
        if not (self.low < self.high and self.step > 0):
            raise LatentInputError(
                f"`low` must be below `high` and `step` above 0; got {self.low}, {self.high}, "
                f"{self.step} for control {self.id!r}."
            )


@dataclass(frozen=True)
class Affine:
    """code = origin + positions @ directions.

    Attributes:
        origin: Code where all positions are 0, shape (latent_dim,), float.
        directions: One row per control, shape (n_controls, latent_dim), float.
    """

    origin: ArrayLike
    directions: ArrayLike


@dataclass(frozen=True)
class Path:
    """The first control, 0..1, walks along `codes`, shape (n_samples >= 2, latent_dim), float."""

    codes: ArrayLike


@dataclass(frozen=True)
class Gauge:
    """A live number under a panel, computed by `engine.register_gauge(name, ...)`."""

    name: str
    label: str
    unit: str = ""
    digits: int = 0


@dataclass(frozen=True)
class Panel:
    """One picture of the stage.

    Attributes:
        checkpoint_key: Codec that decodes it: "NAME" or "pca:NAME".
        caption: Text under the picture.
        basis: From positions to a code; `slider_bank(base=, directions=)` is used if None.
        colour: CSS colour of this codec everywhere in the app.
        gauges: Numbers shown live beside the caption.
    """

    checkpoint_key: str
    caption: str
    basis: Affine | Path | None = None
    colour: str = "var(--st-text-color)"
    gauges: Sequence[Gauge] = ()


@dataclass(frozen=True)
class Strip:
    """Rows of small pictures under the stage: each walks one control through its range.

    Attributes:
        along: Ids of the controls, one row of pictures per panel and control; the other
            controls stay where they are.
        n_frames: Pictures in a row, ends included.
    """

    along: Sequence[str]
    n_frames: int = 9


def slider_bank(
    stage: Sequence[Panel],
    controls: Sequence[Control],
    *,
    key: str,
    base: ArrayLike | None = None,
    directions: ArrayLike | None = None,
    pad: tuple[str, str] | None = None,
    strip: Strip | None = None,
    buttons: Sequence[Button] = ("reset",),
    play: str | None = None,
    picture_px: int = 320,
    on_release: Callable[[], None] | None = None,
) -> dict[str, float]:
    """Show items, and sliders that they follow while these are dragged.

    Args:
        stage: Panels, painted together.
        controls: Sliders; may be empty for a still stage.
        key: Stable name of this control on the page.
        base: Origin for panels without a basis, shape (latent_dim,).
        directions: Directions for those, shape (n_controls, latent_dim).
        pad: Ids of two controls (x, y) that also get a square pad.
        strip: Rows of small pictures under the stage.
        buttons: "play" (with ping-pong and speed), "reset" and "random".
        play: Id of the control that "play" moves; the one touched last if None.
        picture_px: Largest edge of a picture in CSS pixels, at least 256.
        on_release: Called before the rerun that a released slider starts.

    Returns:
        Value of each control by id, as last released.

    Raises:
        LatentInputError: A basis does not fit the number of controls or is not finite, or a
            control named by `pad`, `strip` or `play` does not exist.
    """
    if picture_px < 256:
        raise LatentInputError(f"`picture_px` must be at least 256; got {picture_px}.")
    panels = [_with_basis(panel, base, directions) for panel in stage]
    named = [*(pad or ()), *(strip.along if strip else ()), *([play] if play else [])]
    _require_controls(controls, named)
    description: dict[str, Any] = {
        "panels": [_describe_panel(panel, len(controls)) for panel in panels],
        "controls": [_describe_control(control) for control in controls],
        "pad": list(pad) if pad else None,
        "strip": asdict(replace(strip, along=list(strip.along))) if strip else None,
        "buttons": list(buttons),
        "play": play,
        "picturePx": picture_px,
    }
    revision = _digest(description["controls"])
    told = (st.session_state.get(key) or {}).get("positions") or {}
    positions = _released(told, controls, revision)
    data = {
        **description,
        "revision": revision,
        "token": session_token(),
        "renewals": told.get("renewals", 0),
    }
    if told.get("blocked"):
        data["still"] = _still(panels, list(positions.values()))
    _stage_component()(key=key, data=[data], on_positions_change=on_release or do_nothing)
    return positions


def preload() -> None:
    """Let the browser fetch what live controls need while Python still imports the page.

    Without it the first component of a page waits for Streamlit's own code for components, and
    React holds back by 0.3 s what follows a placeholder.
    """
    _preload_component()(key=PRELOAD)


def session_token() -> str:
    """A token of this browser session for the live socket and the binary routes."""
    context = get_script_run_ctx(suppress_warning=True)
    return issue_token(context.session_id if context else "no session")


def code_at(basis: Affine | Path, positions: Sequence[float]) -> NDArray[np.float32]:
    """The code at these positions, shape (latent_dim,): what the browser computes, in Python."""
    if isinstance(basis, Affine):
        origin = np.asarray(basis.origin, np.float32)
        directions = np.asarray(basis.directions, np.float32).reshape(len(positions), origin.size)
        return origin + np.asarray(positions, np.float32) @ directions
    codes = np.asarray(basis.codes, np.float32)
    place = min(max(float(positions[0]), 0.0), 1.0) * (len(codes) - 1)
    before = min(int(place), len(codes) - 2)
    weight = np.float32(place - before)
    return codes[before] + weight * (codes[before + 1] - codes[before])


def _with_basis(panel: Panel, base: ArrayLike | None, directions: ArrayLike | None) -> Panel:
    if panel.basis is not None:
        return panel
    if base is None or directions is None:
        raise LatentInputError(
            f"`basis` of panel {panel.caption!r} is missing: give the panel one, or give "
            "`base` and `directions` for all panels."
        )
    return replace(panel, basis=Affine(base, directions))


def _require_controls(controls: Sequence[Control], named: Sequence[str]) -> None:
    ids = [control.id for control in controls]
    if len(set(ids)) < len(ids):
        raise LatentInputError(f"`controls` must have distinct ids; got {ids}.")
    for name in named:
        if name not in ids:
            raise LatentInputError(f"`controls` has no id {name!r}; it has {ids}.")


def _describe_panel(panel: Panel, n_controls: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "codec": panel.checkpoint_key,
        "caption": panel.caption,
        "colour": panel.colour,
        "gauges": [asdict(gauge) for gauge in panel.gauges],
    }
    if isinstance(panel.basis, Path):
        codes = _numbers("codes", panel.basis.codes, n_dims=2)
        if len(codes) < 2 or n_controls < 1:
            raise LatentInputError(
                f"`codes` needs at least 2 rows and a control to walk them; got {len(codes)} rows "
                f"and {n_controls} controls."
            )
        return {**described, "path": packed(codes)}
    assert panel.basis is not None  # `_with_basis` has filled it
    origin = _numbers("origin", panel.basis.origin, n_dims=1)
    directions = np.asarray(panel.basis.directions, np.float32).reshape(-1, origin.size)
    if directions.shape != (n_controls, origin.size) or not np.isfinite(directions).all():
        raise LatentInputError(
            f"`directions` must be finite numbers of shape ({n_controls}, {origin.size}): one row "
            f"per control; got shape {directions.shape} for panel {panel.caption!r}."
        )
    return {**described, "origin": packed(origin), "directions": packed(directions)}


def _describe_control(control: Control) -> dict[str, Any]:
    start = min(max(control.value, control.low), control.high)
    default = control.value if control.default is None else control.default
    return {
        **asdict(control),
        "value": start,
        "default": min(max(default, control.low), control.high),
    }


def _numbers(name: str, values: ArrayLike, *, n_dims: int) -> NDArray[np.float32]:
    array = np.asarray(values, np.float32)
    if array.ndim != n_dims or not np.isfinite(array).all():
        raise LatentInputError(
            f"`{name}` must be a finite array of {n_dims} dimension(s); got shape {array.shape}."
        )
    return array


def _digest(described: Any) -> str:
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:12]


def _released(told: dict[str, Any], controls: Sequence[Control], revision: str) -> dict[str, float]:
    """Values last released by the user, if they belong to these very controls."""
    start = {control.id: float(_describe_control(control)["value"]) for control in controls}
    if told.get("revision") != revision:
        return start
    return {name: float(told["values"].get(name, value)) for name, value in start.items()}


def _still(panels: Sequence[Panel], positions: Sequence[float]) -> dict[str, Any]:
    """What the socket would have told and answered for these positions.

    For browsers whose sockets are blocked: the items then follow released controls only.
    """
    from zoetrope.live.engine.engine import get_engine

    engine = get_engine()
    parts, described = [], []
    for panel in panels:
        assert panel.basis is not None  # `_with_basis` has filled it
        parts.append((panel.checkpoint_key, code_at(panel.basis, positions)[None]))
        described.append(engine.codec(panel.checkpoint_key).result().description())
    return {"codecs": described, "frame": base64.b64encode(engine.answer(parts)).decode()}


def _preload_component() -> Any:
    from zoetrope.live.assets import preloader

    return process_wide(
        "preload component",
        lambda: st.components.v2.component(
            "zoetrope_preload", js=preloader("page/address.js", "stage/stage.js", "page/gallery.js")
        ),
    )


def _stage_component() -> Any:
    """The registered component; registered once a process, at first use."""
    from zoetrope.live.assets import loader

    return process_wide(
        "stage component",
        lambda: st.components.v2.component(
            "zoetrope_stage", css=static_text("stage/stage.css"), js=loader("stage/stage.js")
        ),
    )
