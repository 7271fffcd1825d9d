"""The server: Streamlit and the live routes on one port."""

import streamlit as st

from live import routes as live

app = st.App("pages/shell.py", routes=live.routes())
