"""Headers that every answer carries: what a browser may do with it, and who may show it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def security_headers(index: Path) -> list[tuple[bytes, bytes]]:
    """Headers in the form of ASGI.

    Args:
        index: The page that Streamlit serves; its inline scripts, and no others, may run.
    """
    headers = {
        "Content-Security-Policy": content_security_policy(index.read_bytes()),
        "X-Content-Type-Options": "nosniff",
        # The address of a page holds data and positions: other sites are not told.
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",  # browsers that do not know `frame-ancestors`
        # A page that opens ours in a window gets no hold of it, and none can embed our answers.
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def content_security_policy(page: bytes) -> str:
    """Everything comes from this server, and nothing goes anywhere else.

    Args:
        page: HTML whose inline scripts may run.
    """
    digests = [hashlib.sha256(script).digest() for script in _INLINE_SCRIPT.findall(page)]
    hashes = "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    directives = {
        "default-src": "'self'",
        # blob: Streamlit runs a component's JavaScript from one. unsafe-eval: plotly.js compiles
        # the drawing of `scattergl` with `Function`; it allows WebAssembly too, which is named for
        # the day when plotly.js does without.
        "script-src": f"'self' blob: 'unsafe-eval' 'wasm-unsafe-eval'{hashes}",
        "style-src": "'self' 'unsafe-inline'",  # Streamlit's emotion and plotly.js write rules
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())
