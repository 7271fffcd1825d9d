"""The worker process: makes maps away from the page, and stays warm.

    python -m ae_core.maps.worker [--urgent]

Speaks JSON lines. In: `{"id", "task", "inputs"}` asks, `{"cancel": id}` takes it back, `{"expect":
"many"}` says that a UMAP of many items may come. Out: `{"id", "event", ...}` with event started,
warm-up, progress, partial, done, failed or cancelled, and `{"event": "warm", "stages"}`. Results
lie on disk, so a restart of the app loses none. The process ends when its input closes, that is,
with the app that started it.

UMAP compiles itself at its first use in a process: for seconds, and for tens of seconds more where
items are so many that it looks for neighbours with pynndescent. That happens here, in a thread that
starts at once (with the second stage as soon as many items are in sight), while other tasks already
run; a UMAP asked for meanwhile waits for the stages it needs.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ae_core.errors import AeCoreError
from ae_core.locations import cache_dir, write_atomically
from ae_core.maps.map import Floats, points_folder, save_array, save_map
from ae_core.maps.projection import ProjectionSettings, make_map
from ae_core.maps.quality import measure_kept_map
from ae_core.maps.umap import compares_all_pairs, umap_search
from ae_core.processes.priority import lower_priority
from ae_core.processes.progress import CancelledError

REPORT_INTERVAL_S = 0.2
PARTIAL_INTERVAL_S = 0.7
MAX_THREADS = 8
# Processor seconds of each stage of the warm-up on a machine that never did it; numba keeps some of
# it on disk, and the next start takes less.
GUESSED_WARM_UP_S = (20.0, 35.0)


class Channel:
    """Writes events; one at a time, whichever thread speaks."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def send(self, **event: Any) -> None:
        with self._lock:
            self._stream.write(json.dumps(event) + "\n")
            self._stream.flush()


class Job:
    """One task that was asked for: it reports, and hears when it is no longer wanted."""

    def __init__(self, asked: dict[str, Any], channel: Channel) -> None:
        self.id, self.task, self.inputs = asked["id"], asked["task"], asked["inputs"]
        self.channel = channel
        self.cancelled = threading.Event()
        self._last_report = self._last_partial = 0.0

    @cached_property
    def n_stages(self) -> int:
        """How much of the warm-up has to be over before it: none, UMAP, or its search too."""
        if self.task != "points" or self.inputs["settings"]["method"] != "umap":
            return 0
        with contextlib.suppress(OSError, ValueError, EOFError):  # the job itself will say it
            codes = np.load(self.inputs["codes"], mmap_mode="r", allow_pickle=False)
            n_fitted = min(len(codes), self.inputs["settings"]["max_fitted"])
            return 1 if compares_all_pairs(n_fitted, codes.shape[1]) else 2
        return 1

    def report(self, message: str, fraction: float) -> None:
        """Say how far the task is; raises `CancelledError` if nobody wants it any more."""
        if self.cancelled.is_set():
            raise CancelledError
        now = time.monotonic()
        if now - self._last_report >= REPORT_INTERVAL_S or fraction >= 1:
            self._last_report = now
            self.send("progress", message=message, fraction=round(fraction, 4))

    def show_partial(self, points: Floats) -> None:
        """Put the map as it is now where the page can read it."""
        now = time.monotonic()
        if now - self._last_partial >= PARTIAL_INTERVAL_S:
            self._last_partial = now
            save_array(partial_path(self.inputs["key"]), points)
            self.send("partial")

    def send(self, event: str, **details: Any) -> None:
        self.channel.send(id=self.id, event=event, **details)


def partial_path(key: str) -> Path:
    """Where an unfinished map lies."""
    return points_folder() / f"{key}.partial.npy"


class WarmUp:
    """Compiles UMAP in a thread of its own: `compile_umap`; `compile_search` where it is wanted."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._expected_s = list(_timed_warm_up())
        self._n_ended = 0
        self._search_wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warm-up", daemon=True)
        self._began: tuple[float, float] | None = None  # this stage: when, at what own time
        self._thread.start()

    def want_search(self) -> None:
        """Go on to the second stage, now or after the first."""
        self._search_wanted.set()

    def seconds_left(self, n_stages: int) -> float:
        """An estimate from the last warm-up on this machine; 0 when so many stages are over.

        Counted in processor time, stretched by the pace so far: the worker gives way to others,
        and on a busy machine a second of work takes several.
        """
        n_ended = self._n_ended
        if n_ended >= n_stages:
            return 0.0
        if n_stages == 2:
            self.want_search()
        expected_s = sum(self._expected_s[n_ended:n_stages])
        if (began := self._began) is None:
            return expected_s
        at, worked_before_s = began
        worked_s = self._worked_s() - worked_before_s
        pace = max(1.0, (time.monotonic() - at + 3) / (worked_s + 3))
        return max(1.0, (expected_s - worked_s) * pace)

    def _worked_s(self) -> float:
        """The thread's own processor time; the process's, where a system cannot tell."""
        thread, clock_of = self._thread, getattr(time, "pthread_getcpuclockid", None)
        if clock_of is None or thread.ident is None or not thread.is_alive():
            return time.process_time()
        return time.clock_gettime(clock_of(thread.ident))

    def _run(self) -> None:
        self._compile(compile_umap)
        with contextlib.suppress(ImportError):  # a t-SNE will say it
            import openTSNE  # noqa: F401  its import takes a second of the first t-SNE's time
        self._search_wanted.wait()
        self._compile(compile_search)

    def _compile(self, work: Callable[[], None]) -> None:
        before_s = self._worked_s()
        self._began = time.monotonic(), before_s
        try:
            work()
        except Exception:  # UMAP will say it again, to the person who asks for one
            traceback.print_exc()
        self._expected_s[self._n_ended] = round(self._worked_s() - before_s, 1)
        self._began, self._n_ended = None, self._n_ended + 1
        self._channel.send(event="warm", stages=self._n_ended)
        with contextlib.suppress(OSError):  # a full disk: the next start guesses
            write_atomically(_warm_up_file(), json.dumps({"processor_seconds": self._expected_s}))


def compile_umap() -> None:
    """Run UMAP on a little noise: what it does after neighbours are found, at any size."""
    settings = ProjectionSettings(method="umap", n_neighbours=4)  # the same code, sooner done
    make_map(_noise(300), settings)


def compile_search() -> None:
    """Look for neighbours as UMAP does among many items."""
    umap_search(_noise(5000), n_neighbours=4, seed=0)


def _noise(n_items: int) -> Floats:
    return np.random.default_rng(0).normal(size=(n_items, 8)).astype(np.float32)


def _warm_up_file() -> Path:
    return cache_dir() / "worker" / "warm_up.json"


def _timed_warm_up() -> tuple[float, float]:
    try:
        first, second = json.loads(_warm_up_file().read_text("utf-8"))["processor_seconds"]
        return float(first), float(second)
    except (OSError, ValueError, KeyError, TypeError):
        return GUESSED_WARM_UP_S


def make_points(job: Job) -> None:
    """Task "points": `key`, `codes` (path of a .npy), `settings`."""
    settings = ProjectionSettings.model_validate(job.inputs["settings"])
    codes = np.load(job.inputs["codes"], mmap_mode="r", allow_pickle=False)
    made = make_map(codes, settings, job.report, job.show_partial)
    save_map(job.inputs["key"], made)
    partial_path(job.inputs["key"]).unlink(missing_ok=True)


def measure_quality(job: Job) -> None:
    """Task "quality": how far the map `map` of `codes` (path of a .npy) can be trusted."""
    codes = np.load(job.inputs["codes"], mmap_mode="r", allow_pickle=False)
    measure_kept_map(codes, job.inputs["map"], job.inputs["everyone"], job.report)


def make_derived(job: Job) -> None:
    """Task "column": one number an item; `kind`, `checkpoint`, `data`, `key`."""
    from ae_core.maps.item_columns import make_column

    make_column(**job.inputs, on_progress=job.report)


def make_pixels(job: Job) -> None:
    """Task "pixels": short codes of the items of `data` themselves."""
    from ae_core.maps.pixel_codes import make_pixel_codes

    make_pixel_codes(job.inputs["data"], job.report)


TASKS: dict[str, Callable[[Job], None]] = {
    "points": make_points,
    "quality": measure_quality,
    "column": make_derived,
    "pixels": make_pixels,
}


def next_job(asked: queue.Queue[Job], waiting: list[Job], warm_up: WarmUp) -> Job:
    """The first job that can be done now: a UMAP lets others pass until it is compiled."""
    while True:
        while not asked.empty() or not waiting:
            waiting.append(asked.get())
        for job in sorted(waiting, key=lambda job: job.task != "points"):  # maps first
            if warm_up.seconds_left(job.n_stages) == 0 or job.cancelled.is_set():
                waiting.remove(job)
                return job
        for job in waiting:
            job.send("warm-up", seconds_left=round(warm_up.seconds_left(job.n_stages)))
        time.sleep(0.3)


def perform(job: Job) -> None:
    """Do a job and say how it ended; no failure of a job ends the worker."""
    job.send("started")
    try:
        if job.cancelled.is_set():
            raise CancelledError
        TASKS[job.task](job)
    except CancelledError:
        job.send("cancelled")
    except AeCoreError as error:
        job.send("failed", message=str(error))
    except MemoryError:
        job.send(
            "failed",
            message="Memory ran out: map fewer items, or close other programs, and try again.",
        )
    except Exception as error:
        traceback.print_exc()
        job.send(
            "failed",
            message=f"An error of the program itself ({type(error).__name__}: {error}); the "
            "details are in the server's log. Try other settings, and report it.",
        )
    else:
        job.send("done")


def listen(lines: TextIO, jobs: queue.Queue[Job], channel: Channel, warm_up: WarmUp) -> None:
    """Read what is asked until the input closes, which ends the process."""
    known: dict[str, Job] = {}
    for line in lines:
        asked = json.loads(line)
        if "cancel" in asked:
            if job := known.get(asked["cancel"]):
                job.cancelled.set()
            continue
        if "expect" in asked:
            warm_up.want_search()
            continue
        known[asked["id"]] = job = Job(asked, channel)
        jobs.put(job)
    os._exit(0)  # the app is gone; a library deep in a fit would not hear of it otherwise


def main() -> None:
    # What libraries print goes to the log; the channel keeps the real output to itself.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if "--urgent" not in sys.argv:
        lower_priority()  # the hand and its picture come first
    channel = Channel(events)
    warm_up = WarmUp(channel)
    jobs: queue.Queue[Job] = queue.Queue()
    threading.Thread(target=listen, args=(sys.stdin, jobs, channel, warm_up), daemon=True).start()
    waiting: list[Job] = []
    while True:
        perform(next_job(jobs, waiting, warm_up))


if __name__ == "__main__":
    main()
