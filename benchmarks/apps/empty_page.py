"""A title and one slider."""

import streamlit as st

st.title("Empty")
st.slider("A slider", 0.0, 1.0)
