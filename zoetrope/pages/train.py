"""How is a new model made?"""

import streamlit as st

from zoetrope.live.components.in_view import bring_into_view
from zoetrope.ui import keys, page, presence
from zoetrope.ui.train import form, run_choice, run_panel

HOW = r"""
A model is a *composition*: architecture x bottleneck x corruption of the input x penalty x loss.
A preset is a named point in that space; change any part of it.

An autoencoder minimises $\mathcal L(x, d(e(\tilde x)))+\lambda\,\Omega$, where $\tilde x$ is the
(perhaps corrupted) input and $\Omega$ the penalty. A **VAE** minimises the negative of the evidence
lower bound, $-\mathbb E_{q(z|x)}[\log p(x|z)]+\beta\,\mathrm{KL}(q(z|x)\,\|\,\mathcal N(0,I))$
(Kingma & Welling 2014, equation 3; $\beta$: Higgins et al. 2017).

Training is a process of its own: close the browser or restart the app, and it goes on. One run
trains at a time; the next waits.
"""
QUESTION = "How is a new model made, and what does it learn, epoch by epoch?"
page.header("Train", QUESTION, HOW, shows_codec=False)
left, right = st.columns([0.38, 0.62], gap="medium")
with left, page.errors_in_words(ends_page=False):
    form.show()
with right, st.container(key=keys.RUN_PANEL), page.errors_in_words():
    chosen = run_choice.choose()
    if chosen is None:
        st.info("No run on this data yet. Choose a preset and start: the defaults are sensible.")
    else:
        presence.show("run", chosen)
        run_panel.show(chosen)
bring_into_view(keys.RUN_PANEL, asked=st.session_state.get(keys.RUNS_STARTED, 0))
