"""UMAP's compilation, begun before anybody asks for a UMAP.

UMAP compiles itself at its first use in a process: for seconds, and for tens of seconds more where
items are so many that it looks for neighbours with pynndescent. That happens in a thread of the
worker that starts at once (with the second stage as soon as many items are in sight), while other
requests already run; a UMAP asked for meanwhile waits for the stages it needs.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ae_core.errors import UnreadableFileError
from ae_core.locations import cache_dir, write_atomically
from ae_core.maps.map import Floats
from ae_core.maps.projection import ProjectionSettings, make_map
from ae_core.maps.umap import umap_search
from ae_core.processes.failures import print_traceback
from ae_core.processes.requests import Channel
from ae_core.reading import read_json

# Processor seconds of each stage of the warm-up on a machine that never did it; numba keeps some of
# it on disk, and the next start takes less.
GUESSED_WARM_UP_S = (20.0, 35.0)


class WarmUp:
    """Compiles UMAP in a thread of its own: `compile_umap`; `compile_search` where it is wanted."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._expected_s = list(_timed_warm_up())
        self._n_ended = 0
        self._search_wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warm-up", daemon=True)
        self._stage_start: tuple[float, float] | None = None  # when, at what own time
        self._thread.start()

    def want_search(self) -> None:
        """Go on to the second stage, now or after the first."""
        self._search_wanted.set()

    def seconds_left(self, n_stages: int) -> float:
        """An estimate from the last warm-up on this machine; 0 when so many stages are over.

        Counted in processor time, stretched by the pace so far: the worker has a low priority,
        and on a busy machine a second of work takes several.
        """
        n_ended = self._n_ended
        if n_ended >= n_stages:
            return 0.0
        if n_stages == 2:
            self.want_search()
        expected_s = sum(self._expected_s[n_ended:n_stages])
        if (start := self._stage_start) is None:
            return expected_s
        at, worked_before_s = start
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
        self._stage_start = time.monotonic(), before_s
        try:
            work()
        except Exception:  # UMAP will say it again, to the person who asks for one
            print_traceback()
        self._expected_s[self._n_ended] = round(self._worked_s() - before_s, 1)
        self._stage_start, self._n_ended = None, self._n_ended + 1
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
        first, second = read_json(_warm_up_file())["processor_seconds"]
        return float(first), float(second)
    except (UnreadableFileError, ValueError, KeyError, TypeError):
        return GUESSED_WARM_UP_S
