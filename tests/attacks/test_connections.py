"""Connections on which nothing is said."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.serving import Server, serve
from tests.attacks.over_http import ask, open_socket

resource = pytest.importorskip("resource", reason="needs POSIX limits, which Windows has not")
USUAL, N_SILENT = 1024, 1100


@pytest.fixture
def usual_app(tmp_path: Path) -> Iterator[Server]:
    """The whole app, started where a process may have 1,024 files open unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * N_SILENT
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"needs {needed} open files; this system allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (USUAL, hard))
    try:
        with serve("app.py", home=tmp_path) as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
            yield server
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_stranger_who_connects_and_says_nothing_keeps_nobody_out(usual_app: Server) -> None:
    port = int(urlsplit(usual_app.url).port or 0)
    with ExitStack() as stack:
        for _ in range(N_SILENT):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
        assert ask(port, "/_stcore/health").status == 200
        with open_socket(port, "/api/live"), open_socket(port, "/_stcore/stream"):
            pass
    assert "Too many open files" not in usual_app.log()
