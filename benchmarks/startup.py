"""How long until the first page can be used: ours against an empty Streamlit page.

    python -m benchmarks.startup [--rounds 5]

Interleaved rounds, each a new server process and a new browser tab. "Interactive" is the first
slider on screen, seen by the page itself at every frame: a driver that polls would add up to half a
second of its own. The first start ever has a home folder without any cache: there the clock runs
from the server being up to a picture that has followed a key press.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from ae_core.codecs.checkpoints import list_checkpoints
from ae_core.codecs.codes import cached_codes
from ae_core.codecs.partner import pca_partner
from ae_core.data.catalogue import is_ready, load_data_set
from ae_core.processes import tasks
from benchmarks.serving import launch_chromium, serve

SLIDER = "[role=slider]"
PICTURE = "figure:not(.empty) canvas"
# The root without a query is the home page, whose slider needs no server.
MORPH = "{}/?data=faces"
# Milliseconds since 1970 at the first frame with a slider of some size, in the page or in the
# shadow of a component.
WATCH = """
function look() {
    const shadows = [...document.querySelectorAll("[data-testid=stMain] *")]
        .map((element) => element.shadowRoot).filter(Boolean);
    const slider = [document, ...shadows]
        .map((root) => root.querySelector("[role=slider], [data-testid=stSlider]")).find(Boolean);
    if (slider && slider.getBoundingClientRect().width > 0)
        window.sliderSeen = performance.timeOrigin + performance.now();
    else requestAnimationFrame(look);
}
requestAnimationFrame(look);
"""


def time_page(page: Page, url: str) -> tuple[float, float]:
    """When a page was opened and when its first slider was seen, in seconds since 1970."""
    page.add_init_script(WATCH)
    began = time.time()
    page.goto(url)
    seen = page.wait_for_function("window.sliderSeen", timeout=120_000).json_value()
    return began, float(seen) / 1000


def time_start(browser: Browser, script: str, home: Path) -> tuple[float, float]:
    """Seconds from `streamlit run`, and from opening the page, to its first slider."""
    began = time.time()
    with serve(script, home=home) as server:
        page = browser.new_page()
        opened, seen = time_page(page, MORPH.format(server.url))
        page.close()
    return seen - began, seen - opened


def fill_caches(browser: Browser, home: Path) -> None:
    """Open the app once and wait for all that it makes in the background."""
    os.environ["ZOETROPE_HOME"] = str(home)
    with serve("app.py", home=home) as server:
        page = browser.new_page()
        time_page(page, MORPH.format(server.url))
        page.wait_for_selector(PICTURE, timeout=120_000)
        while any(task.state == "running" for task in tasks.list_tasks()):
            time.sleep(0.5)
        page.reload()  # now with the whole data
        page.wait_for_selector(PICTURE, timeout=120_000)
        page.close()


def time_first_ever(browser: Browser) -> tuple[float, float]:
    """Seconds from the server being up, no caches, a browser open.

    Until the first picture that followed the hand; until the codes of all faces are there, of the
    model and of PCA beside it.
    """
    with tempfile.TemporaryDirectory() as home, serve("app.py", home=Path(home)) as server:
        began = time.perf_counter()
        page = browser.new_page()
        page.goto(MORPH.format(server.url))
        page.wait_for_selector(PICTURE, timeout=120_000)
        page.evaluate(
            "document.addEventListener('zoetrope-painted', () => { window.followed = true })"
        )
        page.locator(SLIDER).first.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("window.followed === true", timeout=120_000)
        followed = time.perf_counter() - began
        os.environ["ZOETROPE_HOME"] = home
        while not are_whole_codes_there():
            time.sleep(0.1)
        whole = time.perf_counter() - began
        page.close()
    return followed, whole


def are_whole_codes_there() -> bool:
    """Whether the first page has all it asks for: the faces' codes by its model and by PCA."""
    if not is_ready("faces"):
        return False
    data_set, model = load_data_set("faces"), list_checkpoints()[0]
    return all(cached_codes(one, data_set) is not None for one in (model, pca_partner(model)))


def main() -> None:
    """Print a table and, last, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    ours: list[tuple[float, float]] = []
    empty: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        browser = launch_chromium(playwright)
        first_ever = [time_first_ever(browser) for _ in range(min(rounds, 3))]
        fill_caches(browser, home)
        for _ in range(rounds):
            empty.append(time_start(browser, "benchmarks/apps/empty_app.py", home))
            ours.append(time_start(browser, "app.py", home))
        browser.close()
    figures = {
        "ours_start_s": statistics.median(total for total, _ in ours),
        "empty_start_s": statistics.median(total for total, _ in empty),
        "ours_page_s": statistics.median(opened for _, opened in ours),
        "empty_page_s": statistics.median(opened for _, opened in empty),
        "first_ever_s": max(followed for followed, _ in first_ever),
        "whole_codes_s": max(whole for _, whole in first_ever),
    }
    figures["ratio_start"] = figures["ours_start_s"] / figures["empty_start_s"]
    figures["ratio_page"] = figures["ours_page_s"] / figures["empty_page_s"]
    print(f"{'':24}{'ours':>8}{'empty':>8}{'ratio':>8}")
    for name in ("start", "page"):
        row = [figures[f"ours_{name}_s"], figures[f"empty_{name}_s"], figures[f"ratio_{name}"]]
        print(f"{name + ' to interactive, s':24}" + "".join(f"{value:8.2f}" for value in row))
    print(
        f"first start ever, from the server being up, worst: a picture that followed "
        f"{figures['first_ever_s']:.2f} s, the codes of all faces {figures['whole_codes_s']:.2f} s"
    )
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
