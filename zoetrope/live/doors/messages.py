"""How large a message of one WebSocket may be, before its bytes are kept in memory.

The size that a server is started with holds for all its sockets; Streamlit starts it with 200 MB.
ASGI has no way to ask for less, so this reaches for the connection behind `receive`: that of
uvicorn's `websockets-sansio`, where the limit is compared with the length in a frame's header.
`tests/attacks/test_doors.py` sends too much to a real server, so that another uvicorn is noticed.
"""

from __future__ import annotations

import logging
from typing import Any

from starlette.types import Receive

from zoetrope.live.shared import process_wide

LOG = logging.getLogger("zoetrope.live")


def limit_messages(receive: Receive, n_bytes: int) -> bool:
    """Close the socket (code 1009) on longer messages from now on; whether that could be set.

    Args:
        receive: What the server gave the app for this socket, not wrapped.
        n_bytes: Of a message, all its frames together, after decompression.
    """
    connection: Any = getattr(getattr(receive, "__self__", None), "conn", None)
    if not hasattr(connection, "max_message_size"):
        process_wide("unlimited messages", _warn)
        return False
    connection.max_message_size = n_bytes
    return True


def _warn() -> bool:
    LOG.warning(
        "Messages of sockets are limited by the server alone: run it with uvicorn's "
        "websockets-sansio (streamlit run does)."
    )
    return True
