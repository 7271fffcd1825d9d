"""In real Chromium: a bookmark's link shows the same part of the map and the same group."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.waiting import rerun_ended, wait_on

pytestmark = pytest.mark.browser
RANGES = """() => {
  const { xaxis, yaxis } = document.querySelector(".js-plotly-plot")._fullLayout;
  return [...xaxis.range, ...yaxis.range];
}"""
PAINTED = "[data-painted]"


def open_map(page: Page, url: str) -> list[float]:
    """Open a map and wait for its points; the part of it that is in sight."""
    page.goto(url)
    page.wait_for_selector(PAINTED, timeout=60_000)
    rerun_ended(page)
    ranges: list[float] = page.evaluate(RANGES)
    return ranges


def test_a_bookmark_holds_the_part_in_sight_and_only_as_long_as_it_is(
    page: Page, server: str
) -> None:
    whole = open_map(page, f"{server}/explore?data=digits&checkpoint=digits-vae")
    button = page.get_by_role("button", name="Bookmark")
    expect(button).to_be_disabled()
    plot = page.locator(".js-plotly-plot").bounding_box()
    assert plot is not None
    page.mouse.move(plot["x"] + plot["width"] / 3, plot["y"] + plot["height"] / 3)
    for _ in range(5):
        page.mouse.wheel(0, -400)
    expect(button).to_be_enabled(timeout=30_000)
    seen = page.evaluate(RANGES)
    assert seen[1] - seen[0] < 0.9 * (whole[1] - whole[0])
    button.click()
    expect(page).to_have_url(re.compile("view=[0-9a-f]{12}"))
    other = page.context.new_page()
    open_map(other, page.url)
    wait_on(other, lambda: other.evaluate(RANGES) == pytest.approx(seen, rel=1e-3))
    other.close()
    page.mouse.wheel(0, -400)
    expect(page).not_to_have_url(re.compile("view="), timeout=30_000)
