"""The map's page in a browser test: open it, wait for it, read it, and three kinds of hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from playwright.sync_api import Page

from tests.waiting import stands_still

WAIT_MS = 180_000
REACTION_MS = 30_000
Place = tuple[float, float]


def open_map(page: Page, world: SimpleNamespace, **query: str) -> None:
    page.set_default_timeout(WAIT_MS)
    asked = {"data": "blots", "checkpoint": "blots-pca", **query}
    page.goto(f"{world.url}/explore?" + "&".join(f"{name}={asked[name]}" for name in asked))
    painted(page)
    page.locator(".zmap[data-live=ready]").first.wait_for(timeout=WAIT_MS)
    page.set_default_timeout(REACTION_MS)


def painted(page: Page, other_than: str = "") -> str:
    """Wait for the points, and give their address."""
    selector = f'.zmap[data-painted]:not([data-painted="{other_than}"])'
    page.wait_for_selector(selector, timeout=WAIT_MS)
    return page.locator(".zmap").first.get_attribute("data-painted") or ""


def surface(page: Page, nth: int = 0) -> tuple[float, float, float, float]:
    box = page.locator(".zmap-surface").nth(nth).bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def corners(page: Page, share: float, nth: int = 0) -> tuple[Place, Place]:
    """Two opposite corners of the middle `share` of the map."""
    x, y, width, height = surface(page, nth)
    low, high = (1 - share) / 2, (1 + share) / 2
    return (x + width * low, y + height * low), (x + width * high, y + height * high)


def draw_box(page: Page, share: float, nth: int = 0) -> None:
    """Draw a box round the middle `share` of the map."""
    page.locator("button[data-tool=box]").nth(nth).click()
    Mouse(page).drag(corners(page, share, nth))


def group_size(page: Page) -> int:
    return int(page.locator(".zmap").first.get_attribute("data-group") or 0)


def pixels(page: Page, nth: int) -> list[int]:
    script = """(canvas) => [...canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data]"""
    found: list[int] = page.locator(".zmap-pair canvas").nth(nth).evaluate(script)
    return found


VIEW = """() => {
  const { xaxis, yaxis } = document.querySelector(".zmap-plot")._fullLayout;
  return [...xaxis.range, ...yaxis.range];
}"""


def view(page: Page) -> list[float]:
    """Ends of the two axes: left, right, bottom, top."""
    found: list[float] = page.evaluate(VIEW)
    return found


def wait_for_view(page: Page, condition: str) -> None:
    """Wait until the ends of the axes are so, in JavaScript: "left > 3"."""
    page.wait_for_function(
        f"() => {{ const [left, right, bottom, top] = ({VIEW})(); return {condition}; }}"
    )


RING = """() => {
  const { x, y, width, height } = document.querySelector(".zmap-ring").getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}"""


def item_place(page: Page) -> Place:
    """Where an item near the middle is on the screen; nothing is pointed at afterwards."""
    page.locator(".zmap-surface").first.focus()
    page.keyboard.press("ArrowRight")
    ring = page.locator(".zmap-ring").first
    ring.wait_for()
    box = stands_still(page, RING)
    return box["x"], box["y"]


class Mouse:
    """A real mouse."""

    def __init__(self, page: Page) -> None:
        self.mouse = page.mouse
        self.page = page

    def tap(self, place: Place) -> None:
        self.mouse.move(*place)
        self.mouse.down()
        self.mouse.up()

    def drag(self, places: Sequence[Place], key: str = "") -> None:
        """Press at the first place, go to the others, release, with a key held."""
        self.mouse.move(*places[0])
        if key:
            self.page.keyboard.down(key)
        self.mouse.down()
        for place in places[1:]:
            self.mouse.move(*place, steps=8)
        self.mouse.up()
        if key:
            self.page.keyboard.up(key)

    def zoom(self, place: Place) -> None:
        self.mouse.move(*place)
        self.mouse.wheel(0, -200)

    def go(self, place: Place) -> None:
        self.mouse.move(*place)


class Touch:
    """Fingers, through Chromium's own events; the page's context has touch."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.page = page

    def _send(self, kind: str, places: Sequence[Place]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        told: dict[str, Any] = {"type": kind, "touchPoints": points}
        self.session.send("Input.dispatchTouchEvent", told)

    def tap(self, place: Place) -> None:
        self.drag([place])

    def drag(self, places: Sequence[Place], key: str = "") -> None:
        """`key`: what the button of that meaning does, as fingers have no keys."""
        if key:
            name = {"Shift": "Add what", "Alt": "Take what"}[key]
            self.page.get_by_role("button", name=name).first.click()
        self._send("touchStart", places[:1])
        for start, end in pairwise(places):
            for step in range(1, 9):
                share = step / 8
                place = tuple(a + share * (b - a) for a, b in zip(start, end, strict=True))
                self._send("touchMove", [place])
        self._send("touchEnd", [])

    def zoom(self, place: Place) -> None:
        x, y = place
        self._send("touchStart", [(x - 20, y)])
        self._send("touchStart", [(x - 20, y), (x + 20, y)])
        for apart in range(24, 60, 4):
            self._send("touchMove", [(x - apart, y), (x + apart, y)])
        self._send("touchEnd", [])

    def go(self, place: Place) -> None:
        self.tap(place)
