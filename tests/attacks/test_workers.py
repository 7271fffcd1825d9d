"""Warm workers that die, stop, hang or talk nonsense: said in words, and nobody waits with them."""

import asyncio
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ae_core.locations import project_root
from ae_core.maps.worker import REMEDY, MapRequest, do
from ae_core.processes import worker_client, worker_process
from ae_core.processes.failures import Remedy
from ae_core.processes.lines import LONGEST_LINE, to_line
from ae_core.processes.requests import Channel, perform
from ae_core.processes.worker_client import MOST_STARTS, RequestState, WorkerClient
from ae_core.processes.worker_process import WorkerProgram
from tests.attacks.stopping import posix, stop
from tests.core.training.test_runs import no_space
from tests.waiting import wait_in_loop, wait_until

pytestmark = posix

DIES = """
import sys
from pathlib import Path
with (Path(__file__).parent / "starts").open("a") as file:
    file.write(".")
sys.exit(3)
"""

# Does what it is asked, by the kind of the request.
OBEYS = """
import os, queue, sys, threading, time
from ae_core.processes.failures import Remedy
from ae_core.processes.requests import Request, open_channel, perform, read_requests

channel, requests = open_channel(), queue.Queue()
arguments = (sys.stdin.buffer, channel, requests, Request, print)
threading.Thread(target=read_requests, args=arguments, daemon=True).start()

def work(request):
    if request.kind == "die":
        os._exit(3)
    while request.kind == "hang":
        time.sleep(0.01)
    while request.kind == "wait":
        request.report("waiting", 0.5)
        time.sleep(0.01)

while True:
    perform(requests.get(), work, Remedy("try again", log="the log"))
"""

# Says the bytes of a file, then answers the first request.
SAYS = """
import json, sys
from pathlib import Path
id = json.loads(sys.stdin.readline())["id"]
sys.stdout.buffer.write((Path(__file__).parent / "nonsense").read_bytes())
print(json.dumps({"id": id, "event": "done"}), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], WorkerClient]]:
    """Makes the client of a worker of this code."""
    monkeypatch.setenv("PYTHONPATH", f"{project_root()}:{tmp_path}")
    clients = []

    def make(code: str) -> WorkerClient:
        (tmp_path / "attacked.py").write_text(code)
        program = WorkerProgram(
            "attacked", (), {}, "The worker", Remedy(again="try again", log="the log")
        )
        clients.append(WorkerClient(program, on_start=lambda: None, on_event=needs_number))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def needs_number(event: dict[str, Any]) -> None:
    """What a service makes of an event of its own."""
    int(event["n"])


def ask(client: WorkerClient, key: str, kind: str = "do", **inputs: str) -> RequestState:
    return client.ask_once(key, kind, lambda: inputs, lambda: False)


def until(client: WorkerClient, key: str, state: str) -> RequestState:
    def reached() -> RequestState | None:
        now = client.state(key)
        assert now is not None
        return now if now.state == state else None

    return wait_until(reached, explain=lambda: client.state(key))


def test_a_worker_that_dies_at_start_is_given_up_with_the_reason(
    start: Callable[[str], WorkerClient], tmp_path: Path
) -> None:
    """1,934 starts in five seconds before."""
    client = start(DIES)
    for key in ("first", "second"):
        ask(client, key)
    for key in ("first", "second"):
        assert until(client, key, "failed").message == (
            "The worker, started 3 times in a row without success, ended unexpectedly (exit "
            "status 3): try again; if it happens again, the details are in the log."
        )
    assert len((tmp_path / "starts").read_text()) == MOST_STARTS
    assert ask(client, "first").state == "failed"  # the page's next look starts nothing
    assert len((tmp_path / "starts").read_text()) == MOST_STARTS
    client.ask_once("first", "do", dict, lambda: False, fresh=True)
    until(client, "first", "failed")
    assert len((tmp_path / "starts").read_text()) == 2 * MOST_STARTS


def test_a_worker_that_has_worked_has_all_its_starts_again(
    start: Callable[[str], WorkerClient],
) -> None:
    """Not deaths are counted, but deaths in a row without anything done."""
    client = start(OBEYS)
    for n in range(MOST_STARTS + 1):
        ask(client, f"die {n}", "die")
        ask(client, f"do {n}")
        assert "exit status 3" in until(client, f"die {n}", "failed").message
        until(client, f"do {n}", "done")


def fill_the_pipe(client: WorkerClient) -> None:
    """Send more than a pipe holds, which a stopped worker does not read."""
    for n in range(30):
        ask(client, f"more {n}", text="x" * 10_000)


def in_time(call: Callable[[], object]) -> None:
    """Whoever waits for a worker that never goes on waits for ever."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    wait_until(lambda: not thread.is_alive(), timeout_s=30)


def test_nobody_waits_for_a_stopped_worker_and_a_cancel_replaces_it(
    start: Callable[[str], WorkerClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_client, "ANSWERS_WITHIN_S", 0.5)
    client = start(OBEYS)
    ask(client, "first")
    until(client, "first", "done")
    stopped = client.pid
    assert stopped is not None
    stop(stopped)
    in_time(lambda: fill_the_pipe(client))
    in_time(lambda: client.state("more 0"))
    in_time(lambda: client.send({"expect": "many"}))
    in_time(lambda: client.cancel("more 0"))
    state = client.state("more 0")
    assert state is not None and state.state == "cancelled"
    until(client, "more 29", "done")
    assert client.pid not in (None, stopped) and not psutil.pid_exists(stopped)


def test_requests_for_a_stopped_worker_are_bounded(
    start: Callable[[str], WorkerClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "MOST_UNREAD", 5)
    client = start(OBEYS)
    ask(client, "first")
    until(client, "first", "done")
    assert client.pid is not None
    stop(client.pid)
    in_time(lambda: fill_the_pipe(client))
    state = client.state("more 29")
    assert state is not None and state.state == "failed"
    assert "takes in no more requests: cancel some" in state.message
    in_time(client.close)
    assert client.pid is None


def test_a_worker_that_goes_on_with_what_was_taken_back_is_replaced(
    start: Callable[[str], WorkerClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_client, "STOPS_WITHIN_S", 0.5)
    client = start(OBEYS)
    ask(client, "hangs", "hang")
    ask(client, "waits")
    until(client, "hangs", "running")
    hanging = client.pid
    client.cancel("hangs")
    until(client, "waits", "done")
    assert client.pid != hanging


def test_a_worker_that_obeys_stays_whatever_is_cancelled(
    start: Callable[[str], WorkerClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request behind a long one cannot end before that: the worker is not to blame."""
    client = start(OBEYS)
    ask(client, "long", "wait")
    ask(client, "behind")
    until(client, "long", "running")
    pid = client.pid
    before = set(threading.enumerate())
    with monkeypatch.context() as hurried:
        hurried.setattr(worker_client, "STOPS_WITHIN_S", 0.2)
        client.cancel("behind")
        watchers = set(threading.enumerate()) - before
        wait_until(lambda: not any(thread.is_alive() for thread in watchers))
    assert client.pid == pid
    client.cancel("long")
    ask(client, "last")
    until(client, "last", "done")
    assert client.pid == pid


def test_a_worker_that_cannot_be_started_does_not_keep_the_engine_cold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server starts one thing after another in the background, and one raised for all."""
    routes, imported = importlib.import_module("zoetrope.live.routes"), threading.Event()
    monkeypatch.setenv(routes.WARM_UP, "1")
    for name in ("COMPILE_AFTER_S", "IMPORT_AFTER_S"):
        monkeypatch.setattr(routes, name, 0.0)
    monkeypatch.setattr(routes, "_import_decoders", imported.set)
    monkeypatch.setattr(worker_process, "start_worker", no_space)

    async def serve() -> None:
        async with routes.lifespan(None):
            await wait_in_loop(imported.is_set)

    asyncio.run(serve())
    assert imported.is_set()


def test_umap_is_not_compiled_while_somebody_waits_for_a_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the first start it took from the faces' drawing and encoding."""
    routes = importlib.import_module("zoetrope.live.routes")
    monkeypatch.setenv(routes.WARM_UP, "1")
    for name in ("COMPILE_AFTER_S", "IMPORT_AFTER_S", "_LOOK_EVERY_S"):
        monkeypatch.setattr(routes, name, 0.0)
    monkeypatch.setattr(routes, "_import_decoders", lambda: None)
    looked, started, is_over = [], threading.Event(), threading.Event()

    def is_busy() -> bool:
        looked.append(started.is_set())
        if len(looked) == 5:
            is_over.set()
        return not is_over.is_set()

    monkeypatch.setattr(routes, "_is_busy", is_busy)
    monkeypatch.setattr(routes.projections.service(), "start", started.set)

    async def serve() -> None:
        async with routes.lifespan(None):
            await wait_in_loop(started.is_set)

    asyncio.run(serve())
    assert looked == 5 * [False]


PROGRESS = b'{"id": "1", "event": "progress", %s}\n'
NONSENSE = {
    "no JSON": b"Traceback (most recent call last):\n",
    "no UTF-8": b"\xff\xfe\x00\n",
    "no object": b"[1, 2]\n3\nnull\n",
    "deep": b"[" * 100_000 + b"]" * 100_000 + b"\n",
    "long": b'{"id": "' + b"1" * 3 * LONGEST_LINE + b'"}\n',
    "no event": b'{"id": "1"}\n',
    "an id that is none": b'{"id": [1], "event": "done"}\n',
    "no fraction": PROGRESS % b'"message": ""',
    "a fraction that is none": PROGRESS % b'"message": "", "fraction": "x"',
    "not a number": PROGRESS % b'"message": "", "fraction": NaN',
    "for ever": b'{"id": "1", "event": "warm-up", "message": "", "seconds_left": Infinity}\n',
    "an event of the service's that is none": b'{"event": "n", "n": "x"}\n{"event": "n"}\n',
}  # fmt: skip


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
def test_a_line_that_is_no_event_hurts_only_itself(
    start: Callable[[str], WorkerClient], tmp_path: Path, nonsense: bytes
) -> None:
    (tmp_path / "nonsense").write_bytes(nonsense)
    client = start(SAYS)
    ask(client, "key")
    assert until(client, "key", "done").progress == 1


MISREAD = {
    **{name: NONSENSE[name] for name in ("no JSON", "no UTF-8", "no object", "deep", "long")},
    "no kind": b'{"id": "9"}\n',
    "a kind that is none": b'{"id": "9", "kind": {}, "inputs": {}}\n',
    "no inputs": b'{"id": "9", "kind": "do"}\n',
    "a cancel of nothing": b'{"cancel": {"a": []}}\n',
}


@pytest.mark.parametrize("nonsense", MISREAD.values(), ids=MISREAD)
def test_a_line_that_is_no_request_hurts_only_itself(tmp_path: Path, nonsense: bytes) -> None:
    (tmp_path / "attacked.py").write_text(OBEYS)
    whole = to_line({"id": "1", "kind": "do", "inputs": {}})
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "attacked.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=project_root(), env={**os.environ, "PYTHONPATH": str(project_root())},
    ) as worker:  # fmt: skip
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write(nonsense + whole)
        worker.stdin.flush()
        said = []
        while {"id": "1", "event": "done"} not in said:
            said.append(json.loads(worker.stdout.readline()))
    assert worker.returncode == 0  # its input was closed: the app is gone
    failed = [event["event"] for event in said if event["id"] == "9"]
    assert failed == (["failed"] if b'"9"' in nonsense else [])


@pytest.mark.parametrize(
    "request_", [{"kind": "dance", "inputs": {}}, {"kind": "points", "inputs": {}},
                 {"kind": "points", "inputs": {"settings": {"method": "umap"}, "codes": 7}}]
)  # fmt: skip
def test_a_request_that_no_map_can_be_made_of_fails_alone(request_: dict[str, Any]) -> None:
    """Death while a request is only looked at would start worker after worker for it."""
    sent = []

    class Noted(Channel):
        def __init__(self) -> None:
            pass

        def send(self, **event: Any) -> None:
            sent.append(event["event"])

    request = MapRequest({"id": "1", **request_}, Noted())
    assert request.n_stages in (0, 1)
    perform(request, do, REMEDY)
    assert sent == ["started", "failed"]


ENDLESS_LINE = """
import resource, sys, threading
from ae_core.processes.failures import Remedy
from ae_core.processes.worker_client import WorkerClient
from ae_core.processes.worker_process import WorkerProgram
program = WorkerProgram("attacked", (), {}, "The worker", Remedy("try again", log="the log"))
client = WorkerClient(program, on_start=lambda: None, on_event=print)
client.ask_once("key", "do", dict, lambda: False)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
while client.state("key").is_active:
    threading.Event().wait(0.02)
print(client.state("key").state, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
client.close()
"""


def test_a_line_without_end_takes_no_memory(tmp_path: Path) -> None:
    code = SAYS.replace(
        '(Path(__file__).parent / "nonsense").read_bytes()', 'b"x" * (256 << 20) + b"\\n"'
    )
    (tmp_path / "attacked.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS_LINE], capture_output=True, text=True, check=True,
        cwd=project_root(), env={**os.environ, "PYTHONPATH": f"{project_root()}:{tmp_path}"},
    )  # fmt: skip
    state, grown_kib = done.stdout.split()
    assert state == "done" and int(grown_kib) < 60 << 10
