"""What is this, and where does one begin?"""

import streamlit as st

from ae_core.data.catalogue import about_data_set, is_ready, newest_data_sets
from ae_core.training import runs
from ae_core.words import count_of
from zoetrope.ui import home_slider, keys, page, state
from zoetrope.ui.codec_notice import title_of
from zoetrope.ui.plain_text import as_written

N_LISTED = 5
HOW = """
An **autoencoder** turns an item into a code of few numbers and the code back into an item, and is
trained so that little is lost (Rumelhart, Hinton & Williams 1986; Hinton & Salakhutdinov 2006).
What it has learnt is in its codes: which items lie near each other, and what a step in a direction
does.

A **zoetrope** is a drum with slits through which single pictures become a movement. The face above
the slider is decoded from codes on the straight line between two faces' codes, by the model
`faces-vae`.
"""
LINES = """
A model turns every item, a picture or a row of a table, into a short code, and codes into items.

Move a code by hand and the item follows at once; PCA stands beside every model.

Bring your own data, train on it, and see how far to trust what you see.
"""


def show_data() -> None:
    """Data sets, those added last first; a click opens one on the map."""
    st.markdown("**Data**")
    with st.container(gap="xxsmall"):
        for name in newest_data_sets()[:N_LISTED]:
            words = as_written(title_of(name))
            if is_ready(name):
                words += f" :gray[{count_of(about_data_set(name).n_items, 'item')}]"
            if st.button(words, key=f"home_data_{name}", type="tertiary"):
                state.choose(data=name)
                st.switch_page("explore.py")


def show_runs() -> None:
    """The newest runs, whoever started them."""
    st.markdown("**Runs**")
    newest = runs.list_runs()[:N_LISTED]
    with st.container(gap="xxsmall"):
        for run in newest:
            words = f"{as_written(run.name)} :gray[{run.status.state}]"
            if st.button(words, key=f"home_run_{run.name}", type="tertiary"):
                state.choose(data=run.request.data)
                state.remember(keys.RUN, run.name)
                st.switch_page("train.py")
    if not newest:
        st.caption("None yet.")
        if st.button("Train a model", icon=":material/model_training:"):
            st.switch_page("train.py")


def show_own() -> None:
    """Where a person's own data comes in."""
    st.markdown("**Bring your own**")
    st.caption("Pictures in a zip, or arrays in an npz: every page works with them at once.")
    if st.button("Add your data", icon=":material/add:", type="primary"):
        st.switch_page("data.py")


page.header(
    "Zoetrope", "What has an autoencoder learnt, and how far is it to be trusted?", HOW,
    shows_codec=False,
)  # fmt: skip
left, right = st.columns([0.4, 0.6], gap="large", vertical_alignment="center")
with left:
    home_slider.show()
with right:
    st.markdown(LINES)
    if st.button("Steer it yourself", icon=":material/linear_scale:"):
        st.switch_page("morph.py")
for place, show in zip(st.columns(3, gap="large"), (show_data, show_runs, show_own), strict=True):
    with place, page.errors_in_words(ends_page=False):
        show()
