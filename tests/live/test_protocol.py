"""Frames survive the trip both ways, and nothing that is not a frame gets through."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live.parts import ANY_FLOAT, packed_pictures, raw_parts
from zoetrope.live.wire import limits, protocol
from zoetrope.live.wire.parts import JPEG, FrameError, Part, PartType
from zoetrope.live.wire.protocol import (
    Answer,
    Request,
    Timing,
    pack_answer,
    pack_request,
    read_answer,
    read_request,
)

IDS = st.integers(0, 2**32 - 1)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    parts = draw(st.lists(raw_parts(), min_size=1, max_size=limits.MAX_PARTS))
    return Request(draw(IDS), tuple(parts), draw(st.integers(0, 3)), draw(st.integers(0, 255)))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    parts = draw(st.lists(raw_parts(ANY_FLOAT) | packed_pictures(), max_size=4))
    timing = draw(st.tuples(*[st.integers(0, 2**32 - 1)] * 3))
    return Answer(draw(IDS), tuple(parts), Timing(*timing), draw(st.booleans()))


@given(requests())
def test_a_request_is_read_as_it_was_packed(request: Request) -> None:
    assert read_request(pack_request(request)) == request


@given(answers())
def test_an_answer_is_read_as_it_was_packed(answer: Answer) -> None:
    frame = pack_answer(answer)
    assert len(frame) % 4 == 0
    assert read_answer(frame) == answer


@given(raw_parts(ANY_FLOAT))
def test_the_numbers_of_a_part_are_those_it_was_made_of(part: Part) -> None:
    """Read by `struct`, one number at a time, at the place that the layout gives them."""
    frame = pack_answer(Answer(1, (part,)))
    letter = {"u": "B", "i": "i", "f": "f"}[part.type.dtype.kind]
    start = 24 + 12 + 4 * len(part.shape)
    numbers = struct.unpack_from(f"<{part.array.size}{letter}", frame, start)
    np.testing.assert_array_equal(np.array(numbers, part.type.dtype), part.array.ravel())


@given(requests(), st.data())
def test_a_truncated_request_is_refused(request: Request, data: st.DataObject) -> None:
    frame = pack_request(request)
    kept = data.draw(st.integers(0, len(frame) - 1))
    with pytest.raises(FrameError):
        read_request(frame[:kept])


@given(requests(), st.binary(min_size=1, max_size=9))
def test_bytes_behind_a_request_are_refused(request: Request, more: bytes) -> None:
    with pytest.raises(FrameError, match="follow the last part"):
        read_request(pack_request(request) + more)


@settings(max_examples=400)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused_with_a_reason(noise: bytes) -> None:
    with pytest.raises(FrameError, match=r"\w"):
        read_request(noise)


@settings(max_examples=400)
@given(requests(), st.data())
def test_a_mutated_request_is_refused_or_read_as_finite_numbers(
    request: Request, data: st.DataObject
) -> None:
    frame = bytearray(pack_request(request))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        back = read_request(bytes(frame))
    except FrameError:
        return
    assert all(np.isfinite(part.array).all() for part in back.parts)


def of_codes(array: np.ndarray, codec: int = 0) -> Part:
    return Part.of(PartType.CODES, codec, array)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [PartType.CODES, PartType.COLUMNS, PartType.SERIES])
def test_numbers_that_are_not_finite_are_refused_with_the_request_id(
    kind: PartType, number: float
) -> None:
    array = np.zeros((2,) * kind.dims[0], np.float32)
    array.flat[-1] = number
    with pytest.raises(FrameError, match="not finite") as refusal:
        read_request(pack_request(Request(77, (Part.of(kind, 0, array),))))
    assert refusal.value.request_id == 77


def test_a_client_may_send_no_compressed_picture() -> None:
    part = Part(PartType.PIXELS, 0, (1, 8, 8, 3), b"a file", JPEG)
    with pytest.raises(FrameError, match="raw"):
        read_request(pack_request(Request(1, (part,))))


@pytest.mark.parametrize(
    "part",
    [
        Part(PartType.CODES, 0, (2, 3), bytes(20)),
        Part(PartType.PIXELS, 0, (1, 2, 2, 3), bytes(13)),
        Part(PartType.CODES, 0, (0, 3), b""),
        Part(PartType.CODES, 0, (1, 2, 3), bytes(24)),
        Part(PartType.TOKENS, 0, (2,), bytes(8)),
        Part(PartType.CODES, 0, (1, 1), bytes(4), JPEG),
        Part(PartType.PIXELS, 0, (2**31, 2**31, 2**31, 3), bytes(12)),
    ],
    ids=["short", "long", "no rows", "dimensions", "one dimension", "format", "enormous"],
)
def test_sizes_that_do_not_fit_type_or_bytes_are_refused(part: Part) -> None:
    for read, frame in [
        (read_request, pack_request(Request(1, (part,)))),
        (read_answer, pack_answer(Answer(1, (part,)))),
    ]:
        with pytest.raises(FrameError, match=part.type.name.lower()):
            read(frame)


def test_too_many_rows_parts_and_too_long_messages_are_refused() -> None:
    half = np.zeros((limits.MAX_ROWS // 2 + 1, 2), np.float32)
    with pytest.raises(FrameError, match="rows"):
        read_request(pack_request(Request(1, (of_codes(half), of_codes(half)))))
    row = of_codes(half[:1])
    with pytest.raises(FrameError, match="parts"):
        read_request(pack_request(Request(1, (row,) * (limits.MAX_PARTS + 1))))
    with pytest.raises(FrameError, match="Channel"):
        read_request(pack_request(Request(1, (row,), limits.MAX_CHANNELS)))
    with pytest.raises(FrameError, match="bytes"):
        read_request(bytes(limits.MAX_REQUEST_BYTES + 1))


@pytest.mark.parametrize("version", [1, protocol.VERSION + 1])
def test_another_version_is_refused_with_the_remedy(version: int) -> None:
    frame = bytearray(pack_request(Request(5, (of_codes(np.zeros((1, 2), np.float32)),))))
    frame[2] = version
    with pytest.raises(FrameError, match="reload the page"):
        read_request(bytes(frame))
