"""Rows of a table on the stage: bars in the user's units that follow the sliders."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.serving import Server
from tests.browser.test_live import HASHES, WATCH, slider, wait_for_paint
from tests.live.tables import TableCodec

pytestmark = pytest.mark.browser

# Length of the bar on line `i` of `n`, as a share of its rail: pixels of the bar's own colour,
# in a column's middle, against those of bar and rail together.
BAR = """(canvas, [i, n]) => {
  const context = canvas.getContext("2d");
  const ratio = devicePixelRatio;
  const y = Math.round((8 + (i + 0.5) * ((canvas.height / ratio - 16) / n)) * ratio);
  const { data } = context.getImageData(0, y, canvas.width, 1);
  const colour = getComputedStyle(canvas).outlineColor.match(/\\d+/g).map(Number);
  const left = Math.ceil((0.4 * canvas.clientWidth + 6) * ratio);
  const right = Math.floor((canvas.clientWidth - 66) * ratio);
  let length = 0;
  for (let x = left; x < right; x++) {
    length += colour.every((c, k) => Math.abs(data[4 * x + k] - c) < 4);
  }
  return length / (right - left);
}"""


@pytest.fixture(scope="session")
def live_url(serve: Callable[..., Server]) -> str:
    return serve("tests/browser/apps/live_app.py").url


def open_table(page: Page, url: str, *, codec: str = "table-10", show: str = "bank") -> None:
    page.goto(f"{url}/?show={show}&codec={codec}")
    expect(page.locator(".panel:not(.empty)")).to_have_count(2, timeout=60_000)
    page.evaluate(WATCH)


def shares(z0: float, n_numbers: int = 10) -> np.ndarray:
    """Where each column lies in its range at a position of the first slider."""
    return 1 / (1 + np.exp(-z0 * TableCodec(n_numbers).weights[0].numpy()))


def type_number(page: Page, value: str) -> None:
    number = page.get_by_label("z0, number")
    number.fill(value)
    number.press("Enter")


def test_bars_are_as_long_as_values_lie_in_their_range(page: Page, live_url: str) -> None:
    open_table(page, live_url)
    n_before = page.evaluate("window.painted.length")
    type_number(page, "3")
    wait_for_paint(page, n_before)
    canvas = page.locator(".panel canvas").first
    found = [canvas.evaluate(BAR, [i, 13]) for i in range(10)]
    np.testing.assert_allclose(found, shares(3)[:10], atol=0.03)


def wait_for_words(page: Page, words: str) -> None:
    page.wait_for_function(
        """(words) => [...document.querySelectorAll("*")].some((host) =>
          host.shadowRoot?.querySelector(".panel canvas")?.ariaLabel.includes(words))""",
        arg=words,
        timeout=20_000,
    )


def test_words_say_the_values_in_the_user_s_units(page: Page, live_url: str) -> None:
    open_table(page, live_url)
    type_number(page, "3")
    expected = shares(3)
    wait_for_words(page, f"column 9 {1000 * expected[9]:.0f}, ")
    wait_for_words(page, f"colour: red {100 * expected[10]:.0f} %")


def test_every_move_of_a_drag_paints_bars_on_both_panels(page: Page, live_url: str) -> None:
    open_table(page, live_url, show="morph")
    box = slider(page, "t").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, y)
    page.mouse.down()
    seen = [page.evaluate(HASHES)]
    for step in range(1, 16):
        n_before = page.evaluate("window.painted.length")
        page.mouse.move(box["x"] + 10 + step * (box["width"] - 20) / 15, y)
        wait_for_paint(page, n_before)
        seen.append(page.evaluate(HASHES))
    page.mouse.up()
    for before, after in pairwise(seen):
        assert before[0] != after[0]
        assert before[1] != after[1]


def test_bars_are_painted_in_the_screen_s_own_pixels(browser: Browser, live_url: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=2)
    page = context.new_page()
    open_table(page, live_url)
    sizes = page.locator(".panel canvas").evaluate_all(
        "(all) => all.map((c) => [c.width, c.height, c.clientWidth, c.clientHeight])"
    )
    context.close()
    for width, height, css_width, css_height in sizes:
        assert width == pytest.approx(2 * css_width, abs=2)
        assert height == pytest.approx(2 * css_height, abs=2)
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(("codec", "n_lines"), [("table-10", 13), ("table-27", 30)])
def test_each_line_has_room_for_its_text(
    page: Page, live_url: str, codec: str, n_lines: int
) -> None:
    open_table(page, live_url, codec=codec)
    box = page.locator(".panel canvas").first.bounding_box()
    assert box is not None
    assert box["width"] >= 256
    assert box["height"] >= 15 * n_lines


def test_a_very_wide_table_stays_on_the_page_and_its_words_are_whole(
    page: Page, live_url: str
) -> None:
    open_table(page, live_url, codec="table-200")
    box = page.locator(".panel canvas").first.bounding_box()
    assert box is not None
    assert box["height"] < 900
    wait_for_words(page, "column 199 ")


def test_strips_show_small_bars(page: Page, live_url: str) -> None:
    open_table(page, live_url, show="morph")
    strip = page.locator(".strip canvas").first
    expect(strip).to_have_attribute("width", str(9 * 64), timeout=20_000)
    colours = strip.evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const pixels = Array.from({ length: data.length / 4 }, (_, i) => 4 * i);
          return [...new Set(pixels.map((i) => data.slice(i, i + 3).join(" ")))];
        }"""
    )
    assert {"0 114 178", "252 252 251"} <= set(colours)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_told_from_the_ground_in_both_themes(
    page: Page, live_url: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    open_table(page, live_url)
    darkest, lightest = page.locator(".panel canvas").first.evaluate(
        """(canvas) => {
          const names = [0, 0, Math.floor(canvas.width * 0.39), canvas.height];
          const { data } = canvas.getContext("2d").getImageData(...names);
          const greens = data.filter((_, i) => i % 4 === 1);
          return [greens.reduce((a, b) => Math.min(a, b)), greens.reduce((a, b) => Math.max(a, b))];
        }"""
    )
    assert lightest - darkest > 120
