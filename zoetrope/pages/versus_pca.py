"""What does the network buy over PCA?"""

import numpy as np
import streamlit as st

from ae_core import long_work
from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import check_items
from ae_core.codecs.comparison import cached_comparison, held_out_sample
from ae_core.data.contact_sheet import contact_sheet
from ae_core.data.store import DataSet
from ae_core.processes.tasks import Task
from zoetrope.live.engine.engine import get_engine
from zoetrope.ui import cached, keys, page, state
from zoetrope.ui.compare import error_panel
from zoetrope.ui.owner import current_owner
from zoetrope.ui.plain_text import as_written

N_COLUMNS = 8
HOW = r"""
PCA is the best *linear* codec: with axes $W$ (orthonormal rows) and mean $\mu$, the code is
$z = W(x - \mu)$ and the item $\hat x = \mu + W^\top z$; no linear code of that size has a lower
squared error (Eckart & Young 1936; Jolliffe 2002, chapter 3). A dense autoencoder without
non-linearities finds the same space (Baldi & Hornik 1989). What a network has below PCA's curve is
what non-linearity bought.

Both errors are $\frac{1}{D}\lVert x - \hat x\rVert^2$ over the $D$ numbers of an item (pixels in
$[0, 1]$, columns standardised), on the same items that neither has seen. A VAE pays a little error
for codes that are smooth in between: look at the Morph page before you judge it by this number.
"""


def rows(checkpoint: Checkpoint, data_set: DataSet) -> None:
    """Original, model, PCA: the same held-out items, a row each."""
    sample = held_out_sample(data_set)
    n_parts = max(1, len(sample) // N_COLUMNS)
    part = (state.recall_integer(keys.PART) or 0) % n_parts
    chosen = sample[part * N_COLUMNS : (part + 1) * N_COLUMNS]
    item, items = data_set.about.item, np.array(data_set.items[chosen])
    blocks = {"Original": items}
    for name, key in codecs(checkpoint).items():
        blocks[name] = reconstruct(key, items)
    for name, block in blocks.items():
        label, images = st.columns([0.14, 0.86], vertical_alignment="center")
        label.markdown(f"**{as_written(name)}**")
        strip = contact_sheet(item.drawn(block), n_columns=N_COLUMNS)
        images.image(page.crisp(strip, 1024), width="stretch")
    if st.button("Other items", icon=":material/refresh:"):
        state.remember(keys.PART, str((part + 1) % n_parts))
        st.rerun()


def codecs(checkpoint: Checkpoint) -> dict[str, str]:
    """What is shown, by caption: its name for the live engine. PCA stands there once."""
    shown = {checkpoint.caption: checkpoint.name}
    if checkpoint.has_partner:
        shown[cached.pca_partner(checkpoint).caption] = f"pca:{checkpoint.name}"
    return shown


def reconstruct(key: str, items: np.ndarray) -> np.ndarray:
    """Items in stored form, encoded and decoded again, in stored form."""
    engine = get_engine()
    codes = engine.encode(key, items)
    return engine.decode(key, codes)


def ask(checkpoint: Checkpoint) -> None:
    """Start measuring, once; afterwards it is a person's choice to start it again."""
    name = state.chosen_data_name()

    def measure(*, fresh: bool) -> Task:
        title = f"Measuring {checkpoint.caption} on {name}"
        return long_work.start(
            "compare", title, owner=current_owner(), fresh=fresh,
            checkpoint=checkpoint.name, data=name,
        )  # fmt: skip

    if measure(fresh=False).state == "running":
        st.info("Measuring on held-out items; the sidebar shows how far it is.")
    elif st.button("Measure", icon=":material/speed:"):
        measure(fresh=True)
        st.rerun()


page.header("Versus PCA", "What does the network buy over PCA at the same code size?", HOW)
with page.errors_in_words():
    checkpoint, data_set = state.current_checkpoint(), state.current_data()
    check_items(checkpoint, data_set)
    if not checkpoint.has_partner:
        st.caption("PCA alone: choose a network in the sidebar to see what it buys.")
    rows(checkpoint, data_set)
    comparison = None if state.data_is_preview() else cached_comparison(checkpoint, data_set)
    if comparison is None:
        ask(checkpoint)
    elif checkpoint.has_partner:
        error_panel.scores(comparison, checkpoint)
    else:
        error_panel.scores_of_pca_alone(comparison, checkpoint.config.latent_dim)
