"""What `app.py` serves: Streamlit's pages and the live half, on one port."""

from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

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


class HomeFirst:
    """Sends whoever asks for nothing in particular to the home page.

    The root with a query is the Morph page, as in every link that was shared.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_bare = scope["type"] == "http" and scope["path"] == "/" and not scope["query_string"]
        app = RedirectResponse("home") if is_bare and scope["method"] == "GET" else self._app
        await app(scope, receive, send)


middleware = [*live.middleware(), Middleware(HomeFirst)]
lifespan = live.lifespan
