"""The app as a whole: links, presentation, and that it talks to nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ae_core.locations import project_root
from benchmarks.serving import Server
from tests.waiting import rerun_ended, wait_on

pytestmark = pytest.mark.browser

PAGES = {
    "home": "Zoetrope",
    "morph": "Morph",
    "algebra": "Algebra",
    "dimensions": "Dimensions",
    "explore": "Explore",
    "versus_pca": "Versus PCA",
    "train": "Train",
    "data": "Data",
}
PAINTED = "figure:not(.empty) canvas"


@pytest.mark.parametrize(("path", "title"), PAGES.items())
def test_every_page_opens_by_its_address_and_talks_to_nobody(
    page: Page, server: str, path: str, title: str
) -> None:
    outside: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))
            else outside.append(request.url)
        ),
    )
    page.goto(f"{server}/{path}?data=digits")
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=60_000)
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    assert outside == []


def test_the_home_page_follows_the_mouse_before_anything_is_loaded(page: Page, server: str) -> None:
    page.goto(server)
    expect(page).to_have_url(re.compile("/home"))
    slider = page.get_by_role("slider", name="From one face to another")
    expect(slider).to_be_visible(timeout=60_000)
    box = slider.bounding_box()
    assert box is not None
    seen = set()
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in range(1, 11):
        page.mouse.move(box["x"] + share / 10 * (box["width"] - 8), box["y"] + box["height"] / 2)
        picture = page.get_by_role("img", name="A face between two others")
        seen.add(picture.evaluate("picture => getComputedStyle(picture).backgroundPositionX"))
    page.mouse.up()
    assert len(seen) == 10 and "100%" in seen


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_bears_the_name(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("data?data=digits", "train?data=digits"):
        page.goto(f"{server}/{path}")
        logo = page.get_by_test_id("stSidebarLogo" if width > 768 else "stHeaderLogo")
        expect(logo).to_be_visible(timeout=60_000)
        box = logo.bounding_box()
        assert box is not None and box["y"] >= 0 and box["height"] >= 16


def test_the_tab_has_our_icon(page: Page, server: str) -> None:
    page.goto(f"{server}/data?data=digits")
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible(timeout=60_000)
    icons = page.locator("link[rel~=icon]").evaluate_all("links => links.map(({ href }) => href)")
    assert icons == [f"{server}/favicon.png"]
    icon = page.request.get(icons[0])
    assert icon.body() == (project_root() / "zoetrope" / "ui" / "static" / "icon.png").read_bytes()


def test_key_p_presents_stage_and_hand_alone_and_back(page: Page, server: str) -> None:
    page.goto(f"{server}/?data=digits")
    page.wait_for_selector(PAINTED, timeout=60_000)
    before = page.locator(PAINTED).first.bounding_box()
    page.keyboard.press("p")
    expect(page.locator("[data-testid=stSidebar]")).to_be_hidden(timeout=30_000)
    expect(page.get_by_text("Nearest real items")).to_have_count(0, timeout=30_000)
    larger = page.locator(PAINTED).first.bounding_box()
    assert before is not None and larger is not None and larger["width"] > before["width"]
    assert "present=1" in page.url
    page.keyboard.press("p")
    expect(page.locator("[data-testid=stSidebar]")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Nearest real items")).to_be_visible(timeout=30_000)


def test_the_letter_p_can_still_be_typed(page: Page, server: str) -> None:
    page.goto(f"{server}/train?data=digits")
    field = page.get_by_label("Name", exact=True)
    field.fill("")
    field.press_sequentially("pip")
    expect(field).to_have_value("pip")
    assert "present" not in page.url


def test_a_broken_checkpoint_is_said_and_the_others_work(
    page: Page, serve: Callable[..., Server], tmp_path: Path
) -> None:
    folder = tmp_path / "home" / "checkpoints" / "mine"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"rubbish")
    (folder / "config.json").write_text('{"schema_version": 99}')
    own = serve("app.py", home=tmp_path / "home")
    page.goto(f"{own.url}/?data=digits&checkpoint=mine")
    said = page.get_by_test_id("stMain").get_by_text("update Zoetrope")  # the sidebar lists it too
    expect(said).to_be_visible(timeout=60_000)
    page.wait_for_selector(PAINTED, timeout=60_000)  # with another checkpoint


def test_another_window_on_the_same_data_is_told_and_forgotten_when_closed(
    page: Page, server: str
) -> None:
    in_use = page.get_by_text("In use in 1 other window.")
    other = page.context.new_page()
    other.goto(f"{server}/data?data=wine")
    expect(other.get_by_role("heading", name="Data", exact=True)).to_be_visible(timeout=60_000)
    rerun_ended(other)
    page.goto(f"{server}/data?data=wine")
    expect(in_use).to_be_visible(timeout=60_000)
    other.close()
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(3)

    def is_forgotten() -> bool:
        page.reload()
        rerun_ended(page)
        return in_use.count() == 0

    wait_on(page, is_forgotten)


def test_escape_leaves_presenting_and_does_not_begin_it(page: Page, server: str) -> None:
    page.goto(f"{server}/?data=digits&present=1")
    page.wait_for_selector(PAINTED, timeout=60_000)
    expect(page.locator("[data-testid=stSidebar]")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("[data-testid=stSidebar]")).to_be_visible(timeout=30_000)
    rerun_ended(page)
    page.keyboard.press("Escape")
    rerun_ended(page)
    assert "present" not in page.url


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_the_title_is_in_sight_beside_a_closed_sidebar(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server}/data?data=digits")
    title = page.get_by_role("heading", name="Data", exact=True)
    expect(title).to_be_visible(timeout=60_000)
    opens = page.get_by_test_id("stExpandSidebarButton")
    if opens.count() == 0:
        page.get_by_test_id("stSidebar").hover()
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(opens).to_be_visible()
    on_top = title.evaluate(
        """title => {
          const { x, y, width, height } = title.getBoundingClientRect();
          return [0.1, 0.5, 0.9].map((share) =>
            title.contains(document.elementFromPoint(x + 8, y + share * height)));
        }"""
    )
    assert on_top == [True, True, True]
