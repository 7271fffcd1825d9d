"""The worker process: results on disk, cancel, death and replacement."""

import os
import queue
import signal
from typing import Any, ClassVar

import numpy as np
import psutil
import pytest
from sklearn.datasets import load_digits

from ae_core.errors import ProjectionError
from ae_core.maps.map import load_map
from ae_core.maps.projection import ProjectionSettings
from ae_core.maps.service import ProjectionService
from ae_core.maps.worker import KINDS, REMEDY, MapRequest, next_request, partial_path
from ae_core.processes.requests import perform
from tests.waiting import wait_until

UMAP = ProjectionSettings(method="umap")
TSNE = ProjectionSettings(method="tsne", n_iterations=100)
ENDLESS = ProjectionSettings(method="tsne", n_iterations=5000)

WAIT_S = 280  # compiling UMAP on a busy machine


@pytest.fixture(scope="module")
def codes():
    return (load_digits().data / 16).astype(np.float32)


@pytest.fixture
def service(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOETROPE_HOME", str(tmp_path))
    service = ProjectionService(low_priority=False)
    yield service
    service.close()


def finish(service, codes, settings):
    state = service.request(codes, settings)
    if state.is_active:
        wait_until(lambda: not service.state(state.key).is_active, timeout_s=WAIT_S)
    return service.request(codes, settings)


def test_a_file_and_a_slice_of_it_are_told_apart(service, codes, tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, codes)
    mapped = np.load(path, mmap_mode="r")
    whole, half = (service.request(c, ProjectionSettings()).key for c in (mapped, mapped[:900]))
    assert whole == service.request(codes, ProjectionSettings()).key != half
    assert len(load_map(half).points) == 900
    np.save(path, codes + 1)
    changed = np.load(path, mmap_mode="r")
    assert service.request(changed, ProjectionSettings()).key != whole


def test_pca_is_done_at_once_and_needs_no_worker(service, codes):
    state = service.request(codes, ProjectionSettings())
    assert state.state == "done" and service.pid is None
    assert load_map(state.key).points.shape == (len(codes), 2)


def test_a_map_grows_while_it_is_made_and_outlives_the_service(service, codes):
    state = service.request(codes, TSNE)
    assert state.is_active
    wait_until(lambda: service.state(state.key).n_partial > 0, timeout_s=WAIT_S)
    assert np.load(partial_path(state.key)).shape == (len(codes), 2)
    assert finish(service, codes, TSNE).state == "done"
    assert not partial_path(state.key).exists()
    after_restart = ProjectionService()
    assert after_restart.request(codes, TSNE).state == "done" and after_restart.pid is None


def test_a_cancelled_map_stops_and_the_worker_goes_on(service, codes):
    state = service.request(codes, ENDLESS)
    wait_until(lambda: service.state(state.key).progress > 0, timeout_s=WAIT_S)
    pid = service.pid
    service.cancel(state.key)
    assert service.request(codes, ENDLESS).state == "cancelled"
    assert finish(service, codes, TSNE).state == "done"
    assert service.pid == pid


@pytest.mark.timeout(900)  # it waits for UMAP to compile, on a busy machine too
def test_worker_killed_mid_umap_says_so_and_the_next_request_works(service, codes):
    many = np.tile(codes, (8, 1)) + np.random.default_rng(0).normal(
        scale=0.05, size=(8 * len(codes), codes.shape[1])
    ).astype(np.float32)
    state = service.request(many, UMAP)
    wait_until(lambda: service.state(state.key).state == "running", timeout_s=500)
    os.kill(service.pid, signal.SIGKILL)
    failed = wait_until(
        lambda: (s := service.state(state.key)).state == "failed" and s, timeout_s=WAIT_S
    )
    assert "memory" in failed.message and "try again" in failed.message
    assert service.request(many, UMAP).state == "failed"  # a rerun of the page asks for nothing new
    assert finish(service, codes, TSNE).state == "done"
    assert service.request(many, UMAP, fresh=True).is_active


def test_a_waiting_request_survives_the_death_of_the_worker(service, codes):
    running = service.request(codes, ENDLESS)
    waiting = service.request(codes, TSNE)
    wait_until(lambda: service.state(running.key).progress > 0, timeout_s=WAIT_S)
    os.kill(service.pid, signal.SIGKILL)
    wait_until(lambda: service.state(waiting.key).state == "done", timeout_s=WAIT_S)
    assert service.state(running.key).state == "failed"


def test_a_umap_waits_for_what_it_needs_to_be_compiled_and_lets_others_pass(tmp_path):
    """With UMAP compiled but not its search among many items, a small map need not wait."""

    class HalfWarm:
        def seconds_left(self, n_stages: int) -> float:
            return 30.0 if n_stages == 2 else 0.0

    class Channel:
        sent: ClassVar[list[dict[str, Any]]] = []

        def send(self, **event: Any) -> None:
            self.sent.append(event)
            many.cancelled.set()  # or we should wait for the search for ever

    def request(name: str, n_items: int, method: str) -> MapRequest:
        np.save(tmp_path / f"{name}.npy", np.zeros((n_items, 8), np.float32))
        settings = ProjectionSettings(method=method).model_dump()
        inputs = {"codes": str(tmp_path / f"{name}.npy"), "settings": settings}
        return MapRequest({"id": name, "kind": "points", "inputs": inputs}, Channel())

    many, few, tsne = (
        request("many", 60_000, "umap"),
        request("few", 300, "umap"),
        request("t", 60_000, "tsne"),
    )
    waiting, none = [many, few, tsne], queue.Queue()
    assert [next_request(none, waiting, HalfWarm()) for _ in range(2)] == [few, tsne]
    assert Channel.sent == []
    assert next_request(none, waiting, HalfWarm()) is many
    warming = {"event": "warm-up", "seconds_left": 30, "message": "UMAP is warming up"}
    assert Channel.sent == [{"id": "many"} | warming]


@pytest.mark.parametrize("left", [0, 50, 200])
def test_a_damaged_file_of_codes_fails_its_request_and_not_the_worker(tmp_path, left):
    """Death while a request is only looked at would start worker after worker for it."""
    path = tmp_path / "codes.npy"
    np.save(path, np.zeros((300, 8), np.float32))
    path.write_bytes(path.read_bytes()[:left])
    sent: list[dict[str, Any]] = []

    class Channel:
        def send(self, **event: Any) -> None:
            sent.append(event)

    inputs = {"key": "k", "codes": str(path), "settings": UMAP.model_dump()}
    request = MapRequest({"id": "1", "kind": "points", "inputs": inputs}, Channel())
    assert request.n_stages == 1
    perform(request, KINDS[request.kind], REMEDY)
    assert [event["event"] for event in sent] == ["started", "failed"]


def test_the_worker_ends_with_the_app(service):
    service.start()
    worker = psutil.Process(service.pid)
    service.close()
    assert not worker.is_running()


def test_impossible_settings_are_refused_where_they_are_asked(service, codes):
    with pytest.raises(ProjectionError, match="are equal"):
        service.request(np.zeros_like(codes[:40]), TSNE)
    assert service.pid is None
