"""The app that `benchmarks.live` drives: `?kind=live` or `?kind=native`, `?codec=KEY`.

Keys "stand-in-64" and "stand-in-128" are untrained codecs of that size; any other key is a
checkpoint.
"""

from collections.abc import Hashable

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ae_core.codecs.codec import Codec
from benchmarks.stand_ins import StandInSource
from zoetrope import live
from zoetrope.live.engine.engine import Engine
from zoetrope.live.engine.loading import CodecSource
from zoetrope.live.engine.sources import CheckpointSource
from zoetrope.live.shared import process_wide
from zoetrope.live.wire.tokens import issue_token


class BenchmarkSource:
    """Untrained codecs under their names, checkpoints under all others."""

    def _for(self, key: str) -> CodecSource:
        stand_in = key.removeprefix("pca:").startswith("stand-in-")
        return StandInSource() if stand_in else CheckpointSource()

    def load(self, key: str) -> Codec:
        """As the source that knows `key`."""
        return self._for(key).load(key)

    def stamp(self, key: str) -> Hashable:
        """As the source that knows `key`."""
        return self._for(key).stamp(key)


process_wide("engine", lambda: Engine(BenchmarkSource(), device="cpu"))


async def token(request: Request) -> PlainTextResponse:
    """A token for clients that are no page, `?session=NAME`; in this app only."""
    return PlainTextResponse(issue_token(request.query_params.get("session", "")))


app = st.App(
    "live_page.py",
    routes=[*live.routes(), Route("/api/benchmark-token", token)],
    middleware=live.middleware(),
    lifespan=live.lifespan,
)
