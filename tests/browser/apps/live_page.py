"""Stages of every kind, chosen by `?show=`; what came back is printed for the tests."""

import json

import numpy as np
import streamlit as st

from zoetrope.live.components import stage as live
from zoetrope.live.engine.engine import get_engine

MODEL, PCA = "#0077bb", "#cc6600"
KEY = st.query_params.get("codec", "faces-64")
N = 32
random = np.random.default_rng(0)
start, end = random.normal(size=(2, N)).astype(np.float32)
weights = np.linspace(0, 1, 16, dtype=np.float32)[:, None]
route = (1 - weights) * start + weights * end


def panels(basis: live.Affine | live.Path) -> list[live.Panel]:
    gauges = [live.Gauge("norm", "length", digits=1)]
    return [
        live.Panel(KEY, "VAE, 32 numbers", basis, MODEL, gauges),
        live.Panel("pca:" + KEY, "PCA, 32 numbers", basis, PCA, gauges),
    ]


def bank(**options: object) -> dict[str, float]:
    controls = [live.Control(f"z{i}", f"z{i}", -3, 3) for i in range(N)]
    basis = live.Affine(np.zeros(N), np.eye(N))
    return live.slider_bank(panels(basis), controls, key="bank", **options)


def algebra() -> dict[str, float]:
    names = ["base face", "glasses", "beard"]
    controls = [
        live.Control(f"term{i}", name, -2, 2, value=float(i == 0)) for i, name in enumerate(names)
    ]
    directions = random.normal(size=(3, N))
    return live.slider_bank(
        panels(live.Affine(np.zeros(N), directions)),
        controls,
        key="algebra",
        pad=("term1", "term2"),
        buttons=("play", "reset", "random"),
    )


def morph() -> dict[str, float]:
    return live.slider_bank(
        panels(live.Path(route)),
        [live.Control("t", "from A to B", 0, 1, step=0.01)],
        key="morph",
        strip=live.Strip(["t"]),
        buttons=("play", "reset"),
        play="t",
    )


def wrong() -> dict[str, float]:
    basis = live.Affine(np.zeros(N), np.eye(N)[:1])
    stage = [live.Panel(KEY, "there", basis, MODEL), live.Panel("missing", "not there", basis, PCA)]
    return live.slider_bank(stage, [live.Control("a", "a", -3, 3)], key="wrong")


def twins() -> dict[str, float]:
    """Two panels of one codec: their pictures must be equal at every moment."""
    stage = [live.Panel(KEY, side, live.Path(route)) for side in ("left", "right")]
    control = live.Control("t", "t", 0, 1, step=0.01)
    return live.slider_bank(stage, [control], key="twins", buttons=("play",))


def moved() -> dict[str, float]:
    """A button of the page that puts the hand somewhere else."""
    start = 2.0 if st.button("Put it at 2") else st.session_state.get("start", 0.0)
    st.session_state["start"] = start
    control = live.Control("a", "a", -3, 3, value=start, default=0.0)
    basis = live.Affine(np.zeros(N), np.eye(N)[:1])
    return live.slider_bank([live.Panel(KEY, "model", basis)], [control], key="moved")


def hidden() -> dict[str, float]:
    """A stage that goes away when the page says so."""
    return morph() if st.toggle("Stage", True) else {}


def several() -> dict[str, float]:
    """Two stages on one page, each in a fragment."""
    found: dict[str, float] = {}

    @st.fragment
    def one(name: str) -> None:
        basis = live.Affine(np.zeros(N), np.eye(N)[:1])
        stage = [live.Panel(KEY, f"stage {name}", basis)]
        hand = live.slider_bank(stage, [live.Control(name, name, -3, 3)], key=name)
        st.code(json.dumps(hand), language=None)

    one("first")
    one("second")
    st.text(f"run {st.session_state.setdefault('runs', 0)}")
    st.session_state["runs"] += 1
    return found


def token() -> dict[str, float]:
    """No stage: what a test needs to open a decoder of its own."""
    st.text(live.session_token())
    return {}


get_engine().register_gauge("norm", lambda key, codes: np.linalg.norm(codes, axis=1))
st.title("Live controls")
SHOWS = {
    "bank": lambda: bank(buttons=("play", "reset", "random")),
    "algebra": algebra,
    "morph": morph,
    "wrong": wrong,
    "twins": twins,
    "moved": moved,
    "hidden": hidden,
    "several": several,
    "token": token,
}
hand = SHOWS[st.query_params.get("show", "bank")]()
st.code(json.dumps(hand), language=None)
