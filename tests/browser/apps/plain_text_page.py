"""Names that mean something in Markdown, put wherever pages put names."""

import streamlit as st

from tests.browser.names import NAMES
from zoetrope.ui.plain_text import as_written, message

for index, name in enumerate(NAMES):
    with st.container(key=f"name-{index}"):
        st.markdown(as_written(name))
        st.markdown(f"**{as_written(name)}**, after")
        st.caption(as_written(name))
        st.button(as_written(name), key=f"button-{index}")
        st.error(as_written(name), icon=":material/error:")
        st.metric(as_written(name), "1")
        st.progress(0.5, as_written(name))
    with st.container(key=f"message-{index}"):
        st.warning(message(f"`data` of {name} is wrong, and `{name}` is."))
    with st.container(key=f"options-{index}"):  # they are no Markdown: given as they are
        st.selectbox("One of", [name], key=f"one-{index}")
        st.multiselect("Some of", [name], [name], key=f"some-{index}")
st.text("drawn")
