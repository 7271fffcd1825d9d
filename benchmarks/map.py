"""The map in Chromium against a bare plotly page with the same script, columns and server.

    python -m benchmarks.map [--sizes 10000 70000 737280] [--rounds 3]

For each size: from navigation's first byte asked to points painted, ours from the moment its module
runs and the bare page's from its own start; hover to decoded picture painted; a lasso of about a
third of the items answered; bytes fetched when the colours change (first time: one column; the
second time: none).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import map_world
from benchmarks.figures import quantile
from benchmarks.serving import Server, launch_chromium, segment, serve

WAIT_MS = 120_000
N_MOVES = 120
# Our map begins when its module is asked for; Streamlit's own start is not the map's.
STARTED = """() => performance.getEntriesByType("resource")
  .find((entry) => entry.name.endsWith("/map/map.js")).startTime"""
WATCH = """() => {
  window.pictures = [];
  document.querySelector(".zmap").addEventListener("zmap-picture", ({ detail }) => {
    requestAnimationFrame(() => window.pictures.push(performance.now() - detail.stamp));
  });
}"""
SENT = """() => performance.getEntriesByType("resource")
  .filter((entry) => entry.name.includes("/api/"))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def fresh(browser: Browser) -> Page:
    """A tab with an empty cache."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(WAIT_MS)
    return page


def paint_bare(browser: Browser, server: Server, n_items: int) -> float:
    """Milliseconds until the bare page has painted."""
    points, _, (colour, _) = map_world.keys(n_items)
    page = fresh(browser)
    page.goto(f"{server.url}/bare?points={points}&colour={colour}")
    page.wait_for_function("() => window.paintedAt")
    painted: float = page.evaluate("() => window.paintedAt")
    page.context.close()
    return painted


def open_ours(browser: Browser, server: Server, n_items: int) -> tuple[Page, float]:
    """The tab with our map, and the milliseconds until it had painted."""
    page = fresh(browser)
    page.add_init_script(
        """document.addEventListener("zmap-painted",
             () => { window.paintedAt ??= performance.now(); }, true);"""
    )
    page.goto(f"{server.url}/?n={n_items}")
    page.wait_for_function("() => window.paintedAt")
    painted: float = page.evaluate("() => window.paintedAt")
    return page, painted - page.evaluate(STARTED)


def surface(page: Page) -> tuple[float, float, float, float]:
    box = page.locator(".zmap-surface").bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def hover(page: Page) -> list[float]:
    """Milliseconds from the mouse's event to the painted frame, for every picture."""
    random = Random(0)
    page.wait_for_selector(".zmap[data-live=ready]")
    page.evaluate(WATCH)
    x, y, width, height = surface(page)
    for step in range(N_MOVES + 20):
        if step == 20:  # codes have arrived and the decoder is warm
            page.wait_for_timeout(1500)
            page.evaluate("() => { window.pictures = []; }")
        across, down = (step * 37 % 100) / 100, (step * 61 % 100) / 100
        page.mouse.move(x + width * (0.3 + 0.4 * across), y + height * (0.3 + 0.4 * down))
        page.wait_for_timeout(random.uniform(30, 50))  # a hand does not keep the screen's time
    found: list[float] = page.evaluate("() => window.pictures")
    return found


def lasso(page: Page) -> float:
    """Milliseconds from letting go of the mouse to the group's number on the page."""
    x, y, width, height = surface(page)
    page.click("[data-tool=box]")
    page.mouse.move(x + 0.35 * width, y + 0.2 * height)
    page.mouse.down()
    page.mouse.move(x + 0.65 * width, y + 0.8 * height, steps=6)
    started = time.perf_counter()
    page.mouse.up()
    page.wait_for_function("() => +document.querySelector('.zmap').dataset.group > 0")
    return 1000 * (time.perf_counter() - started)


def recolour(page: Page) -> tuple[int, int]:
    """Bytes fetched for a colour seen for the first time, and for one seen before."""
    before = page.evaluate(SENT)
    costs = []
    for number in ("1", "0"):
        segment(page, number).click()
        page.wait_for_selector(f'.zmap[data-coloured="number {number}"]')
        after = page.evaluate(SENT)
        costs.append(int(after - before))
        before = after
    return costs[0], costs[1]


def measure(browser: Browser, server: Server, n_items: int, n_rounds: int) -> dict[str, Any]:
    """All figures of one size; rounds of ours and bare alternate."""
    map_world.build(n_items)
    ours, bare, pictures = [], [], []
    figures: dict[str, Any] = {}
    for number in range(n_rounds):
        bare.append(paint_bare(browser, server, n_items))
        page, painted = open_ours(browser, server, n_items)
        ours.append(painted)
        pictures += hover(page)
        if number == n_rounds - 1:
            figures["lasso_ms"] = round(lasso(page), 1)
            first, again = recolour(page)
            figures |= {"bytes_sent_on_new_colour": first, "bytes_sent_on_recolour": again}
        page.context.close()
    return figures | {
        "paint_ms": round(statistics.median(ours), 1),
        "bare_paint_ms": round(statistics.median(bare), 1),
        "paint_ratio": round(statistics.median(ours) / statistics.median(bare), 2),
        "hover_p50_ms": round(quantile(pictures, 0.5), 1),
        "hover_p95_ms": round(quantile(pictures, 0.95), 1),
        "n_pictures": len(pictures),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 70_000, 737_280])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZOETROPE_HOME"] = folder
        script = "benchmarks/apps/map_app.py"
        environment = {"ZOETROPE_WARM_UP": "0"}
        with serve(script, home=Path(folder), env=environment) as server, sync_playwright() as p:
            browser = launch_chromium(p)
            for n_items in options.sizes:
                figures = measure(browser, server, n_items, options.rounds)
                result[str(n_items)] = figures
                print(f"{n_items:>9,} points: " + ", ".join(f"{k} {v}" for k, v in figures.items()))
            browser.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
