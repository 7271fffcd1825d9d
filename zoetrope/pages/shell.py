"""The frame of all pages: navigation, and the pickers for data and checkpoint."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from zoetrope.live.components import stage as live
from zoetrope.ui import sidebar
from zoetrope.ui.page import errors_in_words
from zoetrope.ui.state import PageEnded
from zoetrope.ui.tab_icon import show_tab_icon

st.set_page_config(page_title="Zoetrope", layout="wide")
show_tab_icon("/favicon.png")
UI = Path(__file__).parent.parent / "ui"
st.html(UI / "style.css")
st.logo(UI / "static" / "logo.svg", size="large")

live.preload()

page = st.navigation(
    {
        "": [st.Page("home.py", title="Home", icon=":material/home:")],
        "See": [st.Page("explore.py", title="Explore", icon=":material/scatter_plot:")],
        "Steer": [
            st.Page("morph.py", title="Morph", icon=":material/linear_scale:", default=True),
            st.Page("algebra.py", title="Algebra", icon=":material/calculate:"),
            st.Page("dimensions.py", title="Dimensions", icon=":material/tune:"),
        ],
        "Compare": [
            st.Page("versus_pca.py", title="Versus PCA", icon=":material/compare:"),
        ],
        "Make": [
            st.Page("train.py", title="Train", icon=":material/model_training:"),
            st.Page("data.py", title="Data", icon=":material/photo_library:"),
        ],
    }
)
# The tray comes after the page, which may have started some work.
for part in (sidebar.show, page.run, sidebar.show_work):
    with suppress(PageEnded), errors_in_words(ends_page=False):
        part()
