"""The browser's modules against the Python side: frames, pictures, bases. No server needed."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, Route

from zoetrope.live.assets import STATIC
from zoetrope.live.components.stage import Affine, code_at
from zoetrope.live.components.stage import Path as CodePath
from zoetrope.live.wire import protocol

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
    parts = tuple(
        protocol.RequestPart(
            int(RANDOM.integers(0, 65536)),
            RANDOM.normal(size=RANDOM.integers(1, 9, 2)).astype(np.float32),
        )
        for _ in range(RANDOM.integers(1, protocol.MAX_PARTS + 1))
    )
    return protocol.Request(int(RANDOM.integers(0, 2**32)), parts, int(RANDOM.integers(0, 4)))


def random_answer() -> protocol.Answer:
    parts = []
    for channels in RANDOM.choice([1, 3], size=RANDOM.integers(1, 5)):
        shape = (*(int(n) for n in RANDOM.integers(1, 6, 3)), int(channels))
        readouts = RANDOM.normal(size=(shape[0], RANDOM.integers(0, 3))).astype(np.float32)
        pixels = RANDOM.bytes(int(np.prod(shape)))
        parts.append(protocol.AnswerPart(int(RANDOM.integers(0, 9)), shape, 0, pixels, readouts))
    timing = protocol.Timing(*(int(n) for n in RANDOM.integers(0, 2**32, 3)))
    return protocol.Answer(int(RANDOM.integers(0, 2**32)), tuple(parts), timing)


def test_requests_of_the_browser_are_byte_for_byte_those_of_python(modules: Page) -> None:
    requests = [random_request() for _ in range(60)]
    given = [
        {
            "id": request.id,
            "channel": request.channel,
            "parts": [
                {
                    "codec": part.codec,
                    "rows": len(part.codes),
                    "codes": packed(part.codes.tobytes()),
                }
                for part in request.parts
            ],
        }
        for request in requests
    ]
    frames = modules.evaluate(
        """async (requests) => {
          const { packRequest } = await import("/wire/frames.js");
          return requests.map(({ id, channel, parts }) => text(packRequest(id, parts.map((part) =>
            ({ ...part, codes: new Float32Array(bytes(part.codes).buffer) })), channel)));
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
            const { id, timing, parts } = readAnswer(bytes(frame).buffer);
            return { id, timing: Object.values(timing), parts: parts.map((part) => ({
              shape: [part.rows, part.height, part.width, part.channels], codec: part.codec,
              pixels: text(part.pixels), readouts: Array.from(part.readouts) })) };
          });
        }""",
        [packed(protocol.pack_answer(answer)) for answer in answers],
    )
    for read, answer in zip(found, answers, strict=True):
        timing = answer.timing
        assert read["id"] == answer.id
        assert read["timing"] == [timing.queue_us, timing.decode_us, timing.encode_us]
        for part, sent in zip(read["parts"], answer.parts, strict=True):
            assert (part["shape"], part["codec"]) == (list(sent.shape), sent.codec)
            assert part["pixels"] == packed(sent.pixels)
            np.testing.assert_array_equal(part["readouts"], sent.readouts.ravel())


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


@pytest.mark.parametrize("channels", [1, 3])
def test_raw_pixels_become_the_same_picture(modules: Page, channels: int) -> None:
    pictures = RANDOM.integers(0, 256, (2, 5, 4, channels)).astype(np.uint8)
    part = protocol.AnswerPart(0, (2, 5, 4, channels), protocol.RAW, pictures.tobytes())
    shown = modules.evaluate(
        """async (frame) => {
          const { readAnswer, toImage } = await import("/wire/frames.js");
          const image = toImage(readAnswer(bytes(frame).buffer).parts[0]);
          return { size: [image.width, image.height], data: Array.from(image.data) };
        }""",
        packed(protocol.pack_answer(protocol.Answer(1, (part,)))),
    )
    assert shown["size"] == [4, 10]
    found = np.array(shown["data"]).reshape(2, 5, 4, 4)
    np.testing.assert_array_equal(found[..., :3], np.broadcast_to(pictures, (2, 5, 4, 3)))
    assert (found[..., 3] == 255).all()


def test_the_hand_means_the_same_code_in_the_browser_and_in_python(modules: Page) -> None:
    bases = [
        (Affine(RANDOM.normal(size=7), RANDOM.normal(size=(3, 7))), RANDOM.normal(size=(20, 3))),
        (CodePath(RANDOM.normal(size=(9, 7))), np.linspace(-0.2, 1.2, 20)[:, None]),
    ]

    def numbers(array: np.ndarray) -> dict[str, object]:
        single = np.asarray(array, "<f4")
        return {"shape": list(single.shape), "f32": packed(single.tobytes())}

    for basis, hands in bases:
        panel = (
            {"origin": numbers(basis.origin), "directions": numbers(basis.directions)}
            if isinstance(basis, Affine)
            else {"path": numbers(basis.codes)}
        )
        found = modules.evaluate(
            """async ({ panel, hands }) => {
              const { basisOf } = await import("/stage/hand.js");
              const basis = basisOf(panel);
              return hands.map((hand) => {
                const code = new Float32Array(basis.latentDim);
                basis.code(hand, code);
                return Array.from(code);
              });
            }""",
            {"panel": panel, "hands": hands.tolist()},
        )
        expected = [code_at(basis, hand) for hand in hands.tolist()]
        np.testing.assert_allclose(found, expected, atol=2e-6)
