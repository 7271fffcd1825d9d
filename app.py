"""The server: Streamlit and the live half on one port."""

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

import live


def to_first_page(request: Request) -> RedirectResponse:
    """Streamlit serves its first page at the root only; a link that names it should work too."""
    return RedirectResponse(request.url.replace(path="/"))


routes = [Route("/morph", to_first_page), *live.routes()]
app = st.App("pages/shell.py", routes=routes, lifespan=live.lifespan)
