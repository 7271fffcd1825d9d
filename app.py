"""The server: Streamlit and the live half on one port."""

import streamlit as st

import live

app = st.App("pages/shell.py", routes=live.routes(), lifespan=live.lifespan)
