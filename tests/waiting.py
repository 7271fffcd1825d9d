"""Waiting in tests: until a condition holds, for animation frames, for the end of a rerun.

No other file of the tests sleeps (`tests/test_tests.py`): a fixed wait is too long on a fast
machine and too short on a busy one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from playwright.sync_api import Page

T = TypeVar("T")

_PAUSE_S = 0.02


def wait_until(
    condition: Callable[[], T | None], *, timeout_s: float = 60, explain: Callable[[], object] = str
) -> T:
    """Poll until `condition()` is true.

    Args:
        condition: Looked at every 20 ms.
        timeout_s: How long it may take.
        explain: What to say when it took longer.

    Returns:
        What `condition()` gave.

    Raises:
        TimeoutError: It did not become true in time.
    """
    deadline_s = time.monotonic() + timeout_s
    while not (result := condition()):
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"It was not so within {timeout_s} s. {explain()}".strip())
        time.sleep(_PAUSE_S)
    return result


async def wait_in_loop(condition: Callable[[], object], *, timeout_s: float = 10) -> None:
    """The same in a coroutine: other tasks of the loop go on.

    Raises:
        TimeoutError: It did not become true in time.
    """
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(_PAUSE_S)


def wait_on(page: Page, condition: Callable[[], T | None], *, timeout_s: float = 20) -> T:
    """The same while a browser's page goes on: routes and handlers of the test are called.

    For what only Python can tell; what the page can tell is `page.wait_for_function`.

    Raises:
        TimeoutError: It did not become true in time.
    """
    deadline_s = time.monotonic() + timeout_s
    while not (result := condition()):
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"It was not so within {timeout_s} s.")
        page.wait_for_timeout(1_000 * _PAUSE_S)
    return result


def animation_frames(page: Page, n_frames: int) -> None:
    """Let the browser draw so many frames: whatever moves by frames has moved then."""
    page.evaluate(
        """async (n) => {
          for (let i = 0; i < n; i += 1) await new Promise(requestAnimationFrame);
        }""",
        n_frames,
    )


def rerun_ended(page: Page) -> None:
    """Wait until no script runs, nor is going to by itself.

    Only after something that the rerun has sent, or it may not have begun.
    """
    app = '[data-testid="stApp"][data-test-script-state="notRunning"]'
    page.locator(app).wait_for(state="attached", timeout=60_000)


def stands_still(page: Page, boxes: str) -> Any:
    """Wait until fonts are there and what `boxes` measures is the same in two frames; give it.

    Args:
        page: The page.
        boxes: JavaScript, a function that returns what is measured.
    """
    rerun_ended(page)
    return page.evaluate(
        """async (boxes) => {
          await document.fonts.ready;
          const measure = eval(boxes);
          for (let before = "", after = null; ; before = after) {
            await new Promise(requestAnimationFrame);
            after = JSON.stringify(measure());
            if (after === before) return measure();
          }
        }""",
        f"({boxes})",
    )
