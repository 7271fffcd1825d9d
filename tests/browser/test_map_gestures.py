"""Every gesture of every tool of the map: with a real mouse, with fingers, by key.

What a gesture does is one thing, whichever hand makes it; none throws before there is a map.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import explore_world
from tests.browser.conftest import watch_errors
from tests.browser.map_page import (
    Mouse,
    Touch,
    corners,
    draw_box,
    group_size,
    item_place,
    open_map,
    painted,
    surface,
    view,
    wait_for_view,
)

pytestmark = pytest.mark.browser
Hand = Mouse | Touch


@pytest.fixture(params=["mouse", "touch"])
def hand(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Hand]:
    """A mouse, or fingers on a screen that has touch; errors of the page fail the test."""
    errors: list[str] = []
    size = {"width": 1280, "height": 800}
    context = browser.new_context(viewport=size, has_touch=request.param == "touch")
    page = context.new_page()
    watch_errors(page, errors)
    yield Touch(page) if request.param == "touch" else Mouse(page)
    context.close()
    assert not errors, errors


def expect_pin(page: Page, is_there: bool) -> None:
    pin = expect(page.locator(".zmap-pin"))
    pin.to_be_visible() if is_there else pin.to_be_hidden()


@pytest.mark.parametrize("tool", ["move", "lasso", "box", "grid"])
def test_each_click_pins_or_unpins(hand: Hand, map_world, tool: str) -> None:
    page = hand.page
    open_map(page, map_world)
    page.click(f"[data-tool={tool}]")
    place = item_place(page)
    for n_clicks in range(1, 7):
        hand.tap(place)
        expect_pin(page, n_clicks % 2 == 1)
        page.evaluate("() => new Promise((done) => setTimeout(done, 0))")
        expect_pin(page, n_clicks % 2 == 1)
    hand.tap(place)
    expect(page.locator(".zmap-near canvas")).to_have_count(24)
    assert group_size(page) == 0


def test_further_click_events_of_one_press_change_nothing(page: Page, map_world) -> None:
    """plotly.js makes a `click` of its own of a press, beside the browser's or instead of it."""
    open_map(page, map_world)
    place = item_place(page)
    mouse = Mouse(page)
    for is_there in (True, False):
        mouse.tap(place)
        expect_pin(page, is_there)
        page.locator(".zmap .nsewdrag").evaluate(
            """(target, [clientX, clientY]) => {
              const bubbles = true;
              target.dispatchEvent(new MouseEvent("click", { bubbles, clientX, clientY }));
            }""",
            place,
        )
        expect_pin(page, is_there)


def test_enter_pins_and_unpins(page: Page, map_world) -> None:
    open_map(page, map_world)
    item_place(page)
    for is_there in (True, False, True):
        page.keyboard.press("Enter")
        expect_pin(page, is_there)


def test_a_drag_moves_the_map_and_pins_nothing(hand: Hand, map_world) -> None:
    page = hand.page
    open_map(page, map_world)
    x, y = item_place(page)
    before = view(page)
    hand.drag([(x, y), (x + 80, y + 30), (x + 81, y + 31)])
    wait_for_view(page, f"left < {before[0] - 0.01 * (before[1] - before[0])}")
    hand.drag([(x, y), (x + 60, y), (x, y)])  # back to where it began is no click either
    expect_pin(page, False)


def test_arrows_with_shift_move_the_map(page: Page, map_world) -> None:
    open_map(page, map_world)
    page.locator(".zmap-surface").focus()
    x0, x1, y0, _ = view(page)
    page.keyboard.press("Shift+ArrowRight")
    wait_for_view(page, f"left > {x0}")
    page.keyboard.press("Shift+ArrowDown")
    wait_for_view(page, f"bottom < {y0}")
    assert view(page)[1] - view(page)[0] == pytest.approx(x1 - x0)


def test_wheel_and_pinch_zoom_where_the_hand_is(hand: Hand, map_world) -> None:
    page = hand.page
    open_map(page, map_world)
    x, y, width, height = surface(page)
    x0, x1, *_ = view(page)
    for _ in range(3):
        hand.zoom((x + 0.25 * width, y + height / 2))
    wait_for_view(page, f"right - left < {0.8 * (x1 - x0)}")
    after = view(page)
    assert after[0] - x0 < x1 - after[1]  # nearer to the hand less is lost
    expect_pin(page, False)
    page.get_by_role("button", name="Whole map").click()
    wait_for_view(page, f"Math.abs(left - {x0}) < 1e-6")


@pytest.mark.parametrize("moved_by", ["wheel", "keys", "drag"])
def test_a_moved_view_stays_where_it_is(page: Page, map_world, moved_by: str) -> None:
    """A group, a switched category and another colour draw the points anew."""
    open_map(page, map_world, data=explore_world.OTHER, checkpoint=f"{explore_world.OTHER}-pca")
    mouse, whole = Mouse(page), view(page)
    (x0, y0), (x1, y1) = corners(page, 0.3)
    if moved_by == "wheel":
        mouse.zoom((x0, y0))
    elif moved_by == "drag":
        mouse.drag([(x0, y0), (x1, y1)])
    else:
        page.locator(".zmap-surface").focus()
        page.keyboard.press("+")
    wait_for_view(page, f"Math.abs(left - {whole[0]}) > {0.01 * (whole[1] - whole[0])}")
    page.wait_for_selector(".zmap[data-pictures]")  # it has come to rest
    before = view(page)
    page.evaluate(
        """() => {
          window.n_painted = 0;
          const map = document.querySelector(".zmap");
          map.addEventListener("zmap-painted", () => { window.n_painted += 1; });
        }"""
    )
    draw_box(page, 0.5)
    assert wait_for_group(page, "n > 0")
    page.wait_for_function("window.n_painted > 0")
    n_painted = page.evaluate("window.n_painted")
    page.locator(".zmap-category").first.click()
    page.wait_for_function(f"window.n_painted > {n_painted}")
    assert view(page) == pytest.approx(before)


def test_plus_and_minus_zoom(page: Page, map_world) -> None:
    open_map(page, map_world)
    page.locator(".zmap-surface").focus()
    x0, x1, *_ = view(page)
    page.keyboard.press("+")
    wait_for_view(page, f"right - left < {0.85 * (x1 - x0)}")
    page.wait_for_selector(".zmap[data-pictures]")  # it has come to rest
    page.keyboard.press("-")
    wait_for_view(page, f"Math.abs(right - left - {x1 - x0}) < {1e-3 * (x1 - x0)}")
    page.wait_for_selector(".zmap[data-pictures]")
    page.keyboard.press("0")
    wait_for_view(page, f"Math.abs(left - {x0}) < 1e-6")


def wait_for_group(page: Page, condition: str) -> int:
    page.wait_for_function(
        f"() => {{ const n = +document.querySelector('.zmap').dataset.group; return {condition}; }}"
    )
    return group_size(page)


@pytest.mark.parametrize("tool", ["lasso", "box"])
def test_outlines_choose_add_and_take_away(hand: Hand, map_world, tool: str) -> None:
    page = hand.page
    open_map(page, map_world)
    (x0, y0), (x1, y1) = corners(page, 0.6)
    middle = (x0 + x1) / 2
    page.click(f"[data-tool={tool}]")

    def outline(left: float, right: float) -> list[tuple[float, float]]:
        if tool == "box":
            return [(left, y0), (right, y1)]
        return [(left, y0), (right, y0), (right, y1), (left, y1)]

    hand.drag(outline(x0, middle))
    half = wait_for_group(page, "n > 0")
    hand.drag(outline(middle, x1), key="Shift")
    both = wait_for_group(page, f"n > {half}")
    hand.drag(outline(x0, middle), key="Alt")
    assert wait_for_group(page, f"n < {both}") == both - half
    expect_pin(page, False)


def test_keys_choose_what_is_in_view_add_and_take_away(page: Page, map_world) -> None:
    open_map(page, map_world)
    page.locator(".zmap-surface").focus()
    page.keyboard.press("a")
    everyone = wait_for_group(page, "n > 0")
    assert everyone == explore_world.N_ITEMS
    for _ in range(3):
        page.keyboard.press("+")
    page.keyboard.press("Alt+a")
    outside = wait_for_group(page, f"n < {everyone}")
    page.keyboard.press("Shift+A")
    assert wait_for_group(page, f"n > {outside}") == everyone
    page.keyboard.press("Escape")
    wait_for_group(page, "n === 0")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    wait_for_group(page, "n === 1")
    page.keyboard.press(" ")
    wait_for_group(page, "n === 0")


def decoded(page: Page) -> str:
    found: str = page.locator(".zmap-pair canvas").nth(1).evaluate("(c) => c.toDataURL()")
    return found


def wait_for_other_picture(page: Page, before: str) -> None:
    page.wait_for_function(
        """(before) => document.querySelectorAll(".zmap-pair canvas")[1].toDataURL() !== before""",
        arg=before,
    )


def test_what_lives_here_follows_the_hand(hand: Hand, map_world) -> None:
    page = hand.page
    open_map(page, map_world)
    x, y, width, height = surface(page)
    page.click("[data-tool=here]")
    for share in (0.2, 0.5, 0.8):
        before = decoded(page)
        hand.go((x + width * share, y + height * 0.1))
        wait_for_other_picture(page, before)
    expect(page.locator(".zmap-card-title")).to_have_text("What lives here")
    before = decoded(page)
    hand.drag([(x + 0.8 * width, y + 0.1 * height), (x + 0.3 * width, y + 0.9 * height)])
    wait_for_other_picture(page, before)
    expect(page.locator(".zmap-spot")).to_be_visible()
    expect_pin(page, False)


def test_arrows_go_from_place_to_place(page: Page, map_world) -> None:
    open_map(page, map_world)
    page.locator(".zmap-surface").focus()
    page.keyboard.press("w")
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft"):
        before = decoded(page)
        page.keyboard.press(key)
        wait_for_other_picture(page, before)
    expect(page.locator(".zmap-card-title")).to_have_text("What lives here")


def test_the_grid_is_drawn_by_button_and_key(page: Page, map_world) -> None:
    open_map(page, map_world)
    page.click("[data-tool=grid]")
    page.wait_for_selector(".zmap[data-grid]")
    page.locator(".zmap-surface").focus()
    page.keyboard.press("v")
    page.wait_for_selector(".zmap:not([data-grid])")
    page.keyboard.press("g")
    page.wait_for_selector(".zmap[data-grid]")


def test_a_click_on_a_map_of_three_axes_pins(hand: Hand, map_world) -> None:
    page = hand.page
    open_map(page, map_world, axes="3")
    place = item_place(page)
    for n_clicks in range(1, 6):
        hand.tap(place)
        expect_pin(page, n_clicks % 2 == 1)
    x, y = place
    hand.drag([(x, y), (x + 60, y + 20)])  # turns the map
    expect_pin(page, True)


def test_keys_pin_on_a_map_of_three_axes(page: Page, map_world) -> None:
    open_map(page, map_world, axes="3")
    item_place(page)
    for is_there in (True, False):
        page.keyboard.press("Enter")
        expect_pin(page, is_there)


def make_every_gesture(page: Page) -> None:
    """With the mouse and by key, all tools; the page may be at any stage."""
    mouse = Mouse(page)
    (x0, y0), (x1, y1) = corners(page, 0.5)
    for key in "vlbwg":
        page.locator(".zmap-surface").focus()
        page.keyboard.press(key)
        mouse.tap((x0, y0))
        mouse.zoom((x0, y0))
        for held in ("", "Shift", "Alt"):
            mouse.drag([(x0, y0), (x1, y0), (x1, y1)], key=held)
        for pressed in ("ArrowUp", "Shift+ArrowUp", "+", "0", "Enter", " ", "a", "d", "d"):
            page.keyboard.press(pressed)
    page.get_by_role("button", name="Whole map").click()
    page.keyboard.press("v")


def test_gestures_before_the_points_are_there_do_nothing(page: Page, map_world) -> None:
    """Neither at first, nor when there are other items or axes; and then all goes on."""
    held: list[Route] = []
    page.route("**/api/points/**", lambda route: held.append(route))
    page.set_default_timeout(60_000)
    page.goto(f"{map_world.url}/explore?data=blots&checkpoint=blots-pca")
    page.wait_for_selector(".zmap-surface")
    steps = [
        lambda: select(page, "Data", explore_world.OTHER),
        lambda: select(page, "Data", explore_world.NAME),
        None,
    ]
    before = ""
    for step in steps:
        with page.expect_event("requestfinished", lambda r: "api/points" in r.url):
            make_every_gesture(page)
            assert held and group_size(page) == 0
            for route in held:
                route.continue_()
            held.clear()
        before = painted(page, other_than=before)
        mouse = Mouse(page)
        page.click("[data-tool=box]")
        mouse.drag(corners(page, 0.9))
        wait_for_group(page, "n > 0")
        page.locator(".zmap-surface").focus()
        page.keyboard.press("Escape")
        wait_for_group(page, "n === 0")
        if step:
            step()
            page.wait_for_function("() => performance.now() > 0")


def select(page: Page, label: str, option: str) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()
