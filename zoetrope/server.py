"""What `app.py` serves: Streamlit's pages and the live half, on one port."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse
from starlette.routing import Route

from zoetrope import live

HERE = Path(__file__).parent
SHELL = HERE / "pages" / "shell.py"
ICON = HERE / "ui" / "static" / "icon.png"


def to_first_page(request: Request) -> RedirectResponse:
    """Streamlit serves its first page at the root only; a link that names it should work too."""
    return RedirectResponse(request.url.replace(path="/"))


def favicon(request: Request) -> FileResponse:
    """The icon of the browser's tab, in place of Streamlit's."""
    return FileResponse(ICON)


routes = [Route("/favicon.png", favicon), Route("/morph", to_first_page), *live.routes()]
middleware = live.middleware()
lifespan = live.lifespan
