"""The live controls under real hands: mouse, touch, keys, wheel, typing."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.serving import Server
from tests.waiting import animation_frames, rerun_ended, stands_still

pytestmark = pytest.mark.browser

WATCH = """() => {
  window.painted = [];
  document.addEventListener("zoetrope-painted", ({ detail }) => window.painted.push(detail));
}"""
# Counted where the event ends, when whoever listens on its way has seen it.
COUNT_WHEEL_EVENTS = """() => {
  window.n_wheel_events = 0;
  window.addEventListener("wheel", () => { window.n_wheel_events += 1; }, { passive: true });
}"""
# Pixels of all canvases at this moment, as one number each.
HASHES = """() => {
  const roots = [...document.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean);
  return roots.flatMap((root) => [...root.querySelectorAll(".panel canvas")]).map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let hash = 0;
    for (let i = 0; i < data.length; i += 4) hash = (31 * hash + data[i] + 7 * data[i + 1]) | 0;
    return hash;
  });
}"""

Show = Callable[..., Page]


@pytest.fixture(scope="session")
def live_url(serve: Callable[..., Server]) -> str:
    return serve("tests/browser/apps/live_app.py").url


@pytest.fixture
def show(page: Page, live_url: str) -> Show:
    """Open a stage and wait for its pictures."""

    def opened(name: str, *, tab: Page = page, pictures: int = 2) -> Page:
        tab.goto(f"{live_url}/?show={name}&codec=faces-16")
        expect(tab.locator(".panel:not(.empty)")).to_have_count(pictures, timeout=60_000)
        tab.evaluate(WATCH)
        return tab

    return opened


def slider(page: Page, control: str) -> Locator:
    return page.locator(f'.slider[data-control="{control}"]')


def value(page: Page, control: str) -> float:
    return float(slider(page, control).get_attribute("aria-valuenow") or "nan")


def in_python(page: Page, control: str, expected: float) -> None:
    """Wait until the page's script has the value."""
    page.wait_for_function(
        """([control, expected]) => {
          const text = document.querySelector("[data-testid=stCode] code")?.textContent;
          return text && Math.abs(JSON.parse(text)[control] - expected) < 1e-3;
        }""",
        arg=[control, expected],
        timeout=20_000,
    )


def wait_for_paint(page: Page, n_before: int) -> None:
    page.wait_for_function("(n) => window.painted.length > n", arg=n_before, timeout=10_000)


def middle(target: Locator) -> tuple[float, float, float]:
    """(left, width, y of the middle) in CSS pixels."""
    box = target.bounding_box()
    assert box is not None
    return box["x"], box["width"], box["y"] + box["height"] / 2


def test_every_move_of_a_drag_is_painted_on_all_panels(show: Show) -> None:
    page = show("morph")
    left, width, y = middle(slider(page, "t"))
    page.mouse.move(left + 10, y)
    page.mouse.down()
    seen = [page.evaluate(HASHES)]
    for step in range(1, 31):
        n_before = page.evaluate("window.painted.length")
        page.mouse.move(left + 10 + step * (width - 20) / 30, y)
        wait_for_paint(page, n_before)
        seen.append(page.evaluate(HASHES))
    page.mouse.up()
    for before, after in pairwise(seen):
        assert before[0] != after[0]
        assert before[1] != after[1]
    in_python(page, "t", value(page, "t"))
    assert value(page, "t") > 0.95


def test_panels_never_show_different_hand_positions(show: Show) -> None:
    page = show("twins")
    page.get_by_role("button", name="Play").click()
    seen = page.evaluate(
        """async (hashes) => {
          const read = eval(hashes), seen = [], until = performance.now() + 2000;
          while (performance.now() < until) {
            await new Promise(requestAnimationFrame);
            seen.push(read());
          }
          return seen;
        }""",
        HASHES,
    )
    assert len({left for left, _ in seen}) > 5
    assert all(left == right for left, right in seen)


def test_the_keyboard_alone_is_enough(show: Show) -> None:
    page = show("morph")
    page.locator("h1").click()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.shadowRoot?.activeElement?.role") == "slider":
            break
    steps = {
        "ArrowRight": 0.01,
        "ArrowUp": 0.02,
        "ArrowLeft": 0.01,
        "PageUp": 0.11,
        "PageDown": 0.01,
        "Shift+ArrowRight": 0.11,
        "End": 1.0,
        "Home": 0.0,
    }
    for key, expected in steps.items():
        page.keyboard.press(key)
        assert value(page, "t") == pytest.approx(expected), key
    page.keyboard.press("End")
    page.keyboard.press("Delete")
    assert value(page, "t") == 0
    page.keyboard.press("Tab")  # to the number
    page.keyboard.type("0,37")
    page.keyboard.press("Enter")
    assert value(page, "t") == pytest.approx(0.37)
    in_python(page, "t", 0.37)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # play
    page.wait_for_function("window.painted.length > 20", timeout=20_000)
    page.keyboard.press("Space")
    in_python(page, "t", value(page, "t"))


@pytest.mark.parametrize(("typed", "expected"), [("99", 3), ("-99", -3), ("x", 1), ("", 1)])
def test_typed_numbers_are_held_in_the_range(show: Show, typed: str, expected: float) -> None:
    page = show("bank")
    number = page.get_by_label("z4, number")
    number.fill("1")
    number.press("Enter")
    number.fill(typed)
    number.press("Enter")
    assert value(page, "z4") == expected
    in_python(page, "z4", expected)


def test_wheel_moves_a_focused_slider_and_else_the_page(show: Show) -> None:
    page = show("bank")
    page.evaluate(COUNT_WHEEL_EVENTS)
    slider(page, "z1").hover()
    page.mouse.wheel(0, -100)
    page.wait_for_function("() => window.n_wheel_events === 1")
    animation_frames(page, 2)
    assert value(page, "z1") == 0
    slider(page, "z1").focus()
    slider(page, "z1").hover()
    page.mouse.wheel(0, -100)
    expect(slider(page, "z1")).not_to_have_attribute("aria-valuenow", "0")
    assert value(page, "z1") > 0
    in_python(page, "z1", value(page, "z1"))


def test_double_click_and_the_buttons_reset(show: Show) -> None:
    page = show("algebra")
    page.get_by_role("button", name="Random").click()
    assert value(page, "term0") != 1
    slider(page, "term0").dblclick()
    assert value(page, "term0") == 1
    moved = value(page, "term1")
    assert moved != 0
    page.get_by_role("button", name="Reset all").click()
    assert [value(page, f"term{i}") for i in range(3)] == [1, 0, 0]
    in_python(page, "term1", 0)


def test_the_pad_moves_two_numbers_with_one_message(show: Show) -> None:
    page = show("algebra")
    plane = page.locator(".plane")
    left, width, y = middle(plane)
    n_before = page.evaluate("window.painted.length")
    page.mouse.move(left + width * 0.75, y)
    page.mouse.down()
    wait_for_paint(page, n_before)
    page.mouse.move(left + width * 0.75, y - 0.25 * width)
    page.mouse.up()
    assert value(page, "term1") == pytest.approx(1, abs=0.05)
    assert value(page, "term2") == pytest.approx(1, abs=0.05)
    in_python(page, "term2", value(page, "term2"))
    page.keyboard.press("ArrowDown")
    assert value(page, "term2") < 1


def test_touch_drags_a_slider(show: Show, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 800, "height": 900}, has_touch=True)
    page = show("morph", tab=context.new_page())
    left, width, y = middle(slider(page, "t"))
    touch = context.new_cdp_session(page)

    def send(kind: str, at: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": left + at * width, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    n_before = page.evaluate("window.painted.length")
    send("touchStart", 0.1)
    for step in range(1, 15):
        send("touchMove", 0.1 + step * 0.05)
        animation_frames(page, 1)
    wait_for_paint(page, n_before + 3)
    send("touchEnd", 0.8)
    assert value(page, "t") == pytest.approx(0.8, abs=0.05)
    in_python(page, "t", value(page, "t"))
    context.close()


def test_play_goes_back_and_forth_and_a_hand_stops_it(show: Show) -> None:
    page = show("morph")
    page.get_by_label("Speed").select_option("4")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        """() => {
          const at = [...document.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean)
            .map((r) => r.querySelector(".slider")).find(Boolean).getAttribute("aria-valuenow");
          window.places = [...(window.places ?? []), Number(at)];
          const turns = window.places.filter((p, i, all) => i > 1 && i < all.length - 1 &&
            (p - all[i - 1]) * (all[i + 1] - p) < 0).length;
          return turns >= 2;
        }""",
        timeout=20_000,
    )
    page.get_by_role("button", name="Pause").click()
    stopped = value(page, "t")
    animation_frames(page, 20)  # playing moves it in each
    assert value(page, "t") == stopped
    in_python(page, "t", stopped)


def test_strip_follows_the_hand_and_a_click_on_it_moves_the_hand(show: Show) -> None:
    page = show("morph")
    strip = page.locator(".strip").first
    page.wait_for_function("() => window.painted.length >= 0")
    expect(strip.locator("canvas")).to_have_attribute("width", str(9 * 16), timeout=20_000)
    left, width, y = middle(strip.locator("canvas"))
    page.mouse.click(left + width * 0.99, y)
    assert value(page, "t") == 1
    in_python(page, "t", 1)


def test_a_missing_checkpoint_says_so_and_the_other_panel_lives(show: Show) -> None:
    page = show("wrong", pictures=1)
    expect(page.locator(".panel.empty .note")).to_contain_text("'missing' does not exist")
    n_before = page.evaluate("window.painted.length")
    slider(page, "a").press("ArrowRight")
    wait_for_paint(page, n_before)


def test_a_value_from_the_page_moves_the_hand(show: Show) -> None:
    page = show("moved", pictures=1)
    slider(page, "a").press("ArrowRight")
    in_python(page, "a", value(page, "a"))
    page.get_by_role("button", name="Put it at 2").click()
    page.wait_for_function(
        "document.querySelector('[data-testid=stCode]').textContent.includes('2')"
    )
    assert value(page, "a") == 2
    slider(page, "a").dblclick()
    assert value(page, "a") == 0


def test_gauges_follow_the_sliders(show: Show) -> None:
    page = show("bank")
    number = page.get_by_label("z0, number")
    number.fill("3")
    number.press("Enter")
    expect(page.locator(".gauge b").first).to_have_text("3.0")


@pytest.mark.parametrize("width", [1280, 800])
def test_nothing_moves_when_numbers_change(show: Show, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    show("algebra")
    boxes = """() => [...document.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean)
      .flatMap((root) => [...root.querySelectorAll("canvas, figcaption, .row, .number, .foot")])
      .map((e) => e.getBoundingClientRect()).map((b) => [b.x, b.y, b.width, b.height])"""
    before = stands_still(page, boxes)
    n_before = page.evaluate("window.painted.length")
    page.get_by_role("button", name="Random").click()
    wait_for_paint(page, n_before)
    in_python(page, "term1", value(page, "term1"))
    assert stands_still(page, boxes) == before


@pytest.mark.parametrize("width", [1280, 800])
def test_pictures_are_equal_large_and_crisp(show: Show, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    show("bank")
    sizes = page.locator(".panel canvas").evaluate_all(
        """(all) => all.map((c) =>
          [c.clientWidth, c.clientHeight, getComputedStyle(c).imageRendering])"""
    )
    assert sizes[0] == sizes[1]
    assert min(sizes[0][:2]) >= 256
    assert sizes[0][2] == "pixelated"
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0


def test_pictures_are_smoothed_where_the_person_wants_it_and_stay_so(
    show: Show, page: Page
) -> None:
    show("bank")
    picture, switch = page.locator(".panel canvas").first, page.get_by_label("Smooth pictures")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(picture).to_have_css("image-rendering", "auto")
    show("morph")  # another page, loaded anew
    expect(picture).to_have_css("image-rendering", "auto")
    switch.press("Enter")
    expect(picture).to_have_css("image-rendering", "pixelated")


def test_two_pictures_stay_side_by_side_on_a_narrow_screen(show: Show, page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 800})
    show("morph")
    boxes = [page.locator(".panel canvas").nth(i).bounding_box() for i in range(2)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["width"] == boxes[1]["width"]
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["bank", "algebra", "morph"])
def test_axe_finds_nothing(show: Show, page: Page, name: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    show(name)
    rerun_ended(page)
    page.evaluate("document.fonts.ready.then(() => true)")
    results = Axe().run(page, context={"include": [["[data-testid=stBidiComponentIsolated]"]]})
    violations = [
        (violation["id"], [node["html"][:120] for node in violation["nodes"]])
        for violation in results.response["violations"]
    ]
    assert not violations, json.dumps(violations, indent=1)
