"""A small app around the live controls, with untrained codecs."""

import streamlit as st

import live
from benchmarks.stand_ins import StandInSource
from live.engine import Engine
from live.shared import process_wide

process_wide("engine", lambda: Engine(StandInSource()))

app = st.App("live_page.py", routes=live.routes(), lifespan=live.lifespan)
