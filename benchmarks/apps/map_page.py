"""Our map of synthetic codes."""

import streamlit as st

from benchmarks import map_world
from zoetrope.live.components.map import CodeSource, MapCodec, MapColour, MapPoints, latent_map

n_items = int(st.query_params.get("n", "10000"))
points, codes, colours = map_world.keys(n_items)
shown = st.segmented_control("Colour", [0, 1], default=0, key="shown") or 0
latent_map(
    MapPoints(points, n_items, 2),
    colour=MapColour(f"number {shown}", f"api/derived/{colours[shown]}", "number", low=-3, high=3),
    codes=CodeSource(codes, map_world.LATENT_DIM, n_items),
    codec=MapCodec("faces-vae", "faces-vae"),
    key="map",
)
