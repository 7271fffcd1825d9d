"""The map in Chromium: hover, groups that last, what lives here, and its geometry."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ae_core.data.catalogue import load_data_set
from ae_core.data.groups import load_groups
from benchmarks.serving import segment
from tests.browser import explore_world
from tests.browser.map_page import (
    WAIT_MS,
    draw_box,
    group_size,
    open_map,
    painted,
    pixels,
    surface,
)
from tests.browser.steering import home_at
from tests.waiting import wait_on
from zoetrope.live.assets import STATIC

pytestmark = pytest.mark.browser


def choose_method(page: Page, name: str, before: str) -> str:
    segment(page, name).click()
    return painted(page, other_than=before)


def test_hover_shows_the_item_and_its_reconstruction(page, map_world) -> None:
    open_map(page, map_world)
    x, y, width, height = surface(page)
    page.mouse.move(x + 5, y + 5)
    page.mouse.move(x + width / 2, y + height / 2, steps=20)
    page.wait_for_selector(".zmap[data-item]", timeout=WAIT_MS)
    item = int(page.locator(".zmap").get_attribute("data-item"))
    page.wait_for_function(
        "() => document.querySelectorAll('.zmap-pair canvas')[1].width === 8", timeout=WAIT_MS
    )
    page.wait_for_selector(".zmap-facts dd", timeout=WAIT_MS)
    with home_at(map_world.home):
        data = load_data_set(explore_world.NAME)
        wanted = data.items[item, 0].reshape(-1).tolist()
    assert pixels(page, 0)[::4] == wanted
    off = np.abs(np.array(pixels(page, 1)[::4]) - wanted).mean()
    assert 0 < off < 40  # PCA with 8 of 64 axes, not another item


def test_what_lives_here_follows_the_hand_over_empty_map(page, map_world) -> None:
    open_map(page, map_world)
    x, y, width, height = surface(page)
    page.click("[data-tool=here]")
    seen = {json.dumps(pixels(page, 1))}
    for share in np.linspace(0.1, 0.9, 12):
        page.mouse.move(x + width * share, y + height * 0.12)
        wait_on(page, lambda: json.dumps(pixels(page, 1)) not in seen)
        seen.add(json.dumps(pixels(page, 1)))
    assert page.locator(".zmap-card-title").inner_text() == "What lives here"
    assert "exact" in page.locator(".zmap-doubt").inner_text()


def test_a_large_group_lasts(page, map_world) -> None:
    """20,000 items: other colours, another map and back, another page and back."""
    open_map(page, map_world)
    pca = painted(page)
    draw_box(page, 0.9)
    page.wait_for_function("() => +document.querySelector('.zmap').dataset.group > 0")
    n = group_size(page)
    assert n >= 20_000
    page.wait_for_selector(".zmap-group canvas", timeout=WAIT_MS)
    colour = page.locator(".zmap").get_attribute("data-coloured")
    page.get_by_test_id("stSelectbox").filter(has_text="Colour by").locator("input").click()
    page.get_by_role("option", name="split").or_(page.get_by_role("option").last).first.click()
    page.wait_for_function(
        "(before) => document.querySelector('.zmap').dataset.coloured !== before", arg=colour
    )
    assert group_size(page) == n
    umap = choose_method(page, "UMAP", pca)
    assert group_size(page) == n
    choose_method(page, "PCA", umap)
    assert group_size(page) == n
    page.get_by_role("link", name="Data", exact=True).click()
    page.wait_for_selector(".zmap", state="detached", timeout=WAIT_MS)
    page.get_by_role("link", name="Explore").click()
    page.wait_for_selector(f'.zmap[data-group="{n}"]', timeout=WAIT_MS)


def test_arrow_keys_reach_items_and_enter_pins_one(page, map_world) -> None:
    open_map(page, map_world)
    page.locator(".zmap-surface").focus()
    items = set()
    for key in ["ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"]:
        before = page.locator(".zmap").get_attribute("data-item")
        page.keyboard.press(key)
        page.wait_for_function(
            "(before) => document.querySelector('.zmap').dataset.item !== (before ?? undefined)",
            arg=before,
        )
        items.add(page.locator(".zmap").get_attribute("data-item"))
    assert len(items) >= 3 and None not in items
    page.keyboard.press("Enter")
    page.wait_for_selector(".zmap-near canvas", timeout=WAIT_MS)
    assert page.locator(".zmap-near canvas").count() == 24


INK = """() => {
  const canvas = document.querySelectorAll(".zmap-overlay")[1];
  const context = canvas.getContext("2d");
  return context.getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v);
}"""


def test_the_movement_between_two_maps_is_drawn_when_asked(page, map_world) -> None:
    page.set_default_timeout(WAIT_MS)
    beside = "UMAP%20of%20codes"
    page.goto(f"{map_world.url}/explore?data=blots&checkpoint=blots-pca&beside={beside}")
    page.wait_for_function("() => document.querySelectorAll('.zmap[data-painted]').length === 2")
    assert not page.evaluate(INK)
    page.get_by_text("Draw the movement").click()
    page.wait_for_function(INK, timeout=WAIT_MS)
    page.get_by_text("Draw the movement").click()
    page.wait_for_function(f"() => !({INK})()", timeout=WAIT_MS)


def select(page: Page, label: str, option: str) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()


NEAR = """() => [...document.querySelectorAll(".zmap-near-row")[0].querySelectorAll("button")]
  .map((button) => button.dataset.item).join()"""


def pin_one(page: Page) -> str:
    """Pin the item in the middle; its neighbours, as the labels of their pictures."""
    page.locator(".zmap-surface").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".zmap[data-item]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".zmap-near canvas")
    near: str = page.evaluate(NEAR)
    return near


def test_what_was_chosen_among_other_items_is_forgotten(page, map_world) -> None:
    open_map(page, map_world)
    before = painted(page)
    draw_box(page, 0.5)
    pin_one(page)
    page.wait_for_selector(".zmap-group canvas")
    select(page, "Data", explore_world.OTHER)
    painted(page, other_than=before)
    assert group_size(page) == 0
    for gone in (".zmap-group canvas", ".zmap-near canvas", ".zmap-facts dd"):
        assert page.locator(gone).count() == 0, gone
    assert page.locator(".zmap-pin").is_hidden() and page.locator(".zmap-ring").is_hidden()
    assert page.get_by_label("Keep the group as").is_disabled()
    select(page, "Data", explore_world.NAME)
    page.wait_for_function("() => +document.querySelector('.zmap').dataset.group > 0")


def test_a_pinned_item_follows_to_another_checkpoint(page, map_world) -> None:
    open_map(page, map_world)
    before = painted(page)
    near = pin_one(page)
    assert len(near.split(",")) == 12
    select(page, "Checkpoint", f"{explore_world.NAME}-pca-2")
    painted(page, other_than=before)
    page.wait_for_function(
        f"(near) => ({NEAR})() !== near && ({NEAR})().split(',').length === 12", arg=near
    )
    caption = page.locator(".zmap-pair figcaption").nth(1)
    assert caption.inner_text() == "PCA, 2 axes"


def test_two_maps_have_one_group_wherever_it_is_drawn(page, map_world) -> None:
    page.set_default_timeout(WAIT_MS)
    beside = "UMAP%20of%20codes"
    page.goto(
        f"{map_world.url}/explore?data=blots&checkpoint=blots-pca&beside={beside}&find=label+%3D+1"
    )
    page.wait_for_function("() => document.querySelectorAll('.zmap[data-painted]').length === 2")
    for nth, share in [(0, 0.8), (1, 0.95)]:
        before = group_size(page)
        draw_box(page, share, nth=nth)
        expect(page.get_by_label("Keep the group as")).to_be_enabled()
        page.wait_for_function(
            """(before) => {
              const maps = [...document.querySelectorAll(".zmap")];
              const sizes = maps.map((map) => +map.dataset.group);
              return sizes[0] === sizes[1] && sizes[0] > 0 && sizes[0] !== before;
            }""",
            arg=before,
        )
    n = group_size(page)
    page.get_by_label("Keep the group as").fill("second")
    page.get_by_label("Keep the group as").press("Enter")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Kept groups (1)")).to_be_visible()
    with home_at(map_world.home):
        data = load_data_set(explore_world.NAME)
        kept = load_groups(data.name, data.about.fingerprint, len(data.items))["second"]
    assert kept.n_items == n
    assert set(data.attributes["label"].iloc[list(kept.items)]) == {"1"}


def test_tools_that_a_3_d_map_has_not_stay_off(page, map_world) -> None:
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{map_world.url}/explore?data=blots&checkpoint=blots-pca&axes=3")
    painted(page)
    page.locator(".zmap-surface").focus()
    for key in "lbwg":
        page.keyboard.press(key)
        assert page.locator(".zmap").get_attribute("data-tool") == "move"
    x, y, width, height = surface(page)
    page.mouse.move(x + width / 3, y + height / 3)
    page.mouse.down()
    page.mouse.move(x + width / 2, y + height / 2, steps=5)
    page.mouse.up()


def test_choices_on_a_page_are_no_steps_back(page, map_world) -> None:
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{map_world.url}/data?data=specks")
    page.wait_for_function("history.pushState.name === 'pushPage'")
    page.get_by_role("link", name="Explore").click()
    painted(page)
    steps = page.evaluate("history.length")
    page.get_by_role("textbox", name="Find").fill("label = 0")
    page.get_by_role("textbox", name="Find").press("Enter")
    page.wait_for_url("**find=*")
    assert page.evaluate("history.length") == steps
    page.go_back()
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()


GRID = """async ({ x, y, queries, polygon }) => {
  const { PointIndex } = await import("/map/point_index.js");
  const grid = new PointIndex(Float32Array.from(x), Float32Array.from(y));
  const near = queries.map(([a, b]) => grid.nearest(a, b, 5, 2, 3).items);
  const mask = new Uint8Array(x.length);
  const n = grid.markInside(polygon, mask);
  return { near, inside: [...mask], n };
}"""


def windings(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How often the polygon goes round each point: the sum of the angles its edges are seen at."""
    corners = (polygon[None] - points[:, None]) @ np.array([1, 1j])
    return np.angle(np.roll(corners, -1, axis=1) / corners).sum(axis=1) / (2 * np.pi)


def test_the_grid_finds_what_brute_force_finds(page) -> None:
    page.route(
        "http://modules.test/**",
        lambda route: route.fulfill(
            body=(STATIC / "map/point_index.js").read_text()
            if route.request.url.endswith(".js")
            else "",
            content_type="text/javascript" if route.request.url.endswith(".js") else "text/html",
        ),
    )
    page.goto("http://modules.test/")
    random = np.random.default_rng(3)
    points = np.r_[random.normal(size=(900, 2)), random.normal(5, 0.02, (600, 2))].astype("f4")
    queries = np.r_[random.normal(size=(20, 2)), random.uniform(-9, 9, (20, 2))]
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    radii = np.array([2.0, 0.5, 1.8, 0.4, 2.2, 0.6, 1.5, 0.3])  # a star: not convex
    polygon = np.c_[radii * np.cos(angles), radii * np.sin(angles)]
    found = page.evaluate(
        GRID,
        {
            "x": points[:, 0].tolist(),
            "y": points[:, 1].tolist(),
            "queries": queries.tolist(),
            "polygon": polygon.tolist(),
        },
    )
    far = np.linalg.norm((queries[:, None] - points[None]) * [2, 3], axis=2)
    np.testing.assert_array_equal(found["near"], np.argsort(far, axis=1)[:, :5])
    inside = np.abs(windings(polygon, points)) > 0.5
    np.testing.assert_array_equal(np.array(found["inside"], bool), inside)
    assert found["n"] == inside.sum()
