"""A small app around the live controls, with untrained codecs."""

import streamlit as st

from benchmarks.stand_ins import StandInSource
from zoetrope import live
from zoetrope.live.engine.engine import Engine
from zoetrope.live.shared import process_wide

process_wide("engine", lambda: Engine(StandInSource()))

app = st.App("live_page.py", routes=live.routes(), lifespan=live.lifespan)
