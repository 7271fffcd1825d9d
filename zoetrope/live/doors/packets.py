"""Answers go out at once, not when the last packet has been acknowledged.

asyncio asks for that (TCP_NODELAY) of sockets that say they speak TCP. Streamlit's listening socket
does not say so, nor do those it accepts: each answer of two small packets, headers and body, then
waited for the browser's delayed acknowledgement, 40 ms on Linux.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from starlette.types import Receive


def send_at_once(receive: Receive) -> None:
    """Ask it of the connection behind `receive`, where the server lets us reach it, as uvicorn."""
    transport: Any = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        return
    plain = transport.get_extra_info("socket")
    if plain is not None and plain.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):  # it has closed
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
