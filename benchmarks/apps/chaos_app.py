"""The whole app, and a token for whoever asks: for `benchmarks.chaos`."""

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from zoetrope import server
from zoetrope.live.wire.tokens import issue_token


def token(request: Request) -> PlainTextResponse:
    """A token for `?session=`."""
    return PlainTextResponse(issue_token(request.query_params["session"]))


routes = [Route("/api/benchmark-token", token), *server.routes]
app = st.App(server.SHELL, routes=routes, lifespan=server.lifespan)
