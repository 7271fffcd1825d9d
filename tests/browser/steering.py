"""What the tests of the steering pages share: a trained world, and hands that drag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from ae_core.codecs.checkpoints import save_checkpoint
from ae_core.codecs.config import CheckpointConfig
from ae_core.config import ModelConfig, TrainingConfig
from ae_core.data.catalogue import load_data_set
from ae_core.locations import checkpoints_dir
from tests.waiting import animation_frames, rerun_ended

# Every animation frame: one number for the pixels of each canvas on the stage.
WATCH = """
() => {
  window.seen = [];
  const canvases = [...document.querySelectorAll("*")].flatMap((host) =>
    host.shadowRoot ? [...host.shadowRoot.querySelectorAll(".panel canvas")] : []);
  const look = () => {
    const now = canvases.map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0;
      for (let i = 0; i < data.length; i += 1) sum = (sum * 31 + data[i]) >>> 0;
      return sum;
    });
    window.seen.push(now);
    window.watch = requestAnimationFrame(look);
  };
  look();
}
"""

COUNT_PAINTS = """
() => {
  window.n_paints = 0;
  document.addEventListener("zoetrope-painted", () => { window.n_paints += 1; });
}
"""


def train_digits(home: Path) -> None:
    """A dense autoencoder for digits, good enough that its pictures move; about two seconds."""
    from ae_core.codecs.autoencoder import build_autoencoder
    from ae_core.training.loop import Training

    data = load_data_set("digits")
    model = ModelConfig(widths=(64,), latent_dim=8, loss="bce")
    settings = TrainingConfig(epochs=8, n_threads=1, learning_rate=3e-3)
    codec = build_autoencoder(model, data.about.item)
    training = Training(codec, data.items, *data.split(), settings)
    for _ in training.steps():
        pass
    config = CheckpointConfig(
        name="digits-ae", data="digits", data_fingerprint=data.about.fingerprint,
        item=data.about.item, latent_dim=8, model=model, training=settings,
    )  # fmt: skip
    save_checkpoint(checkpoints_dir() / "digits-ae", config, codec)


@contextmanager
def home_at(folder: Path) -> Iterator[None]:
    """The library's home folder for a while, also outside a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOETROPE_HOME", str(folder))
        yield


def open_stage(page: Page, url: str) -> None:
    """Open a page and wait until every panel of its stage has its first picture."""
    page.goto(url)
    page.locator(".panel canvas").first.wait_for(timeout=60_000)
    page.wait_for_function(
        """() => {
          const panels = [...document.querySelectorAll("*")].flatMap((host) =>
            host.shadowRoot ? [...host.shadowRoot.querySelectorAll(".panel")] : []);
          return panels.length > 0 && panels.every((p) => p.querySelector(".note").hidden
            && p.querySelector(".gauge b").textContent !== "\u2013");
        }""",
        timeout=60_000,
    )
    expect(page.get_by_text("More comes as soon as")).to_have_count(0, timeout=60_000)
    rerun_ended(page)


def pixels(page: Page) -> str:
    """What the first panel shows, whatever lies over it."""
    return str(page.locator(".panel canvas").first.evaluate("canvas => canvas.toDataURL()"))


def drag(page: Page, slider: Locator, *, n_moves: int = 60) -> list[list[int]]:
    """Drag a slider from its left end to its right in `n_moves` mouse moves, 30 a second.

    Returns:
        What the stage showed, frame by frame: one checksum a canvas.
    """
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    left, right = box["x"] + 12, box["x"] + box["width"] - 12
    page.evaluate(COUNT_PAINTS)
    page.mouse.move(left, y)
    page.mouse.down()
    page.wait_for_function("() => window.n_paints > 0")
    page.evaluate(WATCH)
    for move in range(1, n_moves + 1):
        n_paints = page.evaluate("() => window.n_paints")
        page.mouse.move(left + (right - left) * move / n_moves, y)
        animation_frames(page, 2)
    page.wait_for_function("(n) => window.n_paints > n", arg=n_paints)
    seen = page.evaluate("() => { cancelAnimationFrame(window.watch); return window.seen; }")
    page.mouse.up()
    return list(seen)


def n_changes(seen: list[list[int]], canvas: int) -> int:
    """How often the pixels of one canvas changed from one frame of the screen to the next."""
    return sum(before[canvas] != after[canvas] for before, after in pairwise(seen))


def slider(page: Page, control: str) -> Locator:
    """The live slider of a control."""
    return page.locator(f'.slider[data-control="{control}"]')
