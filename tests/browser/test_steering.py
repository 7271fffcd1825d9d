"""In real Chromium: the pictures follow the hand, the link reproduces the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from ae_core.data.catalogue import load_data_set
from benchmarks.serving import Server
from tests.browser import steering
from tests.waiting import rerun_ended, wait_on

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(
    serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Addresses of the app's pages, with a trained autoencoder for the digits in its home."""
    home = tmp_path_factory.mktemp("steering")
    with steering.home_at(home):
        steering.train_digits(home)
    base = serve("app.py", home=home).url

    def address(page: str, **query: str) -> str:
        asked = {"data": "digits", "checkpoint": "digits-ae", **query}
        return f"{base}/{page}?" + "&".join(f"{name}={value}" for name, value in asked.items())

    return address


@pytest.mark.parametrize(("name", "control"), [("", "t"), ("algebra", "w1"), ("dimensions", None)])
def test_60_moves_change_both_pictures_55_times(
    page: Page, world: Callable[[str], str], name: str, control: str | None
) -> None:
    steering.open_stage(page, world(name))
    knob = steering.slider(page, control) if control else page.locator(".slider").first
    knob.scroll_into_view_if_needed()
    seen = steering.drag(page, knob)
    assert len(seen[0]) == 2
    for canvas in range(2):
        assert steering.n_changes(seen, canvas) >= 55


@pytest.mark.parametrize("name", ["", "algebra", "dimensions"])
def test_both_pictures_are_equal_and_large(
    page: Page, world: Callable[[str], str], name: str
) -> None:
    steering.open_stage(page, world(name))
    boxes = [page.locator(".panel canvas").nth(index).bounding_box() for index in range(2)]
    assert boxes[0]["width"] == boxes[1]["width"] >= 256
    assert boxes[0]["height"] == boxes[1]["height"] >= 256
    assert boxes[0]["y"] == boxes[1]["y"]


def test_morph_link_reproduces_items_way_and_place(page: Page, world: Callable[[str], str]) -> None:
    steering.open_stage(page, world("", items="3,17,40", way="spherical"))
    knob = steering.slider(page, "t")
    knob.focus()
    for _ in range(20):
        knob.press("ArrowRight")
    page.wait_for_function("() => new URL(location).searchParams.get('at') !== null")
    rerun_ended(page)
    place = knob.get_attribute("aria-valuenow")
    assert float(place) == pytest.approx(0.7, abs=0.01)
    link, pixels = page.url, page.locator(".panel canvas").first.screenshot()
    steering.open_stage(page, link)
    assert knob.get_attribute("aria-valuenow") == place
    assert page.locator(".panel canvas").first.screenshot() == pixels
    expect(page.get_by_role("button", name="Replace item")).to_have_count(3)


def test_a_neighbour_takes_the_place_of_the_nearest_key(
    page: Page, world: Callable[[str], str]
) -> None:
    steering.open_stage(page, world("", items="3,17"))
    page.get_by_role("button", name="Use item").nth(2).click()
    page.wait_for_function("() => !/items=3(%2C|,)17(&|$)/.test(location.search)")
    rerun_ended(page)
    expect(page.get_by_role("button", name="Replace item")).to_have_count(2)


def test_morph_key_is_replaced_by_search(page: Page, world: Callable[[str], str]) -> None:
    steering.open_stage(page, world("", items="3,17"))
    page.get_by_role("button", name="Replace item 17").click()
    box = page.get_by_role("textbox", name="Search")
    box.fill("digit = 7")
    box.press("Enter")
    expect(page.get_by_text("179 items answer")).to_be_visible()
    page.locator('[data-testid="stMain"]').get_by_role("button", name="Use item").first.click()
    page.wait_for_function("() => !/17(&|$)/.test(location.search)")
    rerun_ended(page)
    assert not page.locator('[data-testid="stException"]').count()


def test_algebra_swaps_its_item_and_keeps_the_weights(
    page: Page, world: Callable[[str], str]
) -> None:
    steering.open_stage(page, world("algebra"))
    knob = steering.slider(page, "w1")
    knob.focus()
    for _ in range(10):
        knob.press("ArrowLeft")
    page.wait_for_function("() => new URL(location).searchParams.get('weights') !== null")
    rerun_ended(page)
    page.get_by_role("button", name="Another example").click()
    page.wait_for_function("() => new URL(location).searchParams.get('sum') !== null")
    rerun_ended(page)
    assert float(knob.get_attribute("aria-valuenow")) == pytest.approx(0.5, abs=0.01)


def test_dimensions_reset_puts_the_hand_back(page: Page, world: Callable[[str], str]) -> None:
    steering.open_stage(page, world("dimensions"))
    canvas = page.locator(".panel canvas").first
    before = canvas.screenshot()
    page.get_by_role("button", name="Random").click()
    wait_on(page, lambda: canvas.screenshot() != before)
    page.get_by_role("button", name="Reset").click()
    wait_on(page, lambda: canvas.screenshot() == before)


def test_dimensions_starts_from_a_picture_of_one_s_own(
    page: Page, world: Callable[[str], str], tmp_path: Path
) -> None:
    """One that cannot be read is refused beside the uploader, and the page goes on."""
    steering.open_stage(page, world("dimensions"))
    before = steering.pixels(page)
    page.get_by_role("button", name="Start: the mean code").click()
    files = page.locator("[data-testid=stFileUploaderDropzoneInput]")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    files.set_input_files(tmp_path / "broken.png")
    expect(page.get_by_text("'broken.png' cannot be read")).to_be_visible()
    rerun_ended(page)
    assert steering.pixels(page) == before
    Image.fromarray(load_data_set("digits").items[0, 0]).save(tmp_path / "own.png")
    files.set_input_files(tmp_path / "own.png")
    expect(page.get_by_role("button", name="Start: your picture")).to_be_visible()
    page.wait_for_function("() => new URL(location).searchParams.get('start') === 'picture'")
    wait_on(page, lambda: steering.pixels(page) != before)


@pytest.mark.parametrize("width", [1600, 1280, 800])
def test_nothing_lies_over_a_traversal(page: Page, world: Callable[[str], str], width: int) -> None:
    """Pictures that stay in sight while the page scrolls end where the strips begin."""
    page.set_viewport_size({"width": width, "height": 700})
    steering.open_stage(page, world("dimensions", traversals="1"))
    strips = page.locator(".strip")
    expect(strips).to_have_count(8)
    for place in range(8):
        strip = strips.nth(place)
        strip.evaluate("strip => strip.scrollIntoView({ block: 'center' })")
        on_top = strip.evaluate(
            """strip => {
              const { x, y, width, height } = strip.getBoundingClientRect();
              const root = strip.getRootNode();
              return [0.1, 0.5, 0.9].map((share) =>
                strip.contains(root.elementFromPoint(x + share * width, y + height / 2)));
            }"""
        )
        assert on_top == [True, True, True], f"strip {place} of 8"


@pytest.mark.parametrize("width", [1280, 390])
def test_every_kind_of_term_is_in_sight(
    page: Page, world: Callable[[str], str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    steering.open_stage(page, world("algebra"))
    page.get_by_role("button", name="Change digit = 0").first.click()
    expect(page.get_by_text("Direction, others held fixed", exact=True)).to_be_visible()
    for words in ("One item", "All who answer", "Direction, others held fixed"):
        box = page.get_by_text(words, exact=True).bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width - 16
