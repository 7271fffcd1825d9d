"""Large answers, made and sent a block at a time: a slow reader costs a block, not the whole."""

from __future__ import annotations

import asyncio
import ipaddress
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from zoetrope.live.doors.places import Threads
from zoetrope.live.wire import limits

_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Blocks:
    """Bytes of an answer.

    Attributes:
        n_bytes: All together.
        pieces: One after another, about `BLOCK_BYTES` each.
        cache: The `Cache-Control` header.
        is_compressible: Whether compression is worth its time where a network lies between.
        media_type: The `Content-Type` header.
    """

    n_bytes: int
    pieces: Iterator[bytes]
    cache: str
    is_compressible: bool = False
    media_type: str = "application/octet-stream"

    @classmethod
    def of_file(cls, path: Path, cache: str, media_type: str) -> Blocks:
        """Text of a file."""
        return cls(path.stat().st_size, _file_pieces(path), cache, True, media_type)

    @classmethod
    def of(cls, array: NDArray[np.floating[Any]], cache: str) -> Blocks:
        """Little-endian float32 of an array of one or two dimensions, row after row."""
        return cls(4 * array.size, _float_pieces(array), cache)


def _file_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(limits.BLOCK_BYTES):
            yield piece


def _float_pieces(array: NDArray[np.floating[Any]]) -> Iterator[bytes]:
    n_floats = limits.BLOCK_BYTES // 4
    if array.ndim == 2 and array.shape[1] > n_floats:
        for row in array:
            yield from _float_pieces(row)
        return
    width = max(1, array.shape[1]) if array.ndim == 2 else 1
    n_each = n_floats // width
    for start in range(0, len(array), n_each):
        yield np.ascontiguousarray(array[start : start + n_each], "<f4").tobytes()


class BlocksResponse(StreamingResponse):
    """Sends blocks as they are made in `threads`; ends where a reader takes too long for one."""

    def __init__(self, blocks: Blocks, request: Request, threads: Threads) -> None:
        is_packed = blocks.is_compressible and _is_far_and_unpacks(request)
        pieces = _packed(blocks.pieces) if is_packed else blocks.pieces
        # Either way it is named: Streamlit's compression, of which everybody's floats become hardly
        # smaller, then leaves the answer alone.
        headers = {"Cache-Control": blocks.cache}
        headers["Content-Encoding"] = "gzip" if is_packed else "identity"
        if not is_packed:
            headers["Content-Length"] = str(blocks.n_bytes)
        super().__init__(_made_in(threads, pieces), 200, headers, blocks.media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Any) -> None:
            async with asyncio.timeout(limits.BLOCK_TIMEOUT_S):
                await send(message)

        with suppress(TimeoutError):  # the server closes a connection whose answer has no end
            await super().__call__(scope, receive, send_in_time)


async def _made_in(threads: Threads, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    next_piece: Callable[[], bytes | None] = lambda: next(pieces, None)  # noqa: E731
    while (piece := await threads.go_on(next_piece)) is not None:
        yield piece


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _is_far_and_unpacks(request: Request) -> bool:
    """Whether a network lies between, and the reader takes gzip."""
    if "gzip" not in request.headers.get("accept-encoding", "") or request.client is None:
        return False
    try:
        return not ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
