"""Live frames, both directions: pure functions from bytes to arrays and back.

Everything is little-endian; the layout is tabulated in `docs/formats.md`, and `static/frames.js`
is the browser's side of it. Readers check every length before they touch the bytes behind it and
raise `FrameError` with a reason that may be shown to the sender.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1
MAGIC = 0x545A  # "ZT"
REQUEST, ANSWER = 1, 2
RAW, JPEG, WEBP = 0, 1, 2

MAX_PARTS = 8
MAX_ROWS = 256
MAX_LATENT_DIM = 4096
MAX_MESSAGE_BYTES = 1 << 20
MAX_CHANNELS_OF_A_CONNECTION = 4

_REQUEST_HEADER = struct.Struct("<HBBIHBB")  # magic version kind id n_parts channel reserved
_REQUEST_PART = struct.Struct("<HHI")  # codec rows latent_dim
_ANSWER_HEADER = struct.Struct("<HBBIHBBIII")  # ... as above, then queue decode encode (us)
_ANSWER_PART = struct.Struct(
    "<HHHHBBHI"
)  # codec rows height width channels format n_readouts bytes


class FrameError(ValueError):
    """Bytes that are no valid frame; the text says why and is safe to send back.

    Attributes:
        request_id: Id of the refused request, 0 where the header could not be read.
    """

    def __init__(self, reason: str, request_id: int = 0) -> None:
        super().__init__(reason)
        self.request_id = request_id


@dataclass(frozen=True)
class RequestPart:
    """Codes for one codec.

    Attributes:
        codec: Index into the list of codecs that the connection has agreed on.
        codes: Finite float32, shape (rows, latent_dim).
    """

    codec: int
    codes: NDArray[np.float32]


@dataclass(frozen=True)
class Request:
    """One hand position: codes for all panels.

    Attributes:
        id: Chosen by the client, comes back in the answer; 0..2**32 - 1.
        parts: At most `MAX_PARTS`.
        channel: Requests of one connection and channel replace each other while they wait.
    """

    id: int
    parts: tuple[RequestPart, ...]
    channel: int = 0


@dataclass(frozen=True)
class Timing:
    """Microseconds spent by the server: waiting for its turn, decoding, packing pixels."""

    queue_us: int = 0
    decode_us: int = 0
    encode_us: int = 0


@dataclass(frozen=True)
class AnswerPart:
    """Pictures of one codec.

    Attributes:
        codec: As in the request.
        shape: (rows, height, width, channels) of the pictures, channels 1 (grey) or 3 (RGB).
        format: RAW, or JPEG / WEBP of one picture with the rows one below another.
        pixels: RAW: rows * height * width * channels bytes; else the encoded file.
        readouts: float32 (rows, n_readouts), in the order that the connection agreed on.
    """

    codec: int
    shape: tuple[int, int, int, int]
    format: int
    pixels: bytes
    readouts: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))


@dataclass(frozen=True)
class Answer:
    """Pictures for the request with the same id."""

    id: int
    parts: tuple[AnswerPart, ...]
    timing: Timing = Timing()


def pack_request(request: Request) -> bytes:
    """Frame bytes of `request`."""
    head = (MAGIC, VERSION, REQUEST, request.id, len(request.parts), request.channel, 0)
    pieces = [_REQUEST_HEADER.pack(*head)]
    for part in request.parts:
        pieces.append(_REQUEST_PART.pack(part.codec, *part.codes.shape))
        pieces.append(np.ascontiguousarray(part.codes, "<f4").tobytes())
    return b"".join(pieces)


def read_request(message: bytes) -> Request:
    """Read a request and check everything that can be checked without knowing the codecs.

    Raises:
        FrameError: Wrong magic, version, kind, length or count, or a code that is not finite.
    """
    if len(message) > MAX_MESSAGE_BYTES:
        raise FrameError(f"The message has {len(message)} bytes; {MAX_MESSAGE_BYTES} are allowed.")
    request_id, n_parts, channel = _read_request_header(message)
    parts, offset, rows = [], _REQUEST_HEADER.size, 0
    for _ in range(n_parts):
        part, offset = _read_request_part(message, offset, request_id)
        rows += len(part.codes)
        parts.append(part)
    if rows > MAX_ROWS:
        raise FrameError(f"The request has {rows} rows; {MAX_ROWS} are allowed.", request_id)
    if offset != len(message):
        raise FrameError(f"{len(message) - offset} bytes follow the last part.", request_id)
    return Request(request_id, tuple(parts), channel)


def _read_request_header(message: bytes) -> tuple[int, int, int]:
    """(id, n_parts, channel)."""
    if len(message) < _REQUEST_HEADER.size:
        raise FrameError(f"The message has {len(message)} bytes, less than a header.")
    magic, version, kind, request_id, n_parts, channel, _ = _REQUEST_HEADER.unpack_from(message)
    if magic != MAGIC or kind != REQUEST:
        raise FrameError("The message is not a live request.")
    if version != VERSION:
        raise FrameError(
            f"The request has version {version}, this server speaks {VERSION}: reload the page.",
            request_id,
        )
    if not 1 <= n_parts <= MAX_PARTS:
        raise FrameError(f"The request has {n_parts} parts; 1 to {MAX_PARTS} fit.", request_id)
    if channel >= MAX_CHANNELS_OF_A_CONNECTION:
        raise FrameError(
            f"Channel {channel} is out of range; there are {MAX_CHANNELS_OF_A_CONNECTION}.",
            request_id,
        )
    return request_id, n_parts, channel


def _read_request_part(message: bytes, offset: int, request_id: int) -> tuple[RequestPart, int]:
    """The part at `offset` and the offset behind it."""
    if offset + _REQUEST_PART.size > len(message):
        raise FrameError("The message ends inside a part.", request_id)
    codec, rows, latent_dim = _REQUEST_PART.unpack_from(message, offset)
    offset += _REQUEST_PART.size
    if not 1 <= rows <= MAX_ROWS or not 1 <= latent_dim <= MAX_LATENT_DIM:
        raise FrameError(
            f"A part has {rows} rows of {latent_dim} numbers; 1..{MAX_ROWS} rows of "
            f"1..{MAX_LATENT_DIM} fit.",
            request_id,
        )
    n_bytes = 4 * rows * latent_dim
    if offset + n_bytes > len(message):
        raise FrameError("The message ends inside a part's codes.", request_id)
    codes = np.frombuffer(message, "<f4", rows * latent_dim, offset).reshape(rows, latent_dim)
    if not np.isfinite(codes).all():
        raise FrameError("A code has a number that is not finite.", request_id)
    return RequestPart(codec, codes.astype(np.float32)), offset + n_bytes


def pack_answer(answer: Answer) -> bytes:
    """Frame bytes of `answer`; every part begins at a multiple of 4 bytes."""
    timing = (answer.timing.queue_us, answer.timing.decode_us, answer.timing.encode_us)
    clamped = [min(max(value, 0), 0xFFFFFFFF) for value in timing]
    head = (MAGIC, VERSION, ANSWER, answer.id, len(answer.parts), 0, 0, *clamped)
    pieces = [_ANSWER_HEADER.pack(*head)]
    for part in answer.parts:
        rows, height, width, channels = part.shape
        n_readouts = part.readouts.shape[1] if part.readouts.size else 0
        size = (rows, height, width, channels, part.format, n_readouts, len(part.pixels))
        pieces.append(_ANSWER_PART.pack(part.codec, *size))
        if n_readouts:
            pieces.append(np.ascontiguousarray(part.readouts, "<f4").tobytes())
        pieces.append(part.pixels)
        pieces.append(b"\0" * (-len(part.pixels) % 4))
    return b"".join(pieces)


def read_answer(message: bytes) -> Answer:
    """Read an answer: for tests, benchmarks and clients in Python.

    Raises:
        FrameError: The bytes are no answer of this version.
    """
    if len(message) < _ANSWER_HEADER.size:
        raise FrameError(f"The message has {len(message)} bytes, less than a header.")
    head: tuple[Any, ...] = _ANSWER_HEADER.unpack_from(message)
    magic, version, kind, answer_id, n_parts, _, _, *timing = head
    if (magic, version, kind) != (MAGIC, VERSION, ANSWER):
        raise FrameError("The message is not a live answer of this version.")
    parts, offset = [], _ANSWER_HEADER.size
    for _ in range(n_parts):
        part, offset = _read_answer_part(message, offset, answer_id)
        parts.append(part)
    if offset != len(message):
        raise FrameError(f"{len(message) - offset} bytes follow the last part.", answer_id)
    return Answer(answer_id, tuple(parts), Timing(*timing))


def _read_answer_part(message: bytes, offset: int, answer_id: int) -> tuple[AnswerPart, int]:
    if offset + _ANSWER_PART.size > len(message):
        raise FrameError("The message ends inside a part.", answer_id)
    codec, rows, height, width, channels, pixel_format, n_readouts, n_bytes = (
        _ANSWER_PART.unpack_from(message, offset)
    )
    offset += _ANSWER_PART.size
    n_numbers = rows * n_readouts
    end = offset + 4 * n_numbers + n_bytes
    if end + (-n_bytes % 4) > len(message):
        raise FrameError("The message ends inside a part's pixels.", answer_id)
    if pixel_format == RAW and n_bytes != rows * height * width * channels:
        raise FrameError("The number of raw pixels does not fit their shape.", answer_id)
    readouts = np.frombuffer(message, "<f4", n_numbers, offset).reshape(rows, n_readouts)
    pixels = message[end - n_bytes : end]
    shape = (rows, height, width, channels)
    return AnswerPart(codec, shape, pixel_format, pixels, readouts), end + (-n_bytes % 4)
