"""One who only drags, in a process of its own, so that nothing but the server delays the answers.

    python -m benchmarks.chaos.quiet_user PORT

Moves at 30 Hz over one socket until stdin is closed, and connects again whenever it breaks. Each
answer is one line on stdout: when it was asked for (`time.monotonic`, which all processes of a
machine share) and the milliseconds until it came.
"""

from __future__ import annotations

import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ae_core.codecs.checkpoints import find_checkpoint
from benchmarks.client import Client

CODEC = "faces-vae"
LATENT_DIM = find_checkpoint(CODEC).config.latent_dim
HZ = 30.0
GONE = (OSError, ConnectionClosed, InvalidHandshake, TimeoutError, TypeError)


def drag(port: int, name: str, over: threading.Event, note: Callable[[float, float], None]) -> None:
    """Move at 30 Hz over one socket for ever, and connect again whenever it breaks.

    Args:
        port: Of the server.
        name: Of the session.
        over: Set when it shall end.
        note: Called with the moment of each move, by `time.monotonic`, and its milliseconds.
    """
    while not over.is_set():
        with suppress(*GONE):
            address = f"http://127.0.0.1:{port}/api/benchmark-token?session={name}"
            with urllib.request.urlopen(address, timeout=10) as answer:
                token = answer.read().decode()
            with Client(port, token, [CODEC, f"pca:{CODEC}"]) as client:
                _drag_on(client, over, note)
        over.wait(0.5)


def _drag_on(client: Client, over: threading.Event, note: Callable[[float, float], None]) -> None:
    codes = np.zeros((1, LATENT_DIM), np.float32)
    for move in range(1_000_000):
        if over.wait(1 / HZ):
            return
        codes[0, move % LATENT_DIM] += 0.05
        asked_s = time.monotonic()
        client.ask([codes, codes], request_id=move + 1)
        note(asked_s, 1e3 * (time.monotonic() - asked_s))


def main() -> None:
    over = threading.Event()

    def note(asked_s: float, took_ms: float) -> None:
        print(f"{asked_s:.4f} {took_ms:.2f}", flush=True)

    arguments = (int(sys.argv[1]), "quiet", over, note)
    dragging = threading.Thread(target=drag, args=arguments, daemon=True)
    dragging.start()
    sys.stdin.read()
    over.set()
    dragging.join(timeout=20)


if __name__ == "__main__":
    main()
