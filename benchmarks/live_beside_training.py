"""The hand beside a training that uses every core: drag latency before and during it.

python -m benchmarks.live_beside_training [--data faces] [--codec stand-in-64]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ae_core.data.catalogue import load_data_set
from ae_core.training import runs
from benchmarks.figures import quantile
from benchmarks.live import drag_live, open_live
from benchmarks.serving import PROJECT_ROOT, launch_chromium, serve

RUN = "beside"


def start_training(data: str) -> None:
    """A detached run, as a page starts it, that has begun its first epoch."""
    command = [sys.executable, "-m", "ae_core", "train", RUN, "--data", data]
    settings = ["--preset", "convolutional-vae", "--epochs", "500", "--patience", "0", "--detach"]
    subprocess.run([*command, *settings], cwd=PROJECT_ROOT, check=True, stdout=sys.stderr)
    deadline_s = time.monotonic() + 300
    while (run := runs.find_run(RUN)).status.progress == 0:
        if not run.is_going or time.monotonic() > deadline_s:
            raise RuntimeError(f"The training did not begin: {run.status.message}")
        time.sleep(0.5)


def measure(page: Page, rounds: int, n_moves: int) -> dict[str, float]:
    """Drag latency over some rounds."""
    latencies: list[float] = []
    n_moved = 0
    for _ in range(rounds):
        painted, moves = drag_live(page, n_moves)
        latencies += [one["latencyMs"] for one in painted]
        n_moved += moves
        page.wait_for_timeout(1000)
    return {
        "drag_p50_ms": round(quantile(latencies, 0.5), 1),
        "drag_p95_ms": round(quantile(latencies, 0.95), 1),
        "painted_per_move": round(len(latencies) / n_moved, 3),
    }


def main() -> None:
    """Measure, print a table, and last one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="faces")
    parser.add_argument("--codec", default="stand-in-64")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--moves", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zoetrope-beside-") as folder:
        os.environ["ZOETROPE_HOME"] = folder
        with (
            serve("benchmarks/apps/live_app.py", home=Path(folder)) as server,
            sync_playwright() as playwright,
        ):
            browser = launch_chromium(playwright, webgl=False)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            open_live(page, server.url, options.codec)
            load_data_set(options.data)  # so that the run begins with training, not with drawing
            alone = measure(page, options.rounds, options.moves)
            start_training(options.data)
            try:
                beside = measure(page, options.rounds, options.moves)
                if not runs.find_run(RUN).is_going:
                    raise RuntimeError("The training ended before the drag did.")
            finally:
                runs.cancel(RUN)
                while runs.find_run(RUN).is_going:
                    time.sleep(0.2)
            browser.close()
    for name in alone:
        print(f"{name:20} alone {alone[name]:8}   beside a training {beside[name]:8}")
    print(json.dumps({**beside, "alone": alone}))


if __name__ == "__main__":
    main()
