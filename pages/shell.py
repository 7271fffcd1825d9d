"""The frame of all pages: navigation, and the pickers for data and checkpoint."""

import base64
from pathlib import Path

import streamlit as st

from ae_core.errors import AeCoreError
from ui import sidebar

# Its bytes: Streamlit would open a file with PIL, and fetch a named icon from the internet.
ICON = (Path(__file__).parent.parent / "ui" / "static" / "icon.png").read_bytes()
ICON_URL = f"data:image/png;base64,{base64.b64encode(ICON).decode()}"

st.set_page_config(page_title="Zoetrope", page_icon=ICON_URL, layout="wide")
st.html(Path(__file__).parent.parent / "ui" / "style.css")

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
except AeCoreError as error:
    st.error(str(error), icon=":material/error:")
sidebar.show_work()  # after the page, which may have started some
