"""The map's card: whatever it shows belongs to one thing, in every state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.codecs.codes import cached_codes
from ae_core.data.catalogue import load_data_set
from ae_core.neighbours import nearest_others
from benchmarks.serving import segment
from tests.browser import explore_world
from tests.browser.map_page import corners, item_place, open_map, painted, pixels, surface
from tests.browser.steering import home_at
from tests.waiting import wait_on

pytestmark = pytest.mark.browser

# In every frame as it is painted: a part that is of something else than the title says so. What a
# ResizeObserver sees is what is painted: it is called when all of the frame's scripts have run.
WATCH = """() => {
  window.wrong = [];
  const probe = document.body.appendChild(document.createElement("div"));
  probe.style.cssText = "position: fixed; height: 1px; width: 1px;";
  const turn = () => {
    probe.style.width = probe.style.width === "1px" ? "2px" : "1px";
    requestAnimationFrame(turn);
  };
  turn();
  const look = () => {
    const card = document.querySelector(".zmap-card");
    const [real, decoded] = card.querySelectorAll("figure");
    const facts = card.querySelector(".zmap-facts");
    const title = card.querySelector(".zmap-card-title").textContent.toLowerCase();
    const { of } = card.dataset;
    const near = card.querySelector(".zmap-near");
    const item = of === "place" ? real.querySelector("figcaption").textContent.split(": ")[1] : of;
    if (of && of !== "place" && title !== of) window.wrong.push(["title", title, of]);
    for (const [part, wanted] of [[real, item], [decoded, of], [facts, item]]) {
      const isOther = of && part.dataset.of !== wanted;
      if (isOther && !part.hasAttribute("data-stale")) {
        window.wrong.push([part.className || "figure", part.dataset.of, wanted]);
      }
    }
    for (const row of near.querySelectorAll(".zmap-near-row")) {
      if (!row.textContent.includes(near.dataset.of)) window.wrong.push(["near", row.textContent]);
    }
  };
  new ResizeObserver(look).observe(probe);
}"""

SETTLED = """() => {
  const card = document.querySelector(".zmap-card");
  return card.dataset.of && !card.querySelector("[data-stale]");
}"""


@pytest.fixture
def truth(map_world) -> Iterator[SimpleNamespace]:
    """Items, attributes, codes and reconstructions, from the server's own files."""
    with home_at(map_world.home):
        data = load_data_set(explore_world.NAME)
        checkpoint = find_checkpoint(f"{explore_world.NAME}-pca")
        codes = cached_codes(checkpoint, data)
        assert codes is not None
        yield SimpleNamespace(data=data, codes=np.array(codes), codec=load_codec(checkpoint))


def number_in(text: str) -> int:
    found = re.search(r"item ([\d,]+)", text.lower())
    assert found, text
    return int(found[1].replace(",", ""))


def check(page: Page, truth: SimpleNamespace, pinned: int | None = None) -> int:
    """Once all answers are here, every part is of one item, and is what that item has."""
    page.wait_for_function(SETTLED)
    title = page.locator(".zmap-card-title").first.inner_text()
    captions = page.locator(".zmap-pair figcaption").all_inner_texts()
    is_place = title == "What lives here"
    item = number_in(captions[0] if is_place else title)
    wanted = truth.data.items[item, 0]
    assert pixels(page, 0)[::4] == wanted.reshape(-1).tolist()
    label = page.locator(".zmap-facts dd").first.inner_text()
    assert label == str(truth.data.attributes["label"].iloc[item])
    if is_place:
        assert number_in(page.locator(".zmap-card .zmap-caption").nth(2).inner_text()) == item
    else:
        import torch

        with torch.no_grad():
            code = torch.from_numpy(truth.codes[item : item + 1])
            back = truth.codec.decode(code).numpy().reshape(-1)
        shown = np.array(pixels(page, 1)[::4]) / 255
        assert np.abs(shown - np.clip(back, 0, 1)).max() < 0.01
    if pinned is not None:
        rows = page.locator(".zmap-near-row")
        expect(rows).to_have_count(2)
        assert number_in(rows.first.inner_text()) == pinned
        tiles = rows.first.locator("button").evaluate_all(
            "(all) => all.map((b) => +b.dataset.item)"
        )
        near, _ = nearest_others(truth.codes, np.array([pinned]), 12)
        assert tiles == near[0].tolist()
    assert page.evaluate("window.wrong") == []
    return item


def test_all_parts_are_of_one_thing_in_every_state(page: Page, map_world, truth) -> None:
    open_map(page, map_world)
    page.evaluate(WATCH)
    place = item_place(page)
    first = check(page, truth)
    x, y, width, height = surface(page)
    page.mouse.move(*place, steps=5)
    assert check(page, truth) == first
    page.mouse.click(*place)
    assert check(page, truth, pinned=first) == first
    page.click("[data-tool=here]")
    for share in (0.2, 0.5, 0.8):  # places, near one item and another
        page.mouse.move(x + share * width, y + 0.8 * height, steps=7)
        check(page, truth, pinned=first)
    page.mouse.move(x + width + 40, y - 30)  # away: the pinned one again
    assert check(page, truth, pinned=first) == first
    page.locator(".zmap-near-row button").nth(5).hover()
    assert check(page, truth, pinned=first) != first
    page.click("[data-tool=move]")
    for step in range(12):  # quick moves over items
        page.mouse.move(x + (0.2 + step / 20) * width, y + 0.6 * height)
    check(page, truth, pinned=first)
    before = page.locator(".zmap").get_attribute("data-painted") or ""
    segment(page, "UMAP").click()
    painted(page, other_than=before)
    check(page, truth, pinned=first)


def test_other_codecs_and_maps_change_all_parts_together(page: Page, map_world, truth) -> None:
    open_map(page, map_world, beside="UMAP%20of%20codes")
    page.wait_for_function("() => document.querySelectorAll('.zmap[data-painted]').length === 2")
    page.evaluate(WATCH)
    first = (item_place(page), check(page, truth))[1]
    (x0, y0), (x1, y1) = corners(page, 0.9, nth=1)
    page.locator(".zmap-surface").nth(1).scroll_into_view_if_needed()
    page.mouse.move(x0, y0)
    page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2, steps=25)  # the other map's items
    page.wait_for_function(
        "(of) => document.querySelector('.zmap-card').dataset.of !== of", arg=f"item {first:,}"
    )
    other = check(page, truth)
    page.keyboard.press("Escape")
    field = page.get_by_test_id("stSelectbox").filter(has_text="Checkpoint").locator("input")
    field.click()
    page.get_by_role("option", name=f"{explore_world.NAME}-pca-2", exact=True).click()
    caption = page.locator(".zmap-pair figcaption").nth(1)
    expect(caption).to_have_text("PCA, 2 axes")
    with home_at(map_world.home):
        checkpoint = find_checkpoint(f"{explore_world.NAME}-pca-2")
        codes = np.array(cached_codes(checkpoint, truth.data))
        codec = load_codec(checkpoint)
    page.wait_for_function(SETTLED)
    assert check(page, SimpleNamespace(data=truth.data, codes=codes, codec=codec)) == other


@pytest.mark.parametrize("slow", ["item", "pictures"])
def test_slow_answers_out_of_order_are_not_taken_for_others(
    page: Page, map_world, truth, slow: str
) -> None:
    """The first item's answer comes after the second's."""
    open_map(page, map_world)
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(f"**/api/{slow}/**", hold_first)
    page.evaluate(WATCH)
    page.locator(".zmap-surface").focus()
    with page.expect_request(lambda request: f"api/{slow}" in request.url):
        page.keyboard.press("ArrowRight")
    wait_on(page, lambda: held)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    if slow == "item":
        check(page, truth)
    expect(page.locator(".zmap-card-title")).to_contain_text("Item")
    with page.expect_response(lambda answer: f"api/{slow}" in answer.url):
        held[0].continue_()
    check(page, truth)
