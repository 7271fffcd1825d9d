"""Names, origins and headers: every door of the whole app, Streamlit's included."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from websockets.exceptions import InvalidStatus

from ae_core.errors import ConfigError
from benchmarks.serving import Server
from tests.attacks.conftest import CHOSEN
from tests.attacks.over_http import ask, open_socket
from zoetrope.live.doors.entrance import Entrance, middleware
from zoetrope.live.doors.hosts import HOSTS_VARIABLE, chosen_names, is_answered, name_in
from zoetrope.live.wire import limits

# What lies behind the doors: pages, Streamlit's files, its API, uploads and media, our own routes.
DOORS = [
    *("/", "/explore", "/favicon.png", "/morph", "/static/nothing.js"),
    *("/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/upload_file/a/b"),
    *("/media/nothing.png", "/component/nothing", "/_stcore/bidi-components/nothing/x.js"),
    *("/api/health", "/api/static/v/wire/frames.js", "/api/plotly/v.js", "/api/points/abcdef00"),
]
SOCKETS = ["/_stcore/stream", "/api/live"]
FOREIGN = [
    *("evil.example", "evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example"),
    *("10.0.0.1", "[::2]:{port}", "localhost:{port}@evil.example", "localhost evil.example"),
    *("evil.example, localhost", "localhost:", "localhost:x", "evil.example#localhost", "."),
]
OWN = ["localhost", "LOCALHOST:{port}", "localhost.:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:80"]


def port_of(server: Server) -> int:
    return int(urlsplit(server.url).port or 0)


@pytest.mark.parametrize("path", DOORS)
def test_no_door_opens_to_a_name_that_nobody_chose(whole_app: Server, path: str) -> None:
    """A page whose name was made to resolve to this machine is of "the same origin"."""
    port = port_of(whole_app)
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"):
        answer = ask(port, path, method=method, host=f"evil.example:{port}")
        assert answer.status == 403, method
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", FOREIGN)
def test_other_names_are_refused_in_every_spelling(whole_app: Server, host: str) -> None:
    port = port_of(whole_app)
    assert ask(port, host=host.format(port=port)).status in (400, 403)


def test_a_refusal_says_how_to_be_answered(whole_app: Server) -> None:
    answer = ask(port_of(whole_app), host="lab-7.example:80")
    assert answer.headers["content-type"].startswith("text/plain")
    assert (
        f'"lab-7.example". If it should, start it with {HOSTS_VARIABLE}=lab-7.example'
        in answer.text
    )
    assert f"http://localhost:{port_of(whole_app)}" in answer.text


@pytest.mark.parametrize("host", [*OWN, CHOSEN, f"{CHOSEN}:443", "192.0.2.7"])
def test_our_own_names_and_chosen_ones_are_answered(whole_app: Server, host: str) -> None:
    port = port_of(whole_app)
    assert ask(port, host=host.format(port=port)).status == 200
    for path in SOCKETS:
        with open_socket(port, path, host=host.format(port=port)):
            pass


@pytest.mark.parametrize("path", SOCKETS)
def test_sockets_check_the_name_too_and_say_the_same(whole_app: Server, path: str) -> None:
    port = port_of(whole_app)
    with pytest.raises(InvalidStatus) as refusal, open_socket(port, path, host="evil.example"):
        pass
    assert refusal.value.response.status_code == 403
    assert HOSTS_VARIABLE.encode() in refusal.value.response.body


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:1", "http://127.0.0.1", "null", ""]
)
def test_sockets_are_for_our_own_pages(whole_app: Server, path: str, origin: str) -> None:
    """Streamlit alone takes one from any page on localhost, whatever its port."""
    port, foreign, own = port_of(whole_app), {"Origin": origin}, {"Origin": whole_app.url}
    with (
        pytest.raises(InvalidStatus, match="403"),
        open_socket(port, path, additional_headers=foreign),
    ):
        pass
    with open_socket(port, path, additional_headers=own):
        pass


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "OPTIONS"])
def test_a_page_of_another_origin_changes_nothing(whole_app: Server, method: str) -> None:
    path = "/_stcore/upload_file/session/file"
    answer = ask(port_of(whole_app), path, method=method, origin="http://localhost:1")
    assert answer.status == 403
    assert "the page is 'http://localhost:1'" in answer.text
    assert "A proxy before it must pass `Host`" in answer.text
    assert "access-control-allow-origin" not in answer.headers


def test_an_upload_needs_the_cookies_token_and_a_session_that_is_there(whole_app: Server) -> None:
    """What Streamlit's configuration promises of uploads, tried: its own page passes, in vain."""
    port, path = port_of(whole_app), "/_stcore/upload_file/no-such-session/file"
    own = {"origin": whole_app.url}
    cookie = ask(port, "/_stcore/health", **own).headers["set-cookie"].split(";")[0]
    token = cookie.partition("=")[2]
    assert "XSRF" in ask(port, path, method="PUT", body=b"x", **own).text
    wrong = {"cookie": cookie, "X_Xsrftoken": "2|00000000|00|1"}
    assert "XSRF" in ask(port, path, method="PUT", body=b"x", **own, **wrong).text
    right = {"cookie": cookie, "X_Xsrftoken": token}
    assert "session_id" in ask(port, path, method="PUT", body=b"x", **own, **right).text


def test_no_other_page_may_steer_ours_by_messages(whole_app: Server) -> None:
    answer = ask(port_of(whole_app), "/_stcore/host-config")
    assert '"allowedOrigins":[]' in answer.text


@pytest.mark.parametrize("path", [*DOORS, "/" + "x" * 3000, "/..%2f..%2fetc", "//evil.example"])
def test_every_answer_carries_the_headers(whole_app: Server, path: str) -> None:
    port = port_of(whole_app)
    for host in (None, "evil.example"):
        headers = ask(port, path, host=host).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert headers["referrer-policy"] == "same-origin"
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["frame-ancestors"] == "'self'"
        assert policy["object-src"] == "'none'"
        assert "wasm-unsafe-eval" in policy["script-src"]
        assert "unsafe-inline" not in policy["script-src"]
        assert not [source for source in policy.values() if "http" in source or "*" in source]


def test_an_answer_that_fails_carries_them_too() -> None:
    def fail(request: Request) -> Any:
        raise ZeroDivisionError

    guarded = Entrance(
        Starlette(routes=[Route("/", fail)]).router, set(), [(b"x-frame-options", b"SAMEORIGIN")]
    )
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b""}
    headers = [(b"host", b"localhost")]
    with pytest.raises(ZeroDivisionError):  # the server's log has it
        asyncio.run(guarded({**scope, "headers": headers}, receive, send))
    assert sent[0]["status"] == 500
    assert (b"x-frame-options", b"SAMEORIGIN") in sent[0]["headers"]


@pytest.mark.parametrize(
    "path", ["/?x=" + "x" * limits.MAX_QUERY_BYTES, "/api/item/" + "9" * limits.MAX_PATH_BYTES]
)
def test_an_address_without_end_is_refused(whole_app: Server, path: str) -> None:
    answer = ask(port_of(whole_app), path)
    assert answer.status == 414
    assert "too long" in answer.text


def test_the_address_listened_on_is_a_name() -> None:
    assert is_answered("192.168.1.5", set(), "192.168.1.5")
    assert is_answered("192.168.1.5", set(), "::ffff:192.168.1.5")
    assert is_answered("2001:db8::1", set(), "2001:db8:0::1")
    assert not is_answered("192.168.1.5", set(), "192.168.1.6")
    assert not is_answered("lab-7", set(), "192.168.1.5")
    assert not is_answered("evil.example", set(), "/run/socket")


def test_chosen_names_are_read_from_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOSTS_VARIABLE, " Lab.example , ,10.0.0.7,2001:db8::1, other:80")
    assert chosen_names() == {"lab.example", "10.0.0.7", "2001:db8::1", "other"}
    for wrong in ("http://lab.example", "*", "lab.example/", "a b"):
        monkeypatch.setenv(HOSTS_VARIABLE, wrong)
        with pytest.raises(ConfigError, match="without scheme or path"):
            middleware()  # when the app is imported, before anybody asks


def test_a_name_is_read_as_browsers_write_it() -> None:
    assert name_in("[2001:DB8::1]:8501") == "2001:db8::1"
    assert name_in("xn--bcher-kva.example") == "xn--bcher-kva.example"
    assert [name_in(host) for host in ("", "a:b:c", "a/b", "[::1", "a\r\nb")] == [None] * 5
