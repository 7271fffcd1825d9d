"""Streamlit's own uploader, which keeps in memory whatever anybody with a page sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection

from benchmarks.serving import Server, serve
from tests.attacks.over_http import ask, open_socket
from zoetrope.live.doors.page_uploads import PageUploads
from zoetrope.live.wire import limits


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[Server]:
    """A whole app for one test: what is uploaded stays there for minutes."""
    with serve("app.py", home=tmp_path) as server:
        yield server


def session_of(talk: ClientConnection) -> str:
    """Start a page as a browser does, and read which session it is."""
    start = BackMsg()
    start.rerun_script.query_string = ""
    talk.send(start.SerializeToString())
    while True:
        message = ForwardMsg.FromString(bytes(talk.recv(timeout=60)))
        if message.WhichOneof("type") == "new_session":
            return message.new_session.initialize.session_id


def test_a_page_cannot_fill_the_memory_with_files(own_app: Server) -> None:
    """No field asks for them; 2 GB each, and any number, were kept."""
    port = int(urlsplit(own_app.url).port or 0)
    cookie = ask(port, "/_stcore/health").headers["set-cookie"].split(";")[0]
    headers = {"cookie": cookie, "X_Xsrftoken": cookie.partition("=")[2]}
    form = {"Content_Type": "multipart/form-data; boundary=b"}
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f.png"\r\n\r\n'
    with open_socket(port, "/_stcore/stream") as talk:
        door = f"/_stcore/upload_file/{session_of(talk)}"

        def put(n_mib: int) -> tuple[int, str]:
            body = head + bytes(n_mib << 20) + b"\r\n--b--\r\n"
            path = f"{door}/{uuid4()}"
            answer = ask(port, path, method="PUT", body=body, **headers, **form)
            return answer.status, answer.text

        assert put(65)[0] == 413  # `server.maxUploadSize`
        n_fit = 1 + (limits.MAX_KEPT_UPLOAD_BYTES >> 20) // 63
        assert [put(63)[0] for _ in range(n_fit)] == [204] * n_fit
        status, words = put(1)
        assert status == 503
        assert "Open pages hold 256 MiB of files" in words
        assert ask(port).status == 200  # everything else goes on


def test_few_files_are_uploaded_at_once() -> None:
    uploads = PageUploads()
    upload = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/session/file"}
    reading = {"type": "http", "method": "GET", "path": "/"}
    under_way = [uploads.counted(upload) for _ in range(limits.MAX_PAGE_UPLOADS)]
    for each in under_way:
        assert uploads.refusal(upload) is None
        each.__enter__()
    assert "the most at once" in (uploads.refusal(upload) or "")
    assert uploads.refusal(reading) is None
    under_way[0].__exit__(None, None, None)
    assert uploads.refusal(upload) is None
