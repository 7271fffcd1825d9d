"""From results to the bytes of an answer: pixels packed, gauges beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoetrope.live.engine.operations import RequestPart, Result, require_size
from zoetrope.live.engine.pixels import pack_pixels
from zoetrope.live.engine.requests import PendingRequest
from zoetrope.live.wire import protocol
from zoetrope.live.wire.parts import Part, PartType

GaugeFunction = Callable[[str, NDArray[np.float32]], NDArray[np.float32]]
Report = Callable[[Exception], None]


def pack_results(
    request: PendingRequest,
    results: Sequence[Result],
    *,
    is_final: bool,
    gauges: Mapping[str, GaugeFunction],
    report: Report,
) -> bytes:
    """The frame of one answer.

    Raises:
        LatentInputError: The results are too large for an answer.
    """
    began_s = time.perf_counter()
    require_size(sum(result.array.nbytes for result in results))
    parts: list[Part] = []
    for result in results:
        asked = request.parts[result.part]
        parts.append(_pack(result, asked.codec, compact=request.compact))
        codes = asked.array if asked.type is PartType.CODES else result.array
        if asked.gauges and codes.shape[0] == result.array.shape[0]:
            numbers = _read_gauges(asked, codes, gauges, report)
            parts.append(Part.of(PartType.GAUGES, asked.codec, numbers))
    timing = protocol.Timing(
        queue_us=int(1e6 * (request.started_s - request.arrived_s)),
        compute_us=int(1e6 * request.compute_s),
        pack_us=int(1e6 * (time.perf_counter() - began_s)),
    )
    return protocol.pack_answer(protocol.Answer(request.id, tuple(parts), timing, is_final))


def _pack(result: Result, codec: int, *, compact: bool) -> Part:
    if result.type is not PartType.PIXELS:
        return Part.of(result.type, codec, result.array)
    pixel_format, pixels = pack_pixels(result.array, compact=compact)
    return Part(PartType.PIXELS, codec, result.array.shape, pixels, pixel_format)


def _read_gauges(
    part: RequestPart,
    codes: NDArray[Any],
    gauges: Mapping[str, GaugeFunction],
    report: Report,
) -> NDArray[np.float32]:
    """Float32 (rows, n_gauges); NaN where a number is unknown or could not be computed."""
    numbers = np.full((len(codes), len(part.gauges)), np.nan, np.float32)
    for column, name in enumerate(part.gauges):
        compute = gauges.get(name)
        if compute is None:
            continue
        try:
            numbers[:, column] = compute(part.key, codes)
        except Exception as error:  # a page's extra number must not cost the picture
            report(error)
    return numbers
