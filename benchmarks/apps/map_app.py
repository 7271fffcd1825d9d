"""The app that `benchmarks.map` drives: our map in Streamlit, and a bare page with the same points.

`?n=10000` chooses how many; points and codes are made once for each n, in `$ZOETROPE_HOME`.
"""

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from zoetrope import live
from zoetrope.live.columns import plotly_address
from zoetrope.live.wire.tokens import issue_token

# The script is a file of its own: none that stands in a page is let run.
BARE = """<!doctype html><meta charset="utf-8"><title>bare</title>
<div id="map" style="width:100%;height:560px"></div>
<script src="bare.js" data-token="TOKEN"></script>"""
BARE_SCRIPT = """
const { token } = document.currentScript.dataset;
const wanted = new URLSearchParams(location.search);
const script = document.createElement("script");
script.src = "PLOTLY";
const loaded = new Promise((done) => { script.onload = done; });
document.head.append(script);
const get = (path) => fetch(`${path}?token=${token}`).then((r) => r.arrayBuffer())
  .then((buffer) => new Float32Array(buffer));
const points = get(`api/points/${wanted.get("points")}`);
const colour = get(`api/derived/${wanted.get("colour")}`);
Promise.all([points, colour, loaded]).then(async ([flat, color]) => {
  const n = flat.length / 2;
  await Plotly.newPlot("map", [{ type: "scattergl", mode: "markers", x: flat.subarray(0, n),
    y: flat.subarray(n), marker: { size: 3, color }, hoverinfo: "none" }],
    { margin: { t: 0, b: 0, l: 0, r: 0 } });
  requestAnimationFrame(() => { window.paintedAt = performance.now(); });
});
"""


async def bare(request: Request) -> HTMLResponse:
    """What anybody would write to see these points: script, columns, plot."""
    return HTMLResponse(BARE.replace("TOKEN", issue_token("bare")))


async def bare_script(request: Request) -> Response:
    """The bare page's script; which points and colours, it reads from the page's address."""
    return Response(BARE_SCRIPT.replace("PLOTLY", plotly_address()), media_type="text/javascript")


app = st.App(
    "map_page.py",
    routes=[*live.routes(), Route("/bare", bare), Route("/bare.js", bare_script)],
    middleware=live.middleware(),
    lifespan=live.lifespan,
)
