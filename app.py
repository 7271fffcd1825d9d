"""`streamlit run app.py` in a checkout; Streamlit looks for the call of `st.App` in this file."""

import streamlit as st

from zoetrope import server

app = st.App(
    server.SHELL,
    routes=server.routes,
    middleware=server.middleware,
    lifespan=server.lifespan,
)
