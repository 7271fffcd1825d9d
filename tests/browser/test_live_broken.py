"""The live controls where the network or somebody else is against them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from benchmarks.serving import Server
from tests.browser.test_live import HASHES, WATCH, in_python, slider, value, wait_for_paint
from tests.waiting import animation_frames, wait_on

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def live_url(serve: Callable[..., Server]) -> str:
    return serve("tests/browser/apps/live_app.py").url


def open_stage(page: Page, url: str, *, name: str = "morph") -> None:
    page.goto(f"{url}/?show={name}&codec=faces-16")
    expect(page.locator(".panel:not(.empty)")).to_have_count(2, timeout=60_000)
    page.evaluate(WATCH)


def test_a_dropped_socket_comes_back_with_the_hand_where_it_was(page: Page, live_url: str) -> None:
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket("**/api/live", pass_on)
    open_stage(page, live_url)
    slider(page, "t").press("PageUp")
    sockets[-1].close()
    slider(page, "t").press("PageUp")
    wait_on(page, lambda: len(sockets) == 2)
    expect(page.locator(".status")).to_have_text("")
    n_before = page.evaluate("window.painted.length")
    slider(page, "t").press("PageUp")
    wait_for_paint(page, n_before)
    assert len(sockets) == 2
    assert value(page, "t") == pytest.approx(0.3)


def test_where_sockets_are_blocked_reruns_bring_the_pictures(page: Page, live_url: str) -> None:
    page.route_web_socket("**/api/live", lambda socket: socket.close())
    open_stage(page, live_url)
    expect(page.locator(".status")).to_contain_text("socket blocked", timeout=20_000)
    before = page.evaluate(HASHES)
    slider(page, "t").press("PageUp")
    in_python(page, "t", 0.1)
    page.wait_for_function(
        f"(before) => {{ const now = ({HASHES})(); return now.every((h, i) => h !== before[i]) }}",
        arg=before,
        timeout=20_000,
    )


def test_an_expired_token_is_renewed_by_a_rerun(page: Page, live_url: str) -> None:
    """The first socket's hello is answered as if its token were too old."""
    sockets: list[WebSocketRoute] = []

    def refuse_once(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if len(sockets) > 1:
            socket.connect_to_server()
            return

        def refuse(_: str | bytes) -> None:
            socket.send('{"type":"error","id":0,"reason":"The token has expired.","code":"token"}')
            socket.close(code=1008)

        socket.on_message(refuse)

    page.route_web_socket("**/api/live", refuse_once)
    open_stage(page, live_url)
    assert len(sockets) == 2


def test_a_fast_hand_has_one_request_in_flight_and_ends_with_the_newest(
    page: Page, live_url: str
) -> None:
    waiting: list[int] = []  # requests in flight, channel 0, at each request
    in_flight: set[int] = set()

    def count(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def sent(message: str | bytes) -> None:
            if isinstance(message, bytes) and message[10] == 0:
                in_flight.add(int.from_bytes(message[4:8], "little"))
                waiting.append(len(in_flight))
            server.send(message)

        def answered(message: str | bytes) -> None:
            if isinstance(message, bytes):
                in_flight.discard(int.from_bytes(message[4:8], "little"))
            socket.send(message)

        socket.on_message(sent)
        server.on_message(answered)

    page.route_web_socket("**/api/live", count)
    open_stage(page, live_url)
    box = slider(page, "t").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 16)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 30, box["y"] + 16, steps=150)
    page.mouse.up()
    in_python(page, "t", value(page, "t"))
    at_the_end = page.evaluate(HASHES)
    n_requests = len(waiting)
    slider(page, "t").press("ArrowLeft")
    slider(page, "t").press("End")
    in_python(page, "t", 1.0)
    wait_on(page, lambda: len(waiting) > n_requests and not in_flight)
    animation_frames(page, 2)
    assert page.evaluate(HASHES) == at_the_end
    assert len(waiting) > 5
    assert set(waiting) == {1}


def test_a_stage_that_goes_away_closes_its_socket(page: Page, live_url: str) -> None:
    def connections() -> int:
        return int(page.request.get(f"{live_url}/api/health").json()["connections"])

    before = connections()
    open_stage(page, live_url, name="hidden")
    page.get_by_role("button", name="Play").click()
    assert connections() == before + 1
    page.get_by_test_id("stCheckbox").locator("label").click()
    expect(page.locator(".panel")).to_have_count(0, timeout=20_000)
    wait_on(page, lambda: connections() == before)


def test_stages_in_fragments_rerun_only_their_fragment(page: Page, live_url: str) -> None:
    open_stage(page, live_url, name="several")
    slider(page, "second").press("End")
    codes = page.get_by_test_id("stCode")
    expect(codes.nth(1)).to_contain_text('{"second": 3.0}', timeout=20_000)
    expect(codes.nth(0)).to_contain_text('{"first": 0.0}')
    expect(page.get_by_text("run 0", exact=True)).to_be_visible()


@pytest.fixture
def other_origin() -> Iterator[str]:
    """A server of somebody else, on another port."""

    class Blank(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>other</title>")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_page_of_another_origin_cannot_connect(
    page: Page, live_url: str, other_origin: str, console_errors: list[str]
) -> None:
    connect = """(address) => new Promise((done) => {
      const socket = new WebSocket(address);
      socket.onopen = () => done("open");
      socket.onerror = () => done("refused");
    })"""
    address = live_url.replace("http", "ws") + "/api/live"
    page.goto(live_url)
    assert page.evaluate(connect, address) == "open"
    page.goto(other_origin)
    assert page.evaluate(connect, address) == "refused"
    assert any("403" in error for error in console_errors)
    console_errors.clear()
