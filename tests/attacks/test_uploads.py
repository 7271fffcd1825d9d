"""Uploads: each under a name of its own, bounded, in pieces; two at once do not meet."""

from __future__ import annotations

import http.client
import io
import json
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from ae_core import long_work
from ae_core.data import uploads as core_uploads
from ae_core.data.catalogue import list_data_sets, load_data_set
from ae_core.data.limits import MAX_UPLOAD_BYTES
from ae_core.data.new_sets import check_new_name, claimed_name
from ae_core.data.uploads import give_back_upload, new_upload, take_upload, uploads_dir
from ae_core.errors import DataError
from ae_core.locations import data_dir
from ae_core.processes import tasks
from tests.attacks.over_http import Answer, ask
from tests.live.conftest import engine, live_port
from tests.sources import ROOT
from tests.waiting import wait_until
from zoetrope.live import uploads
from zoetrope.live.wire.tokens import issue_token

__all__ = ["engine", "live_port"]  # fixtures

MIB = 2**20

SERVER = """
import socket, sys
import uvicorn
from starlette.applications import Starlette
from zoetrope.live import uploads
from zoetrope.live.wire.tokens import issue_token

with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], *(issue_token(f"session {n}") for n in range(12)), flush=True)
    config = uvicorn.Config(Starlette(routes=uploads.routes()), log_level="warning")
    uvicorn.Server(config).run([listener])
"""


class Server:
    """The upload route in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        port, *self.tokens = self.process.stdout.readline().split()
        self.port = int(port)
        wait_until(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def upload(
        self, body: bytes, name: str = "a.npz", *, session: int = 0, **headers: str
    ) -> Answer:
        path = f"/api/upload?token={self.tokens[session]}&name={name}"
        return ask(self.port, path, method="POST", body=body, **headers)

    def peak_mib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def owner_of(token: str) -> str:
    return token.split(".")[1]


def images(grey: int) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, images=np.full((30, 9, 9), grey, np.uint8))
    return buffer.getvalue()


def files() -> list[str]:
    return sorted(path.name for path in uploads_dir().iterdir()) if uploads_dir().exists() else []


def begun(server: Server, session: int, announced: int, body: bytes) -> socket.socket:
    """An upload that announces so many bytes and sends these."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    token = server.tokens[session]
    head = (
        f"POST /api/upload?token={token}&name=a.zip HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Length: {announced}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


# --- What is sent is what is added ----------------------------------------------------------


def test_what_arrives_is_what_was_sent(server: Server) -> None:
    body = np.random.default_rng(0).bytes(5 * MIB + 123)
    answer = server.upload(body, "My%20Pictures.ZIP")
    assert answer.status == 200
    path = take_upload(owner_of(server.tokens[0]), json.loads(answer.text)["upload"])
    assert path.read_bytes() == body and path.suffix == ".zip"


def test_two_sessions_that_add_under_one_name_each_get_their_own_or_are_told(
    server: Server,
) -> None:
    """Real uploads, real tasks: before, the second one's pictures were in the first one's set."""
    started = []
    for session, grey in ((0, 10), (1, 20)):
        answer = server.upload(images(grey), session=session)
        path = take_upload(owner_of(server.tokens[session]), json.loads(answer.text)["upload"])
        started.append((path, grey))
    going = [
        (long_work.start("add", "Adding", fresh=True, path=str(path), name="same", size=9), grey)
        for path, grey in started
    ]
    assert going[0][0].task_id != going[1][0].task_id
    ended = []
    for task, grey in going:

        def left(task: tasks.Task = task) -> tasks.Task | None:
            current = tasks.read(task.task_id)
            return current if current is not None and current.state != "running" else None

        ended.append((wait_until(left, timeout_s=120), grey))
    assert sorted(task.state for task, _ in ended) == ["done", "failed"]
    loser = next(task for task, _ in ended if task.state == "failed")
    assert "'same' is just being added" in loser.message or "exists already" in loser.message
    winner = next(grey for task, grey in ended if task.state == "done")
    assert (load_data_set("same").items == winner).all()
    assert files() == [] and [path.name for path in data_dir().iterdir()] == ["same"]


def test_a_name_is_claimed_while_a_data_set_is_being_added() -> None:
    with claimed_name("mine"), pytest.raises(DataError, match="is just being added"):
        check_new_name("mine")
    check_new_name("mine")


def test_a_process_that_is_killed_gives_its_name_back(tmp_path: Path) -> None:
    program = (
        "import os\n"
        "from ae_core.data.new_sets import claimed_name\n"
        "with claimed_name('mine'):\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    check_new_name("mine")
    assert "mine" not in list_data_sets()


# --- Whose is it ------------------------------------------------------------------------------


def test_only_the_session_that_sent_a_file_can_add_it_and_once(server: Server) -> None:
    name = json.loads(server.upload(b"x").text)["upload"]
    mine, other = owner_of(server.tokens[0]), owner_of(server.tokens[1])
    for owner, wanted in (
        *((other, name), (mine, "../" + name), (mine, f"{mine}-{'0' * 32}.zip")),
        *((mine, "/etc/passwd"), (mine, ""), (mine, name + "\0")),
    ):
        with pytest.raises(DataError, match="not there any more"):
            take_upload(owner, wanted)
    assert take_upload(mine, name).read_bytes() == b"x"
    with pytest.raises(DataError, match="not there any more"):
        take_upload(mine, name)


def test_a_session_has_one_file_that_waits(server: Server) -> None:
    for _ in range(3):
        server.upload(b"x" * 1000)
    server.upload(b"y", session=1)
    assert len(files()) == 2
    name = json.loads(server.upload(b"z").text)["upload"]
    taken = take_upload(owner_of(server.tokens[0]), name)
    server.upload(b"next")  # what a task is reading is not the session's any more
    assert taken.read_bytes() == b"z"


def test_what_could_not_be_added_can_be_added_again(server: Server) -> None:
    """Such as where the disk is full, and no task could be started."""
    name = json.loads(server.upload(b"x").text)["upload"]
    owner = owner_of(server.tokens[0])
    give_back_upload(take_upload(owner, name))
    assert take_upload(owner, name).read_bytes() == b"x"


# --- Who may, and how much --------------------------------------------------------------------


def test_a_stranger_is_refused(server: Server) -> None:
    path = "/api/upload?name=a.npz"
    assert ask(server.port, path, method="POST", body=b"x").status == 403
    assert ask(server.port, f"{path}&token=1.2.3", method="POST", body=b"x").status == 403
    assert server.upload(b"x", Origin="http://evil.example").status == 403
    assert ask(server.port, f"{path}&token={server.tokens[0]}").status == 405
    assert files() == []


@pytest.mark.parametrize("name", ["a.exe", "", "zip", "a.zip/../../x.py", "a.npz%00.py"])
def test_other_files_are_refused(server: Server, name: str) -> None:
    answer = server.upload(b"x", name)
    assert answer.status == 400 and "must be a .npz archive" in answer.text and files() == []


def test_too_large_a_file_is_refused_before_it_is_sent(server: Server) -> None:
    with begun(server, 0, MAX_UPLOAD_BYTES + 1, b"") as connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413 and b"at most 2,000" in answer.read()
    assert files() == []


def test_a_file_of_no_announced_size_is_refused(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    path = f"/api/upload?token={server.tokens[0]}&name=a.zip"
    connection.request("POST", path, iter([b"x" * 1000] * 3), encode_chunked=True)
    assert connection.getresponse().status == 411
    connection.close()
    assert files() == []


def test_what_the_disk_has_no_room_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 300 * MIB})
    monkeypatch.setattr(core_uploads.shutil, "disk_usage", lambda _: usage)
    core_uploads.check_room(40 * MIB)
    with pytest.raises(DataError, match="500 MiB; the server's disk has 44 MiB to spare"):
        core_uploads.check_room(500 * MIB)


def test_an_upload_that_breaks_off_leaves_nothing_and_gives_its_place_back(server: Server) -> None:
    with begun(server, 0, 50 * MIB, b"x" * 3 * MIB):
        wait_until(lambda: len(files()) == 1)
        assert server.upload(b"x").status == 429  # one at a time
    wait_until(lambda: files() == [])
    wait_until(lambda: server.upload(b"x").status == 200)


def test_a_few_upload_at_once_and_others_are_told(server: Server) -> None:
    at_it = [begun(server, session, MIB, b"x") for session in range(8)]
    wait_until(lambda: len(files()) == 8)
    answer = server.upload(b"x", session=9)
    assert answer.status == 503 and "8 people are uploading" in answer.text
    for connection in at_it:
        connection.close()
    wait_until(lambda: server.upload(b"x", session=9).status == 200)


@pytest.mark.parametrize("drop", [b"", b"x"])
def test_who_sends_nothing_or_drop_by_drop_is_dropped(
    monkeypatch: pytest.MonkeyPatch, live_port: int, drop: bytes
) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_MIB_S", 0.3)
    head = (
        f"POST /api/upload?token={issue_token('slow')}&name=a.zip HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{live_port}\r\nContent-Length: 1000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", live_port), timeout=30) as connection:
        connection.sendall(head.encode())

        def answered() -> bool:
            with suppress(OSError):
                connection.sendall(drop)
            return bool(select.select([connection], [], [], 0)[0])

        wait_until(answered)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408 and files() == []


# --- Memory -----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_memory_does_not_grow_with_the_file(server: Server, tmp_path: Path) -> None:
    """Before, 700 MB took 1.4 GB."""
    server.upload(b"x" * MIB)
    before = server.peak_mib()
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(300 * MIB)
    with large.open("rb") as body:
        answer = server.upload(body, Content_Length=str(300 * MIB))  # type: ignore[arg-type]
    assert answer.status == 200
    print(f"\n300 MiB sent: {server.peak_mib() - before:.0f} MiB")
    assert server.peak_mib() - before < 50
    assert psutil.pid_exists(server.process.pid)


def test_a_file_that_cannot_be_written_whole_is_not_kept() -> None:
    with pytest.raises(OSError, match="full"), new_upload("0" * 16, "a.zip") as (_, file):
        file.write(b"x")
        raise OSError("the disk is full")
    assert files() == []


def test_many_write_at_once_and_nobody_s_bytes_are_another_s() -> None:
    """Sixteen threads of one session: one file waits at the end, and it is one of theirs."""

    def send(number: int) -> None:
        with new_upload("0" * 16, "a.zip") as (_, file):
            for _ in range(200):
                file.write(bytes([number]) * 1000)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [(uploads_dir() / name).read_bytes() for name in files()]
    assert all(len(content) == 200_000 and len(set(content)) == 1 for content in kept)
