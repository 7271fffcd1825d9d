"""The app that `benchmarks.map` drives: our map in Streamlit, and a bare page with the same points.

`?n=10000` chooses how many; points and codes are made once for each n, in `$ZOETROPE_HOME`.
"""

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from zoetrope import live
from zoetrope.live.columns import plotly_address
from zoetrope.live.wire.tokens import issue_token

BARE = """<!doctype html><meta charset="utf-8"><title>bare</title>
<div id="map" style="width:100%%;height:560px"></div>
<script>
const script = document.createElement("script");
script.src = "%(plotly)s";
const loaded = new Promise((done) => { script.onload = done; });
document.head.append(script);
const get = (path) => fetch(path + "?token=%(token)s").then((r) => r.arrayBuffer())
  .then((buffer) => new Float32Array(buffer));
Promise.all([get("api/points/%(points)s"), get("api/derived/%(colour)s"), loaded])
  .then(async ([flat, color]) => {
    const n = flat.length / 2;
    await Plotly.newPlot("map", [{ type: "scattergl", mode: "markers", x: flat.subarray(0, n),
      y: flat.subarray(n), marker: { size: 3, color }, hoverinfo: "none" }],
      { margin: { t: 0, b: 0, l: 0, r: 0 } });
    requestAnimationFrame(() => { window.paintedAt = performance.now(); });
  });
</script>"""


async def bare(request: Request) -> HTMLResponse:
    """What anybody would write to see these points: script, columns, plot."""
    keys = {name: request.query_params[name] for name in ("points", "colour")}
    return HTMLResponse(BARE % {"plotly": plotly_address(), "token": issue_token("bare"), **keys})


app = st.App(
    "map_page.py",
    routes=[*live.routes(), Route("/bare", bare)],
    middleware=live.middleware(),
    lifespan=live.lifespan,
)
