"""What lies between two codes?"""

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.steering.paths import CodeGraph, PathKind, build_code_graph, path_through_keys
from zoetrope.live.components import stage as live
from zoetrope.ui import page, presenting, state
from zoetrope.ui.steer import morphing, steering
from zoetrope.ui.steer.steering import Side, Space

HAND, URL_PLACE, URL_KIND = "morph_hand", "at", "way"
STEPS_A_LEG = 33
KINDS: tuple[PathKind, ...] = ("linear", "spherical", "through the data")
HOW = r"""
**Linear**: $z(t) = (1 - t)\,z_0 + t\,z_1$.

**Spherical** (Shoemake 1985; for codes White 2016): with $\omega$ the angle between both codes,
$z(t) = \frac{\sin (1-t)\omega}{\sin\omega} z_0 + \frac{\sin t\omega}{\sin\omega} z_1$. It keeps the
length of the code, which a VAE's prior expects.

**Through the data**: the shortest way from neighbour to neighbour in the graph of real items'
codes, each hop costing its squared length (Groisman, Jonckheere & Sapienza 2022), then smoothed. It
does not cross gaps in which no item lives.

PCA walks the same kind of way between its own codes of the same items.

**Beyond 97 % of real items** is the support: the mean distance to the 10 nearest training codes is
larger than that of 97 % of held-out items (kNN score, Ramaswamy et al. 2000). The decoder has seen
next to nothing there. The curve shows it along the whole way; the dotted line is the median.
"""


@st.cache_resource(max_entries=4, show_spinner="Joining neighbours to a graph")
def code_graph(key: str, _codes: np.ndarray) -> CodeGraph:
    return build_code_graph(_codes)


def way_of(side: Side, space: Space, items: list[int], kind: PathKind) -> np.ndarray:
    """The path of one codec over the key items, shape (n_steps, latent_dim)."""
    graph = None
    if kind == "through the data":
        graph = code_graph(codes_key(side.checkpoint, space.data_set), side.codes)
    return path_through_keys(np.array(side.codes[items]), kind, n_steps=STEPS_A_LEG, graph=graph)


def choose_kind() -> PathKind:
    asked = state.recall(URL_KIND)
    chosen = st.segmented_control(
        "Way",
        KINDS,
        default=asked if asked in KINDS else KINDS[0],
        label_visibility="collapsed",
        key="morph_kind",
    )
    kind: PathKind = chosen or KINDS[0]
    state.remember(URL_KIND, kind if kind != KINDS[0] else None)
    return kind


page.header(
    "Morph", "What lies between two pictures, and does it go through real ones?", HOW, is_live=True
)
with page.errors_in_words():
    space = steering.open_space()
    items = morphing.key_items(space)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        kind = choose_kind()
        ways = {side.key: way_of(side, space, items, kind) for side in space.sides}
        morphing.export(space, ways, "morph-" + "-".join(str(item) for item in items))
    opening = steering.opening_hand(HAND, URL_PLACE).get("t", 0.0) + 0.5
    hand = live.slider_bank(
        stage=space.panels(lambda side: live.Path(ways[side.key])),
        controls=[live.Control("t", "between", 0.0, 1.0, opening, 0.01, default=0.5)],
        buttons=("play", "reset"),
        picture_px=presenting.picture_px(),
        key=HAND,
    )
    state.remember_numbers(URL_PLACE, {"t": hand["t"] - 0.5})
    presenting.stop_here()
    curves = morphing.support_curves(space, ways)
    morphing.keys_under_the_slider(space, items, curves)
    morphing.say_support(curves, space)
    steering.say_preview(space)
    steering.wait_until_warm()
    picked = morphing.film(space, ways)
    here = live.code_at(live.Path(ways[space.model.key]), [hand["t"]])
    near = steering.neighbours(space, here, key="morph_neighbours")
    chosen = picked if near is None else near
    if chosen is not None:
        morphing.use(morphing.replaced(items, round(hand["t"] * (len(items) - 1)), chosen))
