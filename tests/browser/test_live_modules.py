"""The browser's modules against the Python side: frames, pictures, bases. No server needed."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, Route

from tests.live.parts import random_part
from zoetrope.live.assets import STATIC
from zoetrope.live.components.stage import Affine, code_at
from zoetrope.live.components.stage import Path as CodePath
from zoetrope.live.wire import limits, protocol
from zoetrope.live.wire.parts import Part, PartType

pytestmark = pytest.mark.browser
RANDOM = np.random.default_rng(0)


@pytest.fixture
def modules(page: Page) -> Page:
    """A blank page that can import our modules as "/NAME.js"."""

    def serve(route: Route) -> None:
        path = STATIC / urlsplit(route.request.url).path.lstrip("/")
        if path.suffix == ".js":
            route.fulfill(body=path.read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>modules</title>", content_type="text/html")

    page.route("http://modules.test/**", serve)
    page.goto("http://modules.test/")
    page.evaluate("""() => {
      window.bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      window.text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
    }""")
    return page


def packed(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def random_request() -> protocol.Request:
    kinds = RANDOM.choice(list(PartType), RANDOM.integers(1, limits.MAX_PARTS + 1))
    return protocol.Request(
        int(RANDOM.integers(0, 2**32)),
        tuple(random_part(RANDOM, PartType(kind)) for kind in kinds),
        int(RANDOM.integers(0, limits.MAX_CHANNELS)),
        int(RANDOM.integers(0, 256)),
    )


def random_answer() -> protocol.Answer:
    """Parts of all types but gauges; every other one has gauges behind it."""
    parts = []
    for kind in RANDOM.permutation([kind for kind in PartType if kind is not PartType.GAUGES]):
        parts.append(random_part(RANDOM, PartType(kind)))
        if len(parts) % 2:
            gauges = RANDOM.normal(size=(parts[-1].shape[0], 2)).astype(np.float32)
            gauges[0, 0] = np.nan
            parts.append(Part.of(PartType.GAUGES, parts[-1].codec, gauges))
    timing = protocol.Timing(*(int(n) for n in RANDOM.integers(0, 2**32, 3)))
    is_final = bool(RANDOM.integers(0, 2))
    return protocol.Answer(int(RANDOM.integers(0, 2**32)), tuple(parts), timing, is_final)


def test_requests_of_the_browser_are_byte_for_byte_those_of_python(modules: Page) -> None:
    requests = [random_request() for _ in range(60)]
    given = [
        {
            "id": request.id,
            "channel": request.channel,
            "operation": request.operation,
            "parts": [
                {
                    "type": int(part.type),
                    "codec": part.codec,
                    "shape": list(part.shape),
                    "values": packed(part.data),
                }
                for part in request.parts
            ],
        }
        for request in requests
    ]
    frames = modules.evaluate(
        """async (requests) => {
          const { packRequest } = await import("/wire/frames.js");
          const { PIXELS, TOKENS } = await import("/wire/parts.js");
          const numbers = (type, text) => type === PIXELS ? bytes(text)
            : new (type === TOKENS ? Int32Array : Float32Array)(bytes(text).buffer);
          return requests.map((request) => text(packRequest({ ...request,
            parts: request.parts.map((p) => ({ ...p, values: numbers(p.type, p.values) })) })));
        }""",
        given,
    )
    assert frames == [packed(protocol.pack_request(request)) for request in requests]


def test_the_browser_reads_what_python_packed(modules: Page) -> None:
    answers = [random_answer() for _ in range(60)]
    found = modules.evaluate(
        """async (frames) => {
          const { readAnswer } = await import("/wire/frames.js");
          return frames.map((frame) => {
            const { id, isFinal, timing, parts } = readAnswer(bytes(frame).buffer);
            return { id, isFinal, timing: Object.values(timing), parts: parts.map((part) => ({
              type: part.type, codec: part.codec, shape: part.shape, format: part.format,
              values: Array.from(part.values), gauges: Array.from(part.gauges, String) })) };
          });
        }""",
        [packed(protocol.pack_answer(answer)) for answer in answers],
    )
    for read, answer in zip(found, answers, strict=True):
        timing = answer.timing
        assert (read["id"], read["isFinal"]) == (answer.id, answer.is_final)
        assert read["timing"] == [timing.queue_us, timing.compute_us, timing.pack_us]
        items = [part for part in answer.parts if part.type is not PartType.GAUGES]
        for part, sent in zip(read["parts"], items, strict=True):
            assert (part["type"], part["codec"]) == (sent.type, sent.codec)
            assert (part["shape"], part["format"]) == (list(sent.shape), sent.format)
            np.testing.assert_array_equal(part["values"], sent.array.ravel())
            behind = answer.parts[answer.parts.index(sent) + 1 :][:1]
            gauges = [part.array.ravel() for part in behind if part.type is PartType.GAUGES]
            np.testing.assert_array_equal(
                np.array(part["gauges"], np.float32), gauges[0] if gauges else np.zeros(0)
            )


def test_the_browser_refuses_every_truncation(modules: Page) -> None:
    frame = protocol.pack_answer(random_answer())
    n_read = modules.evaluate(
        """async (frame) => {
          const { readAnswer } = await import("/wire/frames.js");
          const whole = bytes(frame);
          let read = 0;
          for (let n = 0; n < whole.length; n++) {
            try { readAnswer(whole.slice(0, n).buffer); read++; } catch (error) {}
          }
          return read;
        }""",
        packed(frame),
    )
    assert n_read == 0


def test_the_browser_refuses_a_frame_of_another_version(modules: Page) -> None:
    frame = bytearray(protocol.pack_answer(random_answer()))
    frame[2] = 1
    refusal = modules.evaluate(
        """async (frame) => {
          const { readAnswer } = await import("/wire/frames.js");
          try { return readAnswer(bytes(frame).buffer).id; } catch (error) { return error.message; }
        }""",
        packed(bytes(frame)),
    )
    assert "reload the page" in refusal


@pytest.mark.parametrize("channels", [1, 3])
def test_raw_pixels_become_the_same_picture(modules: Page, channels: int) -> None:
    pictures = RANDOM.integers(0, 256, (2, 5, 4, channels)).astype(np.uint8)
    part = Part.of(PartType.PIXELS, 0, pictures)
    shown = modules.evaluate(
        """async (frame) => {
          const { readAnswer } = await import("/wire/frames.js");
          const { toImage } = await import("/wire/pixels.js");
          const image = toImage(readAnswer(bytes(frame).buffer).parts[0]);
          return { size: [image.width, image.height], data: Array.from(image.data) };
        }""",
        packed(protocol.pack_answer(protocol.Answer(1, (part,)))),
    )
    assert shown["size"] == [4, 10]
    found = np.array(shown["data"]).reshape(2, 5, 4, 4)
    np.testing.assert_array_equal(found[..., :3], np.broadcast_to(pictures, (2, 5, 4, 3)))
    assert (found[..., 3] == 255).all()


def test_positions_mean_the_same_code_in_the_browser_and_in_python(modules: Page) -> None:
    bases = [
        (Affine(RANDOM.normal(size=7), RANDOM.normal(size=(3, 7))), RANDOM.normal(size=(20, 3))),
        (CodePath(RANDOM.normal(size=(9, 7))), np.linspace(-0.2, 1.2, 20)[:, None]),
    ]

    def numbers(array: np.ndarray) -> dict[str, object]:
        single = np.asarray(array, "<f4")
        return {"shape": list(single.shape), "f32": packed(single.tobytes())}

    for basis, positions in bases:
        panel = (
            {"origin": numbers(basis.origin), "directions": numbers(basis.directions)}
            if isinstance(basis, Affine)
            else {"path": numbers(basis.codes)}
        )
        found = modules.evaluate(
            """async ({ panel, positions }) => {
              const { basisOf } = await import("/stage/positions.js");
              const basis = basisOf(panel);
              return positions.map((values) => {
                const code = new Float32Array(basis.latentDim);
                basis.code(values, code);
                return Array.from(code);
              });
            }""",
            {"panel": panel, "positions": positions.tolist()},
        )
        expected = [code_at(basis, values) for values in positions.tolist()]
        np.testing.assert_allclose(found, expected, atol=2e-6)
