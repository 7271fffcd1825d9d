"""Our live slider against `st.slider`, driven by mouse and keys in one Chromium.

    python -m benchmarks.live [--codecs faces-vae ...] [--rounds 3]

Latency runs from the browser's time stamp of the input event to the frame of the screen in which
the new pictures (two: the model's and PCA's) are painted. Rounds of ours and native alternate.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.figures import quantile
from benchmarks.serving import launch_chromium, serve

MOVES_PER_S = 60
NATIVE_WAIT_MS = 600

# The stage tells what it painted; the native page shows it as a new `src` of its pictures.
WATCH_LIVE = """() => {
  window.painted = [];
  window.moves = 0;
  document.addEventListener("zoetrope-painted", (e) => window.painted.push(e.detail));
  document.addEventListener("pointermove", () => window.moves++, true);
}"""
WATCH_NATIVE = """() => {
  window.painted = [];
  let pressed = 0;
  document.addEventListener("keydown", (e) => { pressed = e.timeStamp }, true);
  const done = (picture) => {
    const since = pressed;
    if (!since) return;
    picture.decode().catch(() => {}).then(() => requestAnimationFrame(() => {
      window.painted.push({ latencyMs: performance.now() - since, key: since });
    }));
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes, type } of changes) {
      if (type === "attributes" && target.tagName === "IMG") done(target);
      for (const node of addedNodes) {
        if (node.querySelectorAll) node.querySelectorAll("img").forEach(done);
      }
    }
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["src"] });
}"""


@dataclass
class Figures:
    """Milliseconds of single pictures, over all rounds."""

    drag: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    native_keys: list[float] = field(default_factory=list)
    native_drag_painted: int = 0
    moves: int = 0
    stages: list[dict[str, float]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The figures that the project promises, milliseconds rounded to 0.1."""
        key, native = statistics.median(self.keys), statistics.median(self.native_keys)
        names = self.stages[0]
        return {
            "drag_p50_ms": round(quantile(self.drag, 0.5), 1),
            "drag_p95_ms": round(quantile(self.drag, 0.95), 1),
            "painted_per_move": round(len(self.drag) / self.moves, 3),
            "moves": self.moves,
            "key_p50_ms": round(key, 1),
            "key_p95_ms": round(quantile(self.keys, 0.95), 1),
            "native_key_p50_ms": round(native, 1),
            "native_painted_while_dragging": self.native_drag_painted,
            "ratio_native_over_live": round(native / key, 1),
            "stages_p50_ms": {
                name: round(statistics.median(stage[name] for stage in self.stages), 2)
                for name in names
            },
        }


def drag(page: Page, target: str, n_moves: int, *, count: str = "0") -> int:
    """Hold the handle and move it to and fro, 60 moves a second; `count` (JS) before release."""
    box = page.locator(target).first.bounding_box()
    assert box is not None
    y, left, width = box["y"] + box["height"] / 2, box["x"] + 20, min(box["width"] - 40, 240)
    page.mouse.move(left, y)
    page.mouse.down()
    began_s = time.perf_counter()
    for number in range(n_moves):
        due_s = began_s + number / MOVES_PER_S
        time.sleep(max(0.0, due_s - time.perf_counter()))
        phase = number % 120 / 60
        page.mouse.move(left + width * (phase if phase < 1 else 2 - phase), y)
    page.wait_for_timeout(300)
    counted = int(page.evaluate(count))
    page.mouse.up()
    return counted


def open_live(page: Page, url: str, codec: str) -> None:
    """Our slider, with its first pictures painted."""
    page.goto(f"{url}/?kind=live&codec={codec}")
    page.wait_for_selector("figure:not(.empty) canvas", timeout=120_000)
    page.wait_for_timeout(500)
    page.evaluate(WATCH_LIVE)


def drag_live(page: Page, n_moves: int) -> tuple[list[dict[str, Any]], int]:
    """What was painted during a drag, and the moves that the browser saw."""
    page.evaluate("window.painted = []; window.moves = 0")
    drag(page, ".slider", n_moves)
    painted: list[dict[str, Any]] = page.evaluate("window.painted")
    return painted, int(page.evaluate("window.moves"))


def drive_live(page: Page, url: str, codec: str, figures: Figures, n_moves: int) -> None:
    """One round of our slider: drag, then keys."""
    open_live(page, url, codec)
    painted, moves = drag_live(page, n_moves)
    figures.drag += [one["latencyMs"] for one in painted]
    figures.stages += [one["stages"] for one in painted]
    figures.moves += moves
    page.wait_for_timeout(500)
    page.locator(".slider").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(600)
    page.evaluate("window.painted = []")
    for _ in range(40):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(90)
    page.wait_for_timeout(200)
    figures.keys += page.evaluate("window.painted.map((one) => one.latencyMs)")


def drive_native(page: Page, url: str, codec: str, figures: Figures, n_keys: int = 12) -> None:
    """One round of `st.slider`: keys; and a drag, during which it paints nothing."""
    page.goto(f"{url}/?kind=native&codec={codec}")
    page.wait_for_selector("img", timeout=120_000)
    page.wait_for_timeout(1000)
    page.evaluate(WATCH_NATIVE)
    handle = "[data-testid=stSlider] input[type=range]"
    page.locator(handle).focus()
    for _ in range(n_keys):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(NATIVE_WAIT_MS)
    latencies: dict[float, float] = {}
    for one in page.evaluate("window.painted"):  # the last picture of a key counts
        latencies[one["key"]] = max(latencies.get(one["key"], 0.0), one["latencyMs"])
    figures.native_keys += latencies.values()
    page.evaluate("window.painted = []")
    figures.native_drag_painted += drag(page, handle, 60, count="window.painted.length")


def measure(browser: Browser, url: str, codec: str, rounds: int, n_moves: int) -> dict[str, Any]:
    """Alternate rounds of ours and native on one codec."""
    figures = Figures()
    for _ in range(rounds):
        for drive in (drive_live, drive_native):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            if drive is drive_live:
                drive_live(page, url, codec, figures, n_moves)
            else:
                drive_native(page, url, codec, figures)
            page.close()
    return figures.summary()


def main() -> None:
    """Measure every codec, print a table, and last one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codecs", nargs="+", default=["faces-vae", "stand-in-64", "stand-in-128"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--moves", type=int, default=300)
    options = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    with serve("benchmarks/apps/live_app.py") as server, sync_playwright() as playwright:
        browser = launch_chromium(playwright, webgl=False)
        for codec in options.codecs:
            results[codec] = measure(browser, server.url, codec, options.rounds, options.moves)
        browser.close()
    for codec, figures in results.items():
        print(f"\n{codec}")
        for name, value in figures.items():
            print(f"  {name:32} {value}")
    print(json.dumps({**results[options.codecs[0]], "by_codec": results}))


if __name__ == "__main__":
    main()
