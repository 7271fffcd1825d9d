"""The frame of all pages: navigation, and the pickers for data and checkpoint."""

from pathlib import Path

import streamlit as st

from ae_core.errors import AeCoreError
from zoetrope.live.components import stage as live
from zoetrope.ui import sidebar
from zoetrope.ui.state import PageEnded, say_error
from zoetrope.ui.tab_icon import show_tab_icon

st.set_page_config(page_title="Zoetrope", layout="wide")
show_tab_icon("/favicon.png")
st.html(Path(__file__).parent.parent / "ui" / "style.css")

live.preload()

page = st.navigation(
    {
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
sidebar.show()
try:
    page.run()
except PageEnded:
    pass
except AeCoreError as error:
    say_error(error)
sidebar.show_work()  # after the page, which may have started some
