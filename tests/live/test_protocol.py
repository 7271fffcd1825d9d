"""Frames survive the trip both ways, and nothing that is not a frame gets through."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from zoetrope.live.wire import protocol
from zoetrope.live.wire.protocol import (
    Answer,
    AnswerPart,
    FrameError,
    Request,
    RequestPart,
    Timing,
    pack_answer,
    pack_request,
    read_answer,
    read_request,
)

IDS = st.integers(0, 2**32 - 1)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    n_parts = draw(st.integers(1, protocol.MAX_PARTS))
    parts = []
    for _ in range(n_parts):
        shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 40)))
        codes = draw(arrays.arrays(np.float32, shape, elements=FLOATS))
        parts.append(RequestPart(draw(st.integers(0, 65535)), codes))
    return Request(draw(IDS), tuple(parts), draw(st.integers(0, 3)))


@st.composite
def answer_parts(draw: st.DrawFn) -> AnswerPart:
    rows, n_readouts = draw(st.integers(1, 5)), draw(st.integers(0, 3))
    shape = (rows, draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.sampled_from([1, 3])))
    readouts = draw(arrays.arrays(np.float32, (rows, n_readouts), elements=st.floats(width=32)))
    pixel_format = draw(st.sampled_from([protocol.RAW, protocol.JPEG, protocol.WEBP]))
    n_bytes = int(np.prod(shape)) if pixel_format == protocol.RAW else draw(st.integers(0, 50))
    pixels = draw(st.binary(min_size=n_bytes, max_size=n_bytes))
    return AnswerPart(draw(st.integers(0, 65535)), shape, pixel_format, pixels, readouts)


@given(requests())
def test_a_request_is_read_as_it_was_packed(request: Request) -> None:
    back = read_request(pack_request(request))
    assert (back.id, back.channel) == (request.id, request.channel)
    for found, sent in zip(back.parts, request.parts, strict=True):
        assert found.codec == sent.codec
        np.testing.assert_array_equal(found.codes, sent.codes)


@given(IDS, st.lists(answer_parts(), max_size=4), st.tuples(*[st.integers(0, 2**32 - 1)] * 3))
def test_an_answer_is_read_as_it_was_packed(
    answer_id: int, parts: list[AnswerPart], timing: tuple[int, int, int]
) -> None:
    frame = pack_answer(Answer(answer_id, tuple(parts), Timing(*timing)))
    back = read_answer(frame)
    assert len(frame) % 4 == 0
    assert (back.id, back.timing) == (answer_id, Timing(*timing))
    for found, sent in zip(back.parts, parts, strict=True):
        assert found.shape == sent.shape
        assert (found.codec, found.format, found.pixels) == (sent.codec, sent.format, sent.pixels)
        if sent.readouts.size:
            np.testing.assert_array_equal(found.readouts, sent.readouts)


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
def test_a_mutated_request_is_refused_or_read_as_finite_codes(
    request: Request, data: st.DataObject
) -> None:
    frame = bytearray(pack_request(request))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        back = read_request(bytes(frame))
    except FrameError:
        return
    assert all(np.isfinite(part.codes).all() for part in back.parts)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_with_the_request_id(number: float) -> None:
    codes = np.array([[0.0, number]], np.float32)
    with pytest.raises(FrameError, match="not finite") as refusal:
        read_request(pack_request(Request(77, (RequestPart(0, codes),))))
    assert refusal.value.request_id == 77


def test_too_many_rows_and_too_long_messages_are_refused() -> None:
    half = np.zeros((protocol.MAX_ROWS // 2 + 1, 2), np.float32)
    with pytest.raises(FrameError, match="rows"):
        read_request(pack_request(Request(1, (RequestPart(0, half), RequestPart(0, half)))))
    with pytest.raises(FrameError, match="bytes"):
        read_request(bytes(protocol.MAX_MESSAGE_BYTES + 1))


def test_another_version_is_refused_with_the_remedy() -> None:
    frame = bytearray(pack_request(Request(5, (RequestPart(0, np.zeros((1, 2), np.float32)),))))
    frame[2] = protocol.VERSION + 1
    with pytest.raises(FrameError, match="reload the page"):
        read_request(bytes(frame))
