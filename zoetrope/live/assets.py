"""The browser's half: plain ES modules under `static/`, served by the app, no build step."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}


@functools.cache
def version() -> str:
    """Fingerprint of all modules: part of their address, so that browsers may keep them."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*.*")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def loader(module: str) -> str:
    """JavaScript of a v2 component that imports `static/MODULE` and calls its `mount`.

    The address is relative to the page, so that it also holds behind a proxy with a path prefix.
    `data` may come wrapped in a list: Streamlit then does not look for tables in it, for which it
    would import pandas before the first page is on screen.
    Modules import each other by relative addresses, which keeps the version in the address.
    """
    return (
        "export default async function (component) {\n"
        f'  const address = new URL("api/static/{version()}/{module}", document.baseURI);\n'
        "  const { mount } = await import(address.href);\n"
        "  const data = Array.isArray(component.data) ? component.data[0] : component.data;\n"
        "  return mount({ ...component, data });\n"
        "}\n"
    )


def preloader(*modules: str) -> str:
    """JavaScript of a v2 component that imports modules for others, and shows nothing."""
    return (
        "export default function () {\n"
        f"  for (const module of {json.dumps(modules)})\n"
        f"    import(new URL(`api/static/{version()}/${{module}}`, document.baseURI).href)"
        ".catch(() => {});\n"  # whoever needs it will say so
        "}\n"
    )
