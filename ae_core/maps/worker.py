"""The worker process: makes maps away from the page, and stays warm.

    python -m ae_core.maps.worker [--usual-priority]

Speaks the lines of `ae_core.processes.requests`, and two of its own: in, `{"expect": "many"}` says
that a UMAP of many items may come; out, `{"event": "warm", "stages"}` that so many stages of the
warm-up (`ae_core.maps.warm_up`) are over.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from ae_core.errors import UnreadableFileError
from ae_core.maps.item_columns import make_column
from ae_core.maps.map import Floats, points_folder, save_array, save_map
from ae_core.maps.pixel_codes import make_pixel_codes
from ae_core.maps.projection import ProjectionSettings, make_map
from ae_core.maps.quality import measure_kept_map
from ae_core.maps.umap import compares_all_pairs
from ae_core.maps.warm_up import WarmUp
from ae_core.processes.failures import Remedy
from ae_core.processes.priority import lower_priority
from ae_core.processes.requests import Channel, Request, open_channel, perform, read_requests
from ae_core.reading import map_array

PARTIAL_INTERVAL_S = 0.7
EXPECT_MANY = {"expect": "many"}
USUAL_PRIORITY = "--usual-priority"
REMEDY = Remedy(again="try again", log="the server's log", smaller="map fewer items")


class MapRequest(Request):
    """A request for a map, or for what belongs to one."""

    def __init__(self, message: dict[str, Any], channel: Channel) -> None:
        super().__init__(message, channel)
        self._shown_at = 0.0

    @cached_property
    def n_stages(self) -> int:
        """How much of the warm-up has to be over before it: none, UMAP, or its search too."""
        # what is wrong with a request, it says itself when its turn has come
        with contextlib.suppress(UnreadableFileError, AttributeError, KeyError, TypeError):
            settings = self.inputs["settings"] if self.kind == "points" else {}
            if settings.get("method") != "umap":
                return 0
            codes = map_array(Path(self.inputs["codes"]))
            n_fitted = min(len(codes), settings["max_fitted"])
            return 1 if compares_all_pairs(n_fitted, codes.shape[1]) else 2
        return 1

    def show_partial(self, points: Floats) -> None:
        """Put the map as it is now where the page can read it."""
        now = time.monotonic()
        if now - self._shown_at >= PARTIAL_INTERVAL_S:
            self._shown_at = now
            save_array(partial_path(self.inputs["key"]), points)
            self.send("partial")


def partial_path(key: str) -> Path:
    """Where an unfinished map lies."""
    return points_folder() / f"{key}.partial.npy"


def make_points(request: MapRequest) -> None:
    """Kind "points": `key`, `codes` (path of a .npy), `settings`."""
    settings = ProjectionSettings.model_validate(request.inputs["settings"])
    codes = map_array(Path(request.inputs["codes"]))
    made = make_map(codes, settings, request.report, request.show_partial)
    save_map(request.inputs["key"], made)
    partial_path(request.inputs["key"]).unlink(missing_ok=True)


def measure_quality(request: MapRequest) -> None:
    """Kind "quality": how far the map `map` of `codes` (path of a .npy) can be trusted."""
    codes = map_array(Path(request.inputs["codes"]))
    measure_kept_map(codes, request.inputs["map"], request.inputs["everyone"], request.report)


def make_item_column(request: MapRequest) -> None:
    """Kind "column": one number an item; `kind`, `checkpoint`, `data`, `key`."""
    make_column(**request.inputs, on_progress=request.report)


def make_pixels(request: MapRequest) -> None:
    """Kind "pixels": short codes of the items of `data` themselves."""
    make_pixel_codes(request.inputs["data"], request.report)


KINDS: dict[str, Callable[[MapRequest], None]] = {
    "points": make_points,
    "quality": measure_quality,
    "column": make_item_column,
    "pixels": make_pixels,
}


def do(request: MapRequest) -> None:
    """Whatever kind it is."""
    KINDS[request.kind](request)


def next_request(
    requests: queue.Queue[MapRequest], waiting: list[MapRequest], warm_up: WarmUp
) -> MapRequest:
    """The first that can be done now: a UMAP lets others pass until it is compiled."""
    while True:
        while not requests.empty() or not waiting:
            waiting.append(requests.get())
        for request in sorted(waiting, key=lambda request: request.kind != "points"):  # maps first
            if warm_up.seconds_left(request.n_stages) == 0 or request.cancelled.is_set():
                waiting.remove(request)
                return request
        for request in waiting:
            left = round(warm_up.seconds_left(request.n_stages))
            request.send("warm-up", seconds_left=left, message="UMAP is warming up")
        time.sleep(0.3)


def main() -> None:
    channel = open_channel()
    if USUAL_PRIORITY not in sys.argv:
        lower_priority()
    warm_up = WarmUp(channel)
    requests: queue.Queue[MapRequest] = queue.Queue()

    def on_message(message: dict[str, Any]) -> None:
        if "expect" in message:
            warm_up.want_search()

    def read() -> None:
        read_requests(sys.stdin.buffer, channel, requests, MapRequest, on_message)

    threading.Thread(target=read, daemon=True).start()
    waiting: list[MapRequest] = []
    while True:
        request = next_request(requests, waiting, warm_up)
        perform(request, do, REMEDY)


if __name__ == "__main__":
    main()
