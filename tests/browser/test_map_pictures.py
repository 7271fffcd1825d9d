"""Pictures on the map look as their dots do; the legend holds as many names as there are."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.map_page import (
    WAIT_MS,
    draw_box,
    group_size,
    open_map,
    painted,
    view,
    wait_for_view,
)
from zoetrope.live.assets import STATIC
from zoetrope.palette import CATEGORY_COLOURS

pytestmark = pytest.mark.browser

# How many pixels of the overlay have a colour, and how many are drawn at all or faintly.
INK = """(colour) => {
  const canvas = document.querySelector(".zmap-overlay");
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const found = { colour: 0, opaque: 0, faint: 0 };
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 255) found.opaque += 1;
    else if (data[i + 3] > 0) found.faint += 1;
    const isLike = [r, g, b].every((v, k) => Math.abs(v - data[i + k]) <= 2);
    if (isLike && data[i + 3] === 255) found.colour += 1;
  }
  return found;
}"""
ACCENT = """() => getComputedStyle(document.querySelector(".zmap"))
  .getPropertyValue("--st-primary-color")"""


def ink(page: Page, colour: str) -> dict[str, int]:
    found: dict[str, int] = page.evaluate(INK, colour)
    return found


def open_pictures(page: Page, map_world: Any, **query: str) -> int:
    """The 300 items, nearer until some are pictures; gives their number."""
    open_map(page, map_world, data="specks", checkpoint="specks-pca", **query)
    page.locator(".zmap-surface").focus()
    for _ in range(6):
        left, right, *_ = view(page)
        page.keyboard.press("+")
        wait_for_view(page, f"right - left < {0.9 * (right - left)}")
    page.wait_for_selector(".zmap[data-pictures]:not([data-pictures='0'])")
    return int(page.locator(".zmap").get_attribute("data-pictures") or 0)


def test_pictures_have_their_colour_and_a_ring_when_chosen(page: Page, map_world) -> None:
    n_pictures = open_pictures(page, map_world)
    accent, border = page.evaluate(ACCENT), CATEGORY_COLOURS[0]
    before = ink(page, border)
    assert before["colour"] > 20 * n_pictures and before["faint"] < 0.02 * before["opaque"]
    rings = ink(page, accent)["colour"]
    draw_box(page, 0.5)
    page.wait_for_function("() => +document.querySelector('.zmap').dataset.group > 0")
    page.wait_for_function(f"(accent) => ({INK})(accent).colour > {rings + 100}", arg=accent)
    after = ink(page, border)
    assert after["faint"] > 0.1 * before["opaque"]  # those out of the group
    assert 0 < after["colour"] < before["colour"]
    expect(page.locator(".zmap-counts")).to_have_text(f"{group_size(page)} chosen")


def test_pictures_not_found_are_faint_and_the_found_are_counted(page: Page, map_world) -> None:
    open_pictures(page, map_world, find="not%20label%20%3D%200")
    found = ink(page, CATEGORY_COLOURS[0])
    assert found["colour"] == found["opaque"] == 0 < found["faint"]
    expect(page.locator(".zmap-counts")).to_have_text("0 of 300 found")


def test_a_category_switched_off_makes_its_pictures_faint(page: Page, map_world) -> None:
    open_pictures(page, map_world)
    page.locator(".zmap-category").first.click()
    page.wait_for_function(
        f"() => {{ const ink = ({INK})('red'); return ink.faint > 0 && ink.opaque === 0; }}"
    )


@pytest.mark.parametrize("by", ["button", "key"])
def test_dots_instead_of_pictures(page: Page, map_world, by: str) -> None:
    open_pictures(page, map_world)
    if by == "button":
        page.get_by_role("button", name="Pictures").click()
    else:
        page.keyboard.press("d")
    page.wait_for_selector(".zmap:not([data-pictures])")
    assert ink(page, "red") == {"colour": 0, "opaque": 0, "faint": 0}
    page.wait_for_url("**dots=1*")
    page.reload()
    page.set_default_timeout(WAIT_MS)
    painted(page)
    switch = page.get_by_role("button", name="Pictures")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    page.wait_for_function("() => !location.search.includes('dots')")


LEGEND = """async () => {
  const { Legend } = await import("/map/legend.js");
  const names = Array.from({ length: 1000 }, (_, i) => `v${i}`);
  names[3] = "other";
  names[4] = "x".repeat(200);
  const values = new Float32Array(3000);
  for (let i = 0; i < values.length; i += 1) values[i] = Math.floor(Math.sqrt(i * 300)) % 1000;
  let changes = 0;
  window.legend = new Legend(() => { changes += 1; });
  window.changes = () => changes;
  document.body.append(window.legend.root);
  const colours = ["red", "green", "grey"];
  window.legend.show({
    label: "kind", url: "", kind: "category", names, colours, low: 0, high: 999, values,
  });
}"""


@pytest.fixture
def modules(page: Page) -> Page:
    """A page of no server, with our modules and the map's styles."""

    def answer(route: Route) -> None:
        path = STATIC / Path(urlparse(route.request.url).path.lstrip("/"))
        if path.is_file():
            kind = mimetypes.guess_type(path)[0] or "text/javascript"
            route.fulfill(body=path.read_text(), content_type=kind)
        else:
            route.fulfill(
                body='<link rel="stylesheet" href="/map/map.css"><body></body>',
                content_type="text/html",
            )

    page.route("http://modules.test/**", answer)
    page.goto("http://modules.test/")
    return page


def test_a_thousand_categories_are_sorted_searched_and_bounded(modules: Page) -> None:
    page = modules
    page.evaluate(LEGEND)
    numbers = page.locator(".zmap-categories .zmap-number").all_inner_texts()
    counts = [int(text) for text in numbers]
    assert counts == sorted(counts, reverse=True) and len(counts) == 200
    box = page.locator(".zmap-legend").bounding_box()
    assert box is not None and box["height"] <= 180
    search = page.get_by_role("searchbox")
    search.fill("other")
    expect(page.locator(".zmap-category")).to_have_count(1)
    page.locator(".zmap-category").click()
    assert page.evaluate("[...window.legend.hidden]") == [3]
    search.fill("xxx")
    name = page.locator(".zmap-name")
    expect(name).to_have_count(1)
    wide = name.bounding_box()
    assert wide is not None and wide["width"] < 300
    assert "x" * 200 in (page.locator(".zmap-category").get_attribute("title") or "")
    search.fill("no such")
    expect(page.locator(".zmap-categories")).to_have_text("No such name.")
    search.fill("")
    expect(page.locator(".zmap-category[aria-pressed=false]")).to_have_count(
        page.locator(".zmap-category[data-place='3']").count()
    )
    assert page.evaluate("window.changes()") == 1
