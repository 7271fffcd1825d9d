"""The least that a Streamlit app can be: what `benchmarks.startup` compares with."""

import streamlit as st

app = st.App("empty_page.py")
