"""The app's end of the projection worker: ask, watch, cancel; a dead worker is replaced.

service = ProjectionService()
state = service.request(codes, ProjectionSettings(method="umap"))   # returns at once
...
if state.state == "done":
    points = load_map(state.key).points
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ae_core.data.store import DataSet
from ae_core.locations import cache_dir, home, project_root
from ae_core.maps.item_columns import Kind, column_key, column_path
from ae_core.maps.map import Floats, load_map, save_array, save_map
from ae_core.maps.pixel_codes import pixels_path
from ae_core.maps.projection import (
    ProjectionSettings,
    checked,
    fingerprint_of,
    make_map,
    projection_key,
)
from ae_core.maps.quality import load_quality, quality_key
from ae_core.maps.umap import compares_all_pairs
from ae_core.maps.worker import MAX_THREADS

EXPECT_MANY = {"expect": "many"}
Stage = Literal["queued", "warming", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class JobState:
    """What is known about one job.

    Attributes:
        key: Name of the job, and of its result on disk.
        state: "warming" means that it waits for UMAP to be compiled.
        progress: Share done, in [0, 1].
        seconds_left: Estimate; None while there is nothing to estimate from.
        message: What is being done; for "failed", what went wrong and what to do.
        n_partial: Grows by one whenever `KEY.partial.npy` shows the map anew.
    """

    key: str
    state: Stage
    progress: float = 0.0
    seconds_left: float | None = None
    message: str = ""
    n_partial: int = 0

    @property
    def is_active(self) -> bool:
        """Whether it may still change by itself."""
        return self.state in ("queued", "warming", "running")


@dataclass
class _Job:
    id: str
    asked: dict[str, Any]
    state: JobState
    started_at: float = 0.0


class ProjectionService:
    """One worker process for all sessions; safe to call from any thread."""

    def __init__(self, *, gives_way: bool = True) -> None:
        """`gives_way`: the worker works only when nobody else wants the processor."""
        self._gives_way = gives_way
        self._lock = threading.RLock()
        self._jobs: dict[str, _Job] = {}  # by key, the newest of that key
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self._numbers = itertools.count(1)
        self._stages_over = 0  # of the worker's warm-up
        self._many_expected = False

    def start(self) -> None:
        """Start the worker, and with it UMAP's warm-up, if it is not running."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._spawn()

    @property
    def is_warm(self) -> bool:
        """Whether a UMAP of as many codes as were ever asked about would start at once."""
        return self._stages_over >= (2 if self._many_expected else 1)

    def expect(self, codes: Floats, settings: ProjectionSettings) -> None:
        """Be ready for a UMAP of these; said of all codes of which any map is asked for."""
        n_fitted = min(len(codes), settings.max_fitted)
        if self._many_expected or compares_all_pairs(n_fitted, codes[:1].size):
            return
        with self._lock:
            self._many_expected = True
            self._write(EXPECT_MANY)

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def request(
        self, codes: Floats, settings: ProjectionSettings, *, fresh: bool = False
    ) -> JobState:
        """Ask for a map; the same inputs are one job, whoever asks and however often.

        Args:
            codes: float32 (N, latent_dim).
            settings: Method and its settings. PCA is computed here, at once.
            fresh: Try again what failed or was cancelled before.

        Raises:
            ProjectionError: The codes or settings cannot make a map.
        """
        self.expect(codes, settings)
        fingerprint = _fingerprint(codes)
        key = projection_key(fingerprint, settings)
        known = self._known(key, fresh)
        if known is not None:
            return known
        if load_map(key) is not None:
            return JobState(key, "done", 1.0)
        checked(codes, settings)  # refused here, where the person who asked is told
        if settings.method == "pca":
            save_map(key, make_map(codes, settings))
            return JobState(key, "done", 1.0)
        path = _codes_file(codes, fingerprint)
        inputs = {"key": key, "codes": str(path), "settings": settings.model_dump()}
        return self._ask(key, "points", inputs)

    def request_quality(
        self, codes: Floats, map_key: str, *, everyone: bool = False, fresh: bool = False
    ) -> JobState:
        """Ask how far the finished map `map_key` of these codes can be trusted."""
        key = quality_key(map_key, everyone=everyone)
        is_done = load_quality(key) is not None
        path = "" if is_done else str(_codes_file(codes, _fingerprint(codes)))
        inputs = {"codes": path, "map": map_key, "everyone": everyone}
        return self._ask_once(key, "quality", inputs, is_done, fresh)

    def request_column(
        self, kind: Kind, checkpoint: str, data: str, codes_key: str, *, fresh: bool = False
    ) -> JobState:
        """Ask for a number an item; `codes_key` is that of the checkpoint's codes of the data."""
        key = column_key(kind, codes_key)
        inputs = {"kind": kind, "checkpoint": checkpoint, "data": data, "key": key}
        return self._ask_once(key, "column", inputs, column_path(key).exists(), fresh)

    def request_pixels(self, data_set: DataSet, *, fresh: bool = False) -> JobState:
        """Ask for codes of the items themselves; they will lie at `pixels_path(data_set)`."""
        path = pixels_path(data_set)
        inputs = {"data": data_set.name}
        return self._ask_once(path.stem, "pixels", inputs, path.exists(), fresh)

    def _ask_once(
        self, key: str, task: str, inputs: dict[str, Any], is_done: bool, fresh: bool
    ) -> JobState:
        if is_done:
            return JobState(key, "done", 1.0)
        return self._known(key, fresh) or self._ask(key, task, inputs)

    def state(self, key: str) -> JobState | None:
        """What is known about a job, without asking for it."""
        with self._lock:
            job = self._jobs.get(key)
            return None if job is None else self._with_estimate(job)

    def cancel(self, key: str) -> None:
        """Stop a job; the page sees it as cancelled at once, the worker follows."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or not job.state.is_active:
                return
            job.state = replace(job.state, state="cancelled", message="cancelled")
            self._write({"cancel": job.id})

    def forget(self, key: str) -> None:
        """Forget how a job ended, so that the next request tries again."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and not job.state.is_active:
                del self._jobs[key]

    def close(self) -> None:
        """End the worker; jobs in it count as cancelled."""
        with self._lock:
            process, self._process = self._process, None
            for job in self._jobs.values():
                if job.state.is_active:
                    job.state = replace(job.state, state="cancelled", message="cancelled")
            listener = self._listener
        if process is not None and process.stdin is not None and listener is not None:
            process.stdin.close()
            listener.join(timeout=10)

    def _known(self, key: str, fresh: bool) -> JobState | None:
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.state.state == "done":
                return None  # the disk knows, unless its cache was deleted
            if fresh and not job.state.is_active:
                return None
            return self._with_estimate(job)

    def _ask(self, key: str, task: str, inputs: dict[str, Any]) -> JobState:
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and known.state.is_active:
                return known.state
            number = str(next(self._numbers))
            job = _Job(
                number,
                {"id": number, "task": task, "inputs": inputs},
                JobState(key, "queued", message="waiting for its turn"),
            )
            self._jobs[key] = job
            self.start()
            self._write(job.asked)
            return job.state

    def _spawn(self) -> None:
        threads = str(min(MAX_THREADS, os.cpu_count() or 1))
        environment = {
            **os.environ,
            "ZOETROPE_HOME": str(home()),
            "PYTHONPATH": str(project_root()),
            "OMP_NUM_THREADS": threads,
            "NUMBA_NUM_THREADS": threads,
            # A thread that waits must sleep: on a busy machine spinning at every barrier makes
            # t-SNE many times slower, and takes the time from the live path.
            "OMP_WAIT_POLICY": "passive",
        }
        self._stages_over = 0
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ae_core.maps.worker"),
                *([] if self._gives_way else ["--urgent"]),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            cwd=project_root(),
            start_new_session=True,  # Ctrl-C in the terminal is for the app, which then ends us
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        if self._many_expected:
            self._write(EXPECT_MANY)

    def _write(self, message: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        # An error means that it has just died: `_listen` sees that too, and says so to the jobs.
        with contextlib.suppress(OSError, ValueError):
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Take in events until the worker ends, then tell its jobs."""
        assert process.stdout is not None and process.stdin is not None
        with process.stdout as events:
            for line in events:
                event = json.loads(line)
                with self._lock:
                    if event["event"] == "warm":
                        self._stages_over = event["stages"]
                    for job in self._jobs.values():
                        if job.id == event.get("id"):
                            self._take_in(job, event)
        returncode = process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        with self._lock:
            if self._process is process:
                self._process = None
                self._mourn(returncode)

    def _take_in(self, job: _Job, event: dict[str, Any]) -> None:
        state, kind = job.state, event["event"]
        if not state.is_active:
            return  # cancelled here already
        if kind == "started":
            job.started_at = time.monotonic()
            job.state = replace(state, state="running", message="starting")
        elif kind == "warm-up":
            left = float(event["seconds_left"])
            job.started_at = time.monotonic()
            job.state = replace(
                state, state="warming", seconds_left=left, message="UMAP is warming up"
            )
        elif kind == "progress":
            job.state = replace(
                state, state="running", progress=event["fraction"], message=event["message"]
            )
        elif kind == "partial":
            job.state = replace(state, n_partial=state.n_partial + 1)
        elif kind in ("done", "failed", "cancelled"):
            progress = 1.0 if kind == "done" else state.progress
            job.state = replace(
                state, state=kind, progress=progress, message=event.get("message", kind)
            )

    def _with_estimate(self, job: _Job) -> JobState:
        state = job.state
        if state.state != "running":
            return state
        elapsed = time.monotonic() - job.started_at
        if state.progress < 0.05 or elapsed < 1.0:
            return replace(state, seconds_left=None)
        left = elapsed * (1 - state.progress) / state.progress
        return replace(state, seconds_left=round(left, 1))

    def _mourn(self, returncode: int) -> None:
        """The worker is dead: the job in it failed, those that waited go to a new worker."""
        waiting = []
        for job in self._jobs.values():
            if job.state.state == "queued":
                waiting.append(job)
            elif job.state.is_active:
                job.state = replace(job.state, state="failed", message=_obituary(returncode))
        if waiting:
            self._spawn()
            for job in sorted(waiting, key=lambda job: int(job.id)):
                self._write(job.asked)


def _obituary(returncode: int) -> str:
    if returncode == -signal.SIGKILL:
        reason = "was killed, most likely because memory ran out"
        remedy = "Map fewer items, or close other programs, and try again"
    else:
        reason = f"ended unexpectedly (exit status {returncode})"
        remedy = "Try again; if it happens again, choose other settings and see the server's log"
    return f"The process that makes maps {reason}. {remedy}: a new process is started."


def _fingerprint(codes: Floats) -> str:
    """`fingerprint_of`, remembered for whole files: a page asks at every rerun."""
    path = _whole_file(codes)
    if path is None:
        return fingerprint_of(codes)
    status = path.stat()
    return _fingerprint_of_file(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=64)
def _fingerprint_of_file(path: Path, _modified_ns: int, _n_bytes: int) -> str:
    return fingerprint_of(np.load(path, mmap_mode="r", allow_pickle=False))


def _whole_file(codes: Floats) -> Path | None:
    """The .npy whose whole content these codes are mapped from, if they are."""
    if not isinstance(codes, np.memmap) or codes.filename is None:
        return None
    if not codes.flags.c_contiguous:  # turned or transposed: the file holds another order
        return None
    path = Path(codes.filename)
    if path.suffix != ".npy" or not path.exists():
        return None
    whole = np.load(path, mmap_mode="r", allow_pickle=False)
    same = whole.shape == codes.shape and whole.dtype == codes.dtype
    return path if same and whole.offset == codes.offset else None


def _codes_file(codes: Floats, fingerprint: str) -> Path:
    """A .npy with the codes: the very file they are mapped from, or a copy in the cache."""
    whole = _whole_file(codes)
    if whole is not None:
        return whole
    path = cache_dir() / "projection-inputs" / f"{fingerprint}.npy"
    if not path.exists():
        save_array(path, np.asarray(codes, dtype=np.float32))
    return path
