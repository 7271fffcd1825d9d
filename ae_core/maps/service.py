"""The app's side of the map worker: ask for maps and what belongs to them, watch, cancel.

service = ProjectionService()
state = service.request(codes, ProjectionSettings(method="umap"))   # returns at once
...
if state.state == "done":
    points = load_map(state.key).points
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import numpy as np

from ae_core.data.store import DataSet
from ae_core.locations import cache_dir
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
from ae_core.maps.worker import EXPECT_MANY, REMEDY, USUAL_PRIORITY
from ae_core.processes.worker_client import RequestState, WorkerClient
from ae_core.processes.worker_process import WorkerProgram
from ae_core.reading import map_array

MAX_THREADS = 8


class ProjectionService:
    """One worker process for all sessions; safe to call from any thread."""

    def __init__(self, *, low_priority: bool = True) -> None:
        """`low_priority`: the worker works only when nobody else wants the processor."""
        threads = str(min(MAX_THREADS, os.cpu_count() or 1))
        program = WorkerProgram(
            module="ae_core.maps.worker",
            arguments=() if low_priority else (USUAL_PRIORITY,),
            environment={"OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads},
            name="The process that makes maps",
            remedy=REMEDY,
        )
        self._worker = WorkerClient(program, on_start=self._on_start, on_event=self._on_event)
        self._n_stages_over = 0  # of the worker's warm-up
        self._many_expected = False

    def start(self) -> None:
        """Start the worker, and with it UMAP's warm-up, if it is not running."""
        self._worker.start()

    def close(self) -> None:
        """End the worker; requests in it count as cancelled."""
        self._worker.close()

    def state(self, key: str) -> RequestState | None:
        """What is known about a request, without asking for it."""
        return self._worker.state(key)

    def cancel(self, key: str) -> None:
        """Stop a request; the page sees it as cancelled at once, the worker follows."""
        self._worker.cancel(key)

    def forget(self, key: str) -> None:
        """Forget how a request ended, so that the next one tries again."""
        self._worker.forget(key)

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        return self._worker.pid

    @property
    def is_warm(self) -> bool:
        """Whether a UMAP of as many codes as were ever asked about would start at once."""
        return self._n_stages_over >= (2 if self._many_expected else 1)

    def expect(self, codes: Floats, settings: ProjectionSettings) -> None:
        """Be ready for a UMAP of these; said of all codes of which any map is asked for."""
        n_fitted = min(len(codes), settings.max_fitted)
        if not self._many_expected and not compares_all_pairs(n_fitted, codes[:1].size):
            self._many_expected = True
            self._worker.send(EXPECT_MANY)

    def request(
        self, codes: Floats, settings: ProjectionSettings, *, fresh: bool = False
    ) -> RequestState:
        """Ask for a map; the same inputs are one request, whoever asks and however often.

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
        if settings.method == "pca":
            if load_map(key) is None:
                save_map(key, make_map(codes, settings))
            return RequestState(key, "done", 1.0)

        def make_inputs() -> dict[str, Any]:
            checked(codes, settings)  # refused here, where the person who asked is told
            path = _codes_file(codes, fingerprint)
            return {"key": key, "codes": str(path), "settings": settings.model_dump()}

        return self._worker.ask_once(
            key, "points", make_inputs, lambda: load_map(key) is not None, fresh=fresh
        )

    def request_quality(
        self, codes: Floats, map_key: str, *, everyone: bool = False, fresh: bool = False
    ) -> RequestState:
        """Ask how far the finished map `map_key` of these codes can be trusted."""
        key = quality_key(map_key, everyone=everyone)

        def make_inputs() -> dict[str, Any]:
            path = _codes_file(codes, _fingerprint(codes))
            return {"codes": str(path), "map": map_key, "everyone": everyone}

        return self._worker.ask_once(
            key, "quality", make_inputs, lambda: load_quality(key) is not None, fresh=fresh
        )

    def request_column(
        self, kind: Kind, checkpoint: str, data: str, codes_key: str, *, fresh: bool = False
    ) -> RequestState:
        """Ask for a number an item; `codes_key` is that of the checkpoint's codes of the data."""
        key = column_key(kind, codes_key)
        inputs = {"kind": kind, "checkpoint": checkpoint, "data": data, "key": key}
        return self._worker.ask_once(
            key, "column", lambda: inputs, column_path(key).exists, fresh=fresh
        )

    def request_pixels(self, data_set: DataSet, *, fresh: bool = False) -> RequestState:
        """Ask for codes of the items themselves; they will lie at `pixels_path(data_set)`."""
        path = pixels_path(data_set)
        inputs = {"data": data_set.name}
        return self._worker.ask_once(path.stem, "pixels", lambda: inputs, path.exists, fresh=fresh)

    def _on_start(self) -> None:
        self._n_stages_over = 0
        if self._many_expected:
            self._worker.send(EXPECT_MANY)

    def _on_event(self, event: dict[str, Any]) -> None:
        if event["event"] == "warm":
            self._n_stages_over = event["stages"]


def _fingerprint(codes: Floats) -> str:
    """`fingerprint_of`, remembered for whole files: a page asks at every rerun."""
    path = _whole_file(codes)
    if path is None:
        return fingerprint_of(codes)
    status = path.stat()
    return _fingerprint_of_file(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=64)
def _fingerprint_of_file(path: Path, _modified_ns: int, _n_bytes: int) -> str:
    return fingerprint_of(map_array(path))


def _whole_file(codes: Floats) -> Path | None:
    """The .npy whose whole content these codes are mapped from, if they are."""
    if not isinstance(codes, np.memmap) or codes.filename is None:
        return None
    if not codes.flags.c_contiguous:  # turned or transposed: the file holds another order
        return None
    path = Path(codes.filename)
    if path.suffix != ".npy" or not path.exists():
        return None
    whole = map_array(path)
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
