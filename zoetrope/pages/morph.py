"""What lies between two codes?"""

import numpy as np
import streamlit as st

from ae_core.codecs.codes import codes_key
from ae_core.steering.paths import CodeGraph, PathKind, build_code_graph, path_through_keys
from zoetrope.live.components import stage as live
from zoetrope.ui import keys, page, presentation, state
from zoetrope.ui.steer import animation_export, key_items, neighbour_row, notices, path_steps
from zoetrope.ui.steer.panels import panels
from zoetrope.ui.steer.slider_positions import opening_positions
from zoetrope.ui.steer.space import Side, Space, open_space
from zoetrope.ui.steer.support_curve import say_support, support_curves

STEPS_A_LEG = 33
KINDS: tuple[PathKind, ...] = ("linear", "spherical", "through the data")
HOW = r"""
**Linear**: $z(t) = (1 - t)\,z_0 + t\,z_1$.

**Spherical** (Shoemake 1985; for codes White 2016): with $\omega$ the angle between both codes,
$z(t) = \frac{\sin (1-t)\omega}{\sin\omega} z_0 + \frac{\sin t\omega}{\sin\omega} z_1$. It keeps the
length of the code, which a VAE's prior expects.

**Through the data**: the shortest path from neighbour to neighbour in the graph of real items'
codes, each hop costing its squared length (Groisman, Jonckheere & Sapienza 2022), then smoothed. It
does not cross gaps in which no item lives.

PCA has the same kind of path between its own codes of the same items.

**Beyond 97 % of real items** is the support: the mean distance to the 10 nearest training codes is
larger than that of 97 % of held-out items (kNN score, Ramaswamy et al. 2000). The decoder has seen
next to nothing there. The curve shows it along the whole path; the dotted line is the median.
"""


@st.cache_resource(max_entries=4, show_spinner="Joining neighbours to a graph")
def code_graph(key: str, _codes: np.ndarray) -> CodeGraph:
    return build_code_graph(_codes)


def path_of(side: Side, space: Space, items: list[int], kind: PathKind) -> np.ndarray:
    """The path of one codec over the key items, shape (n_steps, latent_dim)."""
    graph = None
    if kind == "through the data":
        graph = code_graph(codes_key(side.checkpoint, space.data_set), side.codes)
    return path_through_keys(np.array(side.codes[items]), kind, n_steps=STEPS_A_LEG, graph=graph)


def choose_kind() -> PathKind:
    kind_in_url = state.recall(keys.PATH_KIND)
    chosen = st.segmented_control(
        "Path",
        KINDS,
        default=kind_in_url if kind_in_url in KINDS else KINDS[0],
        label_visibility="collapsed",
        key="morph_kind",
    )
    kind: PathKind = chosen or KINDS[0]
    state.remember(keys.PATH_KIND, kind if kind != KINDS[0] else None)
    return kind


page.header(
    "Morph", "What lies between two items, and does it go through real ones?", HOW, is_live=True
)
with page.errors_in_words():
    space = open_space()
    items = key_items.current(space)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        kind = choose_kind()
        paths = {side.key: path_of(side, space, items, kind) for side in space.sides}
        animation_export.show(space, paths, "morph-" + "-".join(str(item) for item in items))
    opening = opening_positions(keys.MORPH_SLIDER, keys.PLACE).get("t", 0.0) + 0.5
    position = live.slider_bank(
        stage=panels(space, lambda side: live.Path(paths[side.key])),
        controls=[live.Control("t", "between", 0.0, 1.0, opening, 0.01, default=0.5)],
        buttons=("play", "reset"),
        picture_px=presentation.picture_px(),
        key=keys.MORPH_SLIDER,
    )["t"]
    state.remember_numbers(keys.PLACE, {"t": position - 0.5})
    presentation.stop_here()
    curves = support_curves(space, paths)
    key_items.show(space, items, curves)
    say_support(curves, space)
    notices.say_preview(space)
    notices.wait_until_warm()
    picked = path_steps.show(space, paths)
    code = live.code_at(live.Path(paths[space.model.key]), [position])
    neighbour = neighbour_row.show(space, code, key="morph_neighbours")
    chosen = picked if neighbour is None else neighbour
    if chosen is not None:
        nearest_key = round(position * (len(items) - 1))
        key_items.use(key_items.with_item(items, nearest_key, chosen))
