"""A small app around the live controls, with untrained codecs."""

import streamlit as st

from tests.live.operations import Shrink
from tests.live.tables import TableSource
from zoetrope import live
from zoetrope.live.engine.engine import Engine
from zoetrope.live.engine.operations import OPERATIONS
from zoetrope.live.shared import process_wide

operations = {**OPERATIONS, "shrink": Shrink(3), "shrink for ever": Shrink(1_000_000_000)}
process_wide("engine", lambda: Engine(TableSource(), operations=operations))

app = st.App(
    "live_page.py", routes=live.routes(), middleware=live.middleware(), lifespan=live.lifespan
)
