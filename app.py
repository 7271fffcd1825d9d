"""The server: Streamlit and the live half on one port."""

from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse
from starlette.routing import Route

import live

ICON = Path(__file__).parent / "ui" / "static" / "icon.png"


def to_first_page(request: Request) -> RedirectResponse:
    """Streamlit serves its first page at the root only; a link that names it should work too."""
    return RedirectResponse(request.url.replace(path="/"))


def favicon(request: Request) -> FileResponse:
    """The icon of the browser's tab, in place of Streamlit's."""
    return FileResponse(ICON)


routes = [Route("/favicon.png", favicon), Route("/morph", to_first_page), *live.routes()]
app = st.App("pages/shell.py", routes=routes, lifespan=live.lifespan)
