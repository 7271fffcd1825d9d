"""How pictures should travel: raw, JPEG or WebP, by size, from the server's array to the canvas.

    python -m benchmarks.live_pixels

Packing is timed in Python, unpacking in Chromium with the browser's own modules; the time on the
wire follows from the bytes. Pictures are faces of the embedded data set, enlarged where needed.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Route, sync_playwright

from ae_core.data.catalogue import preview_data_set
from benchmarks.serving import launch_chromium
from zoetrope.live.assets import STATIC
from zoetrope.live.wire import protocol
from zoetrope.live.wire.parts import JPEG, RAW, WEBP, Part, PartType

MEGABITS = (10, 100, 1000)  # a phone, a wireless network, a wire
ROWS_AND_EDGES = ((1, 64), (1, 128), (18, 64), (1, 256), (64, 64), (1, 512))

UNPACK = """async ({ frame, times }) => {
  const { readAnswer } = await import("/wire/frames.js");
  const { toImage } = await import("/wire/pixels.js");
  const bytes = Uint8Array.from(atob(frame), (c) => c.charCodeAt(0));
  const taken = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await toImage(readAnswer(bytes.buffer).parts[0]);
    taken.push(performance.now() - began);
  }
  return taken;
}"""


def pictures(rows: int, edge: int) -> NDArray[np.uint8]:
    """Faces, uint8 (rows, edge, edge, 3)."""
    items = preview_data_set("faces").items[:rows].transpose(0, 2, 3, 1)
    scaled = [
        Image.fromarray(item).resize((edge, edge), Image.Resampling.BICUBIC) for item in items
    ]
    return np.stack([np.asarray(picture) for picture in scaled])


def packers(array: NDArray[np.uint8]) -> dict[str, tuple[int, Callable[[], bytes]]]:
    """Format number and packing function by name."""
    rows, height, width, _ = array.shape
    column = Image.fromarray(array.reshape(rows * height, width, 3))

    def save(kind: str, **options: int) -> bytes:
        packed = io.BytesIO()
        column.save(packed, kind, **options)
        return packed.getvalue()

    return {
        "raw": (RAW, array.tobytes),
        "JPEG": (JPEG, lambda: save("JPEG", quality=92, subsampling=0)),
        "WebP": (WEBP, lambda: save("WEBP", quality=90, method=0)),
    }


def measure(page: Page, rows: int, edge: int, times: int) -> list[dict[str, object]]:
    """One line a format."""
    array = pictures(rows, edge)
    lines: list[dict[str, object]] = []
    for name, (pixel_format, pack) in packers(array).items():
        packing = []
        for _ in range(times):
            began_s = time.perf_counter()
            packed = pack()
            packing.append(1e3 * (time.perf_counter() - began_s))
        part = Part(PartType.PIXELS, 0, (rows, edge, edge, 3), packed, pixel_format)
        frame = base64.b64encode(protocol.pack_answer(protocol.Answer(1, (part,)))).decode()
        unpacking = page.evaluate(UNPACK, {"frame": frame, "times": times})
        pack_ms, unpack_ms = statistics.median(packing), statistics.median(unpacking)
        line: dict[str, object] = {"pictures": f"{rows} x {edge}", "format": name}
        line |= {"bytes": len(packed), "pack_ms": round(pack_ms, 2)}
        line["unpack_ms"] = round(unpack_ms, 2)
        for megabits in MEGABITS:
            wire_ms = 8 * len(packed) / (1e3 * megabits)
            line[f"ms_at_{megabits}_mbit"] = round(pack_ms + wire_ms + unpack_ms, 1)
        lines.append(line)
    return lines


def main() -> None:
    """Measure every size, print a table, and last one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=30)
    options = parser.parse_args()

    def serve_module(route: Route) -> None:
        path = STATIC / urlsplit(route.request.url).path.lstrip("/")
        body, kind = (
            ("", "text/html") if path.suffix != ".js" else (path.read_text(), "text/javascript")
        )
        route.fulfill(body=body, content_type=kind)

    with sync_playwright() as playwright:
        browser = launch_chromium(playwright, webgl=False)
        page = browser.new_page()
        page.route("http://modules.test/**", serve_module)
        page.goto("http://modules.test/")
        lines = [
            line
            for rows, edge in ROWS_AND_EDGES
            for line in measure(page, rows, edge, options.times)
        ]
        browser.close()
    print("  ".join(f"{name:>15}" for name in lines[0]))
    for line in lines:
        print("  ".join(f"{value:>15}" for value in line.values()))
    print(json.dumps({"by_size": lines}))


if __name__ == "__main__":
    main()
