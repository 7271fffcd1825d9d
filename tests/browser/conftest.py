"""Real Chromium against the real server.

`server` is the whole app on a free port with an empty home folder; `serve` starts any other
script; `page` is a fresh tab that fails its test on errors in the browser's console.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from benchmarks.serving import Server, launch_chromium
from benchmarks.serving import serve as serve_script
from tests.browser import explore_world
from tests.browser.steering import home_at

# Console errors that say nothing about our code: part of the text -> why it may stay.
KNOWN_BENIGN: dict[str, str] = {
    "/_stcore/health": "Streamlit looks for its root at each level of a deep link",
    "/_stcore/host-config": "the same",
    "webhooks.fivetran.com": "Streamlit's own telemetry, blocked without a network",
    "data.streamlit.io": "Streamlit's own notices, blocked without a network",
}

SERVERS: list[Server] = []
LOG_CHARACTERS = 4000


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start scripts by path, `serve("tests/browser/apps/x.py", env={...})`; all stop at the end."""
    with ExitStack() as stack:

        def start(script: str | Path, **options: object) -> Server:
            options.setdefault("home", tmp_path_factory.mktemp("home"))
            server = stack.enter_context(serve_script(script, **options))  # type: ignore[arg-type]
            SERVERS.append(server)
            return server

        yield start
    SERVERS.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A page shows no traceback: where a test fails, the servers' logs say what there was."""
    report = yield
    if report.failed:
        for server in SERVERS:
            report.sections.append((f"log of {server.url}", server.log()[-LOG_CHARACTERS:]))
    return report


@pytest.fixture(scope="session")
def app_server(serve: Callable[..., Server]) -> Server:
    """The whole app as a process: `.url`, `.pid`, `.log()`."""
    return serve("app.py")


@pytest.fixture(scope="session")
def server(app_server: Server) -> str:
    """Base URL of the whole app."""
    return app_server.url


@pytest.fixture(scope="session")
def map_world(
    serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> SimpleNamespace:
    """The whole app (`url`) on a home with 24,000 items, their codes and maps (`home`)."""
    home = tmp_path_factory.mktemp("explore")
    with home_at(home):
        explore_world.build(home)
    server = serve("app.py", home=home, env={"ZOETROPE_WARM_UP": "0"})
    return SimpleNamespace(url=server.url, home=home)


# Package scope, not session: Playwright keeps an event loop running in this thread while it is
# open, and tests elsewhere call `asyncio.run`.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # two cores, perhaps busy ones
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def console_errors() -> list[str]:
    """Errors of the page so far; a test that provokes some clears the list."""
    return []


@pytest.fixture
def page(browser: Browser, console_errors: list[str]) -> Iterator[Page]:
    """A fresh tab, 1280 x 800; errors in its console or uncaught exceptions fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    watch_errors(tab, console_errors)
    yield tab
    context.close()
    assert not console_errors, "errors in the browser's console:\n" + "\n".join(console_errors)


def watch_errors(tab: Page, errors: list[str]) -> None:
    """Collect console errors and uncaught exceptions of `tab`, less the known benign ones."""

    def on_console(message: ConsoleMessage) -> None:
        text = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and not any(part in text for part in KNOWN_BENIGN):
            errors.append(text)

    tab.on("console", on_console)
    tab.on("pageerror", lambda error: errors.append(f"uncaught: {error}"))
