"""What does each code dimension do?"""

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.steering.directions import Activity, PrincipalAxes, dimension_activity, principal_axes
from zoetrope.live.components import stage as live
from zoetrope.ui import page, presenting, state
from zoetrope.ui.steer import starting, steering
from zoetrope.ui.steer.steering import Side, Space

HAND, URL_HAND, URL_AXES = "dimensions_hand", "z", "axes"
URL_INACTIVE, URL_TRAVERSALS = "inactive", "traversals"
N_TRAVERSALS, N_FRAMES = 4, 9
REACH = 3.0
DIMENSIONS, PRINCIPAL = "Code dimensions", "Principal axes"
HOW = r"""
Slider $i$ adds $h_i \sigma_i$ to code dimension $i$, with $\sigma_i$ its standard deviation over
the data: 1 is a usual difference between items, 3 a rare one. Dimensions are ordered by
$\operatorname{Var}_x(z_i)$; for a VAE one is *active* where
$\operatorname{Var}_x(\mathbb E[z_i \mid x]) > 0.01$ (Burda, Grosse & Salakhutdinov 2016). Inactive
ones move nothing and are folded away.

**Principal axes** are the orthogonal directions along which codes spread most (GANSpace: Härkönen
et al. 2020). For PCA itself dimensions and principal axes are the same thing.

PCA's picture follows the same sliders along PCA's own axes, widest first. The start is the mean
code, the code of an item or of a picture of your own (with all sliders at 0 you see its
reconstruction), or a random code: from the prior $\mathcal N(0, I)$ of a VAE, or from the Gaussian
with the codes' own mean and covariance.
"""


@st.cache_resource(max_entries=16, show_spinner=False)
def activity(key: str, unit_prior: bool, _codes: np.ndarray) -> Activity:
    return dimension_activity(_codes, unit_prior=unit_prior)


@st.cache_resource(max_entries=16, show_spinner=False)
def axes_of(key: str, _codes: np.ndarray) -> PrincipalAxes:
    return principal_axes(_codes)


def activity_of(side: Side, space: Space) -> Activity:
    return activity(
        codes_key(side.checkpoint, space.data_set), starting.is_variational(side), side.codes
    )


def rows(side: Side, space: Space, kind: str, n_rows: int) -> np.ndarray:
    """What one sigma on each slider adds to the code, float32 (n_rows, latent_dim)."""
    if kind == PRINCIPAL:
        found = axes_of(codes_key(side.checkpoint, space.data_set), side.codes)
        steps = found.axes * found.sigmas[:, None]
    else:
        used = activity_of(side, space)
        steps = np.diag(used.sigma)[used.order]
    padded = np.zeros((n_rows, steps.shape[1]), np.float32)
    padded[: len(steps)] = steps[:n_rows]
    return padded


def choose_kind() -> str:
    asked = PRINCIPAL if state.recall(URL_AXES) else DIMENSIONS
    kind = st.segmented_control(
        "Sliders", [DIMENSIONS, PRINCIPAL], default=asked, label_visibility="collapsed",
        key="dimensions_kind",
    ) or asked  # fmt: skip
    state.remember(URL_AXES, "principal" if kind == PRINCIPAL else None)
    return kind


def n_sliders(space: Space, kind: str) -> int:
    """How many sliders to show: the active dimensions, unless all are asked for."""
    n_all = space.model.codes.shape[1]
    n_active = n_all if kind == PRINCIPAL else max(1, activity_of(space.model, space).n_active)
    if n_active == n_all:
        return n_all
    shown = state.switch(f"Show the {n_all - n_active} inactive ones too", URL_INACTIVE)
    return n_all if shown else n_active


page.header("Dimensions", "What does each number of a code do to the picture?", HOW, is_live=True)
with page.errors_in_words():
    space = steering.open_space()
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        kind = choose_kind()
        start = starting.choose(space)
    with st.container(horizontal=True):
        n_shown = n_sliders(space, kind)
        traversals = state.switch(f"Traversals of the first {N_TRAVERSALS}", URL_TRAVERSALS)
    order = range(n_shown) if kind == PRINCIPAL else activity_of(space.model, space).order[:n_shown]
    letter = "axis " if kind == PRINCIPAL else "z"
    opening = steering.opening_hand(HAND, URL_HAND, f"{kind}{n_shown}")
    names = [f"{'a' if kind == PRINCIPAL else 'z'}{i}" for i in order]
    bases = {
        side.key: live.Affine(starting.code(start, side), rows(side, space, kind, n_shown))
        for side in space.sides
    }
    hand = live.slider_bank(
        stage=space.panels(lambda side: bases[side.key]),
        controls=[
            live.Control(
                name, f"{letter}{i}", -REACH, REACH, opening.get(name, 0.0), 0.1, default=0.0
            )
            for name, i in zip(names, order, strict=True)
        ],
        strip=live.Strip(names[:N_TRAVERSALS], N_FRAMES) if traversals else None,
        buttons=("play", "reset", "random"),
        picture_px=presenting.picture_px(),
        key=HAND,
    )
    state.remember_numbers(URL_HAND, hand)
    presenting.stop_here()
    steering.say_preview(space)
    steering.wait_until_warm()
    here = live.code_at(bases[space.model.key], list(hand.values()))
    near = steering.neighbours(space, here, key="dimensions_neighbours")
    if near is not None:
        state.remember(starting.URL, str(near))
        st.rerun()
