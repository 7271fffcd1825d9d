"""Live frames, version 2, both directions: pure functions from bytes to arrays and back.

Everything is little-endian; the layout is tabulated in `docs/formats.md`, and
`static/wire/frames.js` is the browser's side of it. Readers check every length before they touch
the bytes behind it and raise `FrameError` with a reason that may be shown to the sender.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoetrope.live.wire.limits import MAX_CHANNELS, MAX_PARTS, MAX_REQUEST_BYTES, MAX_ROWS
from zoetrope.live.wire.parts import RAW, FrameError, Part, PartType, read_part

VERSION = 2
MAGIC = 0x545A  # "ZT"
REQUEST, ANSWER = 1, 2

REQUEST_HEADER = struct.Struct("<HBBIHBB")  # magic version kind id n_parts channel operation
ANSWER_HEADER = struct.Struct("<HBBIHBBIII")  # ... n_parts is_final reserved, then Timing


@dataclass(frozen=True)
class Request:
    """What a client wants of all its panels at once.

    Attributes:
        id: Chosen by the client, comes back in every answer; 0..2**32 - 1.
        parts: 1 to `MAX_PARTS`, `MAX_ROWS` rows together.
        channel: Requests of one connection and channel replace each other.
        operation: Place in the list of operations that the server told in "ready".
    """

    id: int
    parts: tuple[Part, ...]
    channel: int = 0
    operation: int = 0


@dataclass(frozen=True)
class Timing:
    """Microseconds spent by the server: waiting for its turn, computing, packing the answer."""

    queue_us: int = 0
    compute_us: int = 0
    pack_us: int = 0


@dataclass(frozen=True)
class Answer:
    """Results for the request with the same id; a long operation may give several.

    Attributes:
        id: Of the request.
        parts: Results; a part of gauges belongs to the part before it.
        timing: Of this answer's request, so far.
        is_final: Whether no further answer to this request comes.
    """

    id: int
    parts: tuple[Part, ...]
    timing: Timing = Timing()
    is_final: bool = True


def pack_request(request: Request) -> bytes:
    """Frame bytes of `request`."""
    n_parts = len(request.parts)
    head = (MAGIC, VERSION, REQUEST, request.id, n_parts, request.channel, request.operation)
    pieces = [piece for part in request.parts for piece in part.pack()]
    return b"".join([REQUEST_HEADER.pack(*head), *pieces])


def read_request(message: bytes) -> Request:
    """Read a request and check everything that can be checked without knowing the codecs.

    Raises:
        FrameError: Wrong magic, version, kind, length, type or count, a compressed picture, or a
            number that is not finite.
    """
    if len(message) > MAX_REQUEST_BYTES:
        raise FrameError(f"The message has {len(message)} bytes; {MAX_REQUEST_BYTES} are allowed.")
    request_id, n_parts, channel, operation = _read_request_header(message)
    try:
        parts = _read_parts(message, REQUEST_HEADER.size, n_parts)
        for part in parts:
            _require_plain(part)
    except FrameError as error:
        raise FrameError(str(error), request_id) from None
    n_rows = sum(part.shape[0] for part in parts)
    if n_rows > MAX_ROWS:
        raise FrameError(f"The request has {n_rows} rows; {MAX_ROWS} are allowed.", request_id)
    return Request(request_id, parts, channel, operation)


def _read_request_header(message: bytes) -> tuple[int, int, int, int]:
    """(id, n_parts, channel, operation)."""
    if len(message) < REQUEST_HEADER.size:
        raise FrameError(f"The message has {len(message)} bytes, less than a header.")
    head = REQUEST_HEADER.unpack_from(message)
    magic, version, kind, request_id, n_parts, channel, operation = head
    if magic != MAGIC or kind != REQUEST:
        raise FrameError("The message is not a live request.")
    if version != VERSION:
        raise FrameError(
            f"The request has version {version}, this server speaks {VERSION}: reload the page.",
            request_id,
        )
    if not 1 <= n_parts <= MAX_PARTS:
        raise FrameError(f"The request has {n_parts} parts; 1 to {MAX_PARTS} fit.", request_id)
    if channel >= MAX_CHANNELS:
        reason = f"Channel {channel} is out of range; there are {MAX_CHANNELS}."
        raise FrameError(reason, request_id)
    return request_id, n_parts, channel, operation


def _read_parts(message: bytes, offset: int, n_parts: int) -> tuple[Part, ...]:
    parts = []
    for _ in range(n_parts):
        part, offset = read_part(message, offset)
        parts.append(part)
    if offset != len(message):
        raise FrameError(f"{len(message) - offset} bytes follow the last part.")
    return tuple(parts)


def _require_plain(part: Part) -> None:
    """Refuse what a client may not send: files to be unpacked, and NaN or infinite numbers."""
    if part.format != RAW:
        raise FrameError("The pixels of a request must be raw, not a compressed file.")
    if part.type.dtype.kind == "f" and not np.isfinite(part.array).all():
        raise FrameError(f"A number of the {part.type.name.lower()} is not finite.")


def pack_answer(answer: Answer) -> bytes:
    """Frame bytes of `answer`; every part begins at a multiple of 4 bytes."""
    timing = (answer.timing.queue_us, answer.timing.compute_us, answer.timing.pack_us)
    clamped = [min(max(value, 0), 0xFFFFFFFF) for value in timing]
    n_parts = len(answer.parts)
    head = (MAGIC, VERSION, ANSWER, answer.id, n_parts, answer.is_final, 0, *clamped)
    pieces = [piece for part in answer.parts for piece in part.pack()]
    return b"".join([ANSWER_HEADER.pack(*head), *pieces])


def read_answer(message: bytes) -> Answer:
    """Read an answer: for tests, benchmarks and clients in Python.

    Raises:
        FrameError: The bytes are no answer of this version.
    """
    if len(message) < ANSWER_HEADER.size:
        raise FrameError(f"The message has {len(message)} bytes, less than a header.")
    head: tuple[Any, ...] = ANSWER_HEADER.unpack_from(message)
    magic, version, kind, answer_id, n_parts, is_final, _, *timing = head
    if (magic, version, kind) != (MAGIC, VERSION, ANSWER):
        raise FrameError("The message is not a live answer of this version.")
    parts = _read_parts(message, ANSWER_HEADER.size, n_parts)
    return Answer(answer_id, parts, Timing(*timing), bool(is_final))


__all__ = [
    "MAGIC",
    "VERSION",
    "Answer",
    "FrameError",
    "Part",
    "PartType",
    "Request",
    "Timing",
    "pack_answer",
    "pack_request",
    "read_answer",
    "read_request",
]
