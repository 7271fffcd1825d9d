"""What lies between two codes?"""

import numpy as np
import streamlit as st

from ae_core.codes import codes_key
from ae_core.paths import MAX_KEYS, CodeGraph, PathKind, build_code_graph, path_through_keys
from live import components as live
from live.gallery import gallery
from ui import page, picking, state, steering
from ui.steering import Side, Space

HAND, URL_ITEMS, URL_PLACE, URL_KIND = "morph_hand", "items", "at", "way"
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

**Support**: mean distance to the 10 nearest training codes, as a percentile of held-out items.
"Farther from data than 97 %" is a place where the decoder has seen next to nothing.
"""


def key_items(space: Space) -> list[int]:
    """The items to walk over: from the URL, else two that differ."""
    n_items = len(space.data_set.items)
    chosen = state.recall_integers(URL_ITEMS, n_items=n_items)[:MAX_KEYS]
    if len(chosen) >= 2:
        return chosen
    first = chosen[0] if chosen else 0
    distances = np.linalg.norm(space.model.codes - space.model.codes[first], axis=1)
    return [first, int(np.argsort(distances)[int(0.9 * (n_items - 1))])]


@st.cache_resource(max_entries=4, show_spinner="Joining neighbours to a graph")
def code_graph(key: str, _codes: np.ndarray) -> CodeGraph:
    return build_code_graph(_codes)


def way(side: Side, space: Space, items: list[int], kind: PathKind) -> np.ndarray:
    """The path of one codec over the key items, shape (n_steps, latent_dim)."""
    graph = None
    if kind == "through the data":
        graph = code_graph(codes_key(side.checkpoint, space.data_set), side.codes)
    return path_through_keys(np.array(side.codes[items]), kind, n_steps=STEPS_A_LEG, graph=graph)


def choose_kind() -> PathKind:
    asked = state.recall(URL_KIND)
    chosen = st.segmented_control(
        "Way", KINDS, default=asked if asked in KINDS else KINDS[0], label_visibility="collapsed",
        key="morph_kind",
    ) or KINDS[0]  # fmt: skip
    state.remember(URL_KIND, chosen if chosen != KINDS[0] else None)
    return chosen


def keys_under_the_slider(space: Space, items: list[int]) -> None:
    """The key items where the slider meets them; a click opens the drawer to replace one."""
    picked = gallery(
        np.array(space.data_set.items[items]), labels=[f"Replace item {item}" for item in items],
        selected=st.session_state.get("morph_active"), under_slider=True, size_px=64, key="morph_keys",
    )  # fmt: skip
    if picked is not None:
        active = st.session_state.get("morph_active")
        st.session_state["morph_active"] = None if active == picked else picked
        st.rerun()
    replace_drawer(space, items)


def replace_drawer(space: Space, items: list[int]) -> None:
    active = st.session_state.get("morph_active")
    if active is None or active >= len(items):
        return
    found = picking.pick_item(space.data_set, key="morph_pick")
    add, remove, close = st.columns(3)
    if found is not None:
        use([*items[:active], found, *items[active + 1 :]])
    if len(items) < MAX_KEYS and add.button("Add one after it", icon=":material/add:"):
        use([*items[: active + 1], picking.random_item(space.data_set), *items[active + 1 :]])
    if len(items) > 2 and remove.button("Take it out", icon=":material/remove:"):
        use(items[:active] + items[active + 1 :])
    if close.button("Close", icon=":material/close:"):
        st.session_state["morph_active"] = None
        st.rerun()


def use(items: list[int]) -> None:
    state.remember(URL_ITEMS, ",".join(str(item) for item in items))
    st.rerun()


page.header("Morph", "What lies between two pictures, and does it go through real ones?", HOW)
with page.errors_in_words():
    space = steering.open_space()
    items = key_items(space)
    kind = choose_kind()
    ways = {side.key: way(side, space, items, kind) for side in space.sides}
    opening = steering.opening_hand(HAND, URL_PLACE).get("t", 0.0) + 0.5
    hand = live.slider_bank(
        stage=space.panels(lambda side: live.Path(ways[side.key])),
        controls=[live.Control("t", "between", 0.0, 1.0, opening, 0.01, default=0.5)],
        buttons=("play", "reset"),
        key=HAND,
    )
    state.remember_numbers(URL_PLACE, {"t": hand["t"] - 0.5})
    keys_under_the_slider(space, items)
    steering.say_preview(space)
    here = live.code_at(live.Path(ways[space.model.key]), [hand["t"]])
    near = steering.neighbours(space, here, key="morph_neighbours")
    if near is not None:
        closest = round(hand["t"] * (len(items) - 1))
        use([*items[:closest], near, *items[closest + 1 :]])
