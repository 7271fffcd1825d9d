"""Maps asked for by a click on the Explore page, against calling the library.

    python -m benchmarks.explore [--mnist ../shared/data/mnist.npz] [--rounds 3]

PCA: 70,000 codes of MNIST, from the click to points painted, each round without a kept map. UMAP:
10,000 codes, asked for 60 s after the app came up, from the click to points painted; then the same
by the library in this process, compiled before. Asked for at once: what the page says meanwhile.
The checkpoint is PCA with 32 axes, so that nothing has to be trained.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from ae_core.maps.map import Floats, Map, points_folder, save_map
from ae_core.maps.projection import ProjectionSettings, fingerprint_of, projection_key
from benchmarks.pca_world import add_with_pca
from benchmarks.projection import MNIST, by_library, timed
from benchmarks.serving import Server, launch_chromium, segment, serve

WAIT_MS = 300_000
ASKED_AFTER_S = 60.0
LARGE, SMALL = "mnist-70k", "mnist-10k"


def build(mnist: Path, folder: Path) -> dict[str, Floats]:
    """Both data sets, a checkpoint for each, and their codes, in `$ZOETROPE_HOME`."""
    with np.load(mnist) as file:
        train, test = file["train_images"], file["test_images"]
    return {
        LARGE: add_with_pca(folder, LARGE, 32, images=np.concatenate([train, test])),
        SMALL: add_with_pca(folder, SMALL, 32, images=test),
    }


def key_of(codes: Floats, method: str) -> str:
    return projection_key(fingerprint_of(codes), ProjectionSettings(method=method))


def open_page(browser: Browser, server: Server, name: str, method: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{server.url}/explore?data={name}&checkpoint={name}-pca&method={method}")
    page.wait_for_selector(".zmap[data-painted]")
    return page


WATCH = """(key) => {
  window.clickedAt = window.paintedAt = null;
  addEventListener("click", () => { window.clickedAt ??= performance.now(); }, true);
  const look = () => {
    const address = document.querySelector(".zmap")?.dataset.painted ?? "";
    if (address.includes(key) && !address.includes("part=")) window.paintedAt ??= performance.now();
  };
  const changes = { attributes: true, attributeFilter: ["data-painted"], childList: true };
  new MutationObserver(look).observe(document.body, { ...changes, subtree: true });
}"""


def click_method(page: Page, label: str, key: str) -> float:
    """Seconds from the click to the points of this map on the screen, seen by the page itself."""
    page.evaluate(WATCH, key)
    segment(page, label).click()
    # Not at every frame, which would take a part of the time that is measured.
    page.wait_for_function("() => window.paintedAt !== null", timeout=WAIT_MS, polling=200)
    milliseconds: float = page.evaluate("() => window.paintedAt - window.clickedAt")
    return milliseconds / 1000


def time_pca(browser: Browser, home: Path, codes: Floats) -> float:
    """From another map to PCA, which was never made before."""
    save_map(key_of(codes, "umap"), Map(codes[:, :2].copy(), {"n_fitted": len(codes)}))
    for file in points_folder().glob(f"{key_of(codes, 'pca')}*"):
        file.unlink()
    with serve("app.py", home=home, env={"ZOETROPE_WARM_UP": "0"}) as server:
        page = open_page(browser, server, LARGE, "umap")
        seconds = click_method(page, "PCA", key_of(codes, "pca"))
        page.close()
    return seconds


def asked_early(browser: Browser, home: Path) -> str:
    """What the page says where UMAP is asked for as soon as it is on screen."""
    with serve("app.py", home=home) as server:
        page = open_page(browser, server, SMALL, "umap")
        page.wait_for_function(
            "() => /warming/.test(document.querySelector('.zmap-status')?.textContent)"
        )
        said = page.locator(".zmap-status").inner_text()
        page.close()
    return said


def main() -> None:
    """Print what was seen and, last, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mnist", type=Path, default=MNIST)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["ZOETROPE_HOME"] = folder
        home = Path(folder)
        codes = build(options.mnist, home)
        browser = launch_chromium(playwright)
        said = asked_early(browser, home)
        print(f"UMAP asked for at once, the page says: {said}")
        with serve("app.py", home=home) as server:
            up = time.monotonic()
            page = open_page(browser, server, SMALL, "pca")
            time.sleep(max(0.0, up + ASKED_AFTER_S - time.monotonic()))
            umap = click_method(page, "UMAP", key_of(codes[SMALL], "umap"))
            page.close()
        pca = [time_pca(browser, home, codes[LARGE]) for _ in range(options.rounds)]
        browser.close()
        by_library("umap", codes[SMALL][:5000])  # compiles it
        library = [timed(lambda: by_library("umap", codes[SMALL]))[0] for _ in range(3)]
    figures = {
        "pca_70k_s": round(statistics.median(pca), 2),
        "pca_70k_worst_s": round(max(pca), 2),
        "umap_10k_s": round(umap, 2),
        "umap_10k_library_s": round(statistics.median(library), 2),
    }
    allowed = 1.1 * figures["umap_10k_library_s"] + 2
    print(f"PCA of 70,000 codes: {figures['pca_70k_s']} s, worst {figures['pca_70k_worst_s']} s")
    print(f"UMAP of 10,000 codes: {umap:.2f} s (library {statistics.median(library):.2f} s)")
    print(f"10 % and 2 s more than the library are {allowed:.2f} s")
    print(json.dumps({**figures, "said_early": said}))


if __name__ == "__main__":
    main()
