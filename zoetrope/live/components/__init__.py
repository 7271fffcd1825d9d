"""Components for pages, drawn by the browser's modules. Pages use these modules, imported by name:

- `stage`: `slider_bank` and what it is described with, `preload`, `session_token`, `code_at`;
- `map`: `latent_map` and its sources; `map_group`: groups on their way to and from the browser;
- `gallery`: `gallery`, `png_url`.

`packing` is what components share. Nothing is imported here: each page pays for its own.
"""
