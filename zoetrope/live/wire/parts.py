"""Typed arrays as parts of a frame, the same in requests and answers.

A part is a header, its sizes, its numbers little-endian, and zeros up to a multiple of 4 bytes; the
layout is tabulated in `docs/formats.md`, and `static/wire/parts.js` is the browser's side of it.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

RAW, JPEG, WEBP = 0, 1, 2  # formats of pixels; everything else is RAW

HEADER = struct.Struct("<BBHHHI")  # type format codec n_dims reserved n_bytes
MAX_DIMS = 4


class FrameError(ValueError):
    """Bytes that are no valid frame; the text says why and is safe to send back.

    Attributes:
        request_id: Id of the refused request, 0 where the header could not be read.
    """

    def __init__(self, reason: str, request_id: int = 0) -> None:
        super().__init__(reason)
        self.request_id = request_id


class PartType(IntEnum):
    """What the numbers of a part are; N is its number of rows."""

    CODES = 1  # float32 (N, latent_dim)
    GAUGES = 2  # float32 (N, n_gauges), NaN where not known: they belong to the part before
    PIXELS = 3  # uint8 (N, height, width, channels)
    COLUMNS = 4  # float32 (N, n_columns): rows of a table, in the user's units
    SERIES = 5  # float32 (N, n_steps, n_columns)
    TOKENS = 6  # int32 (N, ...): whole numbers in a line or grid, up to three sizes a row

    @property
    def dtype(self) -> np.dtype[Any]:
        """Number format on the wire."""
        return np.dtype({PartType.PIXELS: "u1", PartType.TOKENS: "<i4"}.get(self, "<f4"))

    @property
    def dims(self) -> range:
        """How many dimensions a part of this type can have, rows included."""
        few = {PartType.PIXELS: range(4, 5), PartType.SERIES: range(3, 4)}
        return range(2, MAX_DIMS + 1) if self is PartType.TOKENS else few.get(self, range(2, 3))


@dataclass(frozen=True)
class Part:
    """One array of a frame.

    Attributes:
        type: What the numbers are.
        codec: Index into the list of codecs that the connection has agreed on.
        shape: Rows first; of the array, also where `data` is a compressed picture.
        data: The numbers in `type.dtype`, row after row; or a JPEG or WebP file of all rows, one
            below another.
        format: RAW, or of pixels JPEG or WEBP.
    """

    type: PartType
    codec: int
    shape: tuple[int, ...]
    data: bytes
    format: int = RAW

    @classmethod
    def of(cls, kind: PartType, codec: int, array: NDArray[Any]) -> Self:
        """A part of an array, whose shape must fit the type."""
        return cls(kind, codec, array.shape, np.ascontiguousarray(array, kind.dtype).tobytes())

    @property
    def array(self) -> NDArray[Any]:
        """The numbers of a RAW part, read-only."""
        return np.frombuffer(self.data, self.type.dtype).reshape(self.shape)

    def pack(self) -> list[bytes]:
        """Bytes of this part, in pieces; together a multiple of 4."""
        n_bytes = len(self.data)
        head = HEADER.pack(self.type, self.format, self.codec, len(self.shape), 0, n_bytes)
        sizes = struct.pack(f"<{len(self.shape)}I", *self.shape)
        return [head, sizes, self.data, b"\0" * (-n_bytes % 4)]


def read_part(message: bytes, offset: int) -> tuple[Part, int]:
    """The part at `offset` of a frame, and the offset behind it.

    Raises:
        FrameError: Unknown type, sizes that do not fit it or the bytes, or an end inside the part.
    """
    if offset + HEADER.size > len(message):
        raise FrameError("The message ends inside a part's header.")
    number, pixel_format, codec, n_dims, _, n_bytes = HEADER.unpack_from(message, offset)
    offset += HEADER.size
    try:
        kind = PartType(number)
    except ValueError:
        raise FrameError(f"A part has the unknown type {number}.") from None
    if n_dims not in kind.dims:
        raise FrameError(f"A part of {kind.name.lower()} has {n_dims} dimensions.")
    if offset + 4 * n_dims + n_bytes + (-n_bytes % 4) > len(message):
        raise FrameError(f"The message ends inside a part's {kind.name.lower()}.")
    shape = struct.unpack_from(f"<{n_dims}I", message, offset)
    offset += 4 * n_dims
    _require_fit(kind, pixel_format, shape, n_bytes)
    part = Part(kind, codec, shape, message[offset : offset + n_bytes], pixel_format)
    return part, offset + n_bytes + (-n_bytes % 4)


def _require_fit(kind: PartType, pixel_format: int, shape: tuple[int, ...], n_bytes: int) -> None:
    if pixel_format not in ((RAW, JPEG, WEBP) if kind is PartType.PIXELS else (RAW,)):
        raise FrameError(f"A part of {kind.name.lower()} has the unknown format {pixel_format}.")
    needed = math.prod(shape) * kind.dtype.itemsize
    if min(shape) < 1 or (pixel_format == RAW and needed != n_bytes):
        sizes = " x ".join(map(str, shape))
        raise FrameError(f"A part of {kind.name.lower()}, {sizes}, cannot have {n_bytes} bytes.")
