"""What does each code dimension do?"""

import streamlit as st

from zoetrope.live.components import stage as live
from zoetrope.ui import keys, page, presentation, state
from zoetrope.ui.steer import dimension_panel, dimension_sliders, neighbour_row, notices, start_code
from zoetrope.ui.steer.panels import panels
from zoetrope.ui.steer.space import open_space

N_TRAVERSALS, N_FRAMES = 4, 9
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

**One number by itself**: its histogram over the items, the real items with least and most of it,
the mean code with this number alone changed, and the attributes that go with it, by rank
correlation: Spearman's $\rho$ for a number (1904), $2\,\mathrm{AUC} - 1$ for yes or no
(rank-biserial, Cureton 1956). It is one over these items: it does not say that one *causes* the
other.
"""


page.header("Dimensions", "What does each number of a code do to the item?", HOW, is_live=True)
with page.errors_in_words():
    space = open_space()
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        kind = dimension_sliders.choose_kind()
        start = start_code.choose(space)
    with st.container(horizontal=True):
        n_shown = dimension_sliders.n_sliders(space, kind)
        has_traversals = state.switch(f"Traversals of the first {N_TRAVERSALS}", keys.TRAVERSALS)
    bases = {
        side.key: live.Affine(
            start_code.code(start, side), dimension_sliders.rows(side, space, kind, n_shown)
        )
        for side in space.sides
    }
    sliders = dimension_sliders.sliders(space, kind, n_shown, keys.DIMENSIONS_SLIDERS)
    traversed = [slider.id for slider in sliders[:N_TRAVERSALS]]
    positions = live.slider_bank(
        stage=panels(space, lambda side: bases[side.key]),
        controls=sliders,
        strip=live.Strip(traversed, N_FRAMES) if has_traversals else None,
        buttons=("play", "reset", "random"),
        picture_px=presentation.picture_px(),
        key=keys.DIMENSIONS_SLIDERS,
    )
    state.remember_numbers(keys.POSITIONS, positions)
    presentation.stop_here()
    notices.say_preview(space)
    notices.wait_until_warm()
    code = live.code_at(bases[space.model.key], list(positions.values()))
    neighbour = neighbour_row.show(space, code, key="dimensions_neighbours")
    picked = dimension_panel.show(space, kind, sliders)
    chosen = neighbour if picked is None else picked
    if chosen is not None:
        state.remember(keys.START, str(chosen))
        st.rerun()
