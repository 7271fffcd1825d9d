"""Binary routes: the map's points and columns, codes, and pictures of items.

Columns travel once, as little-endian float32, one after another; their addresses contain a key or
fingerprint of their content, so that a browser may keep them. Every answer needs the session's
token, and what an answer may cost is bounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ae_core.data.catalogue import about_data_set, is_ready, load_data_set, preview_data_set
from ae_core.data.item_search import whole_number
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError, DataError
from ae_core.locations import cache_dir
from ae_core.neighbours import nearest_items, nearest_others
from zoetrope.live.wire.guard import require_token
from zoetrope.live.wire.limits import (
    MAX_CODES_BYTES,
    MAX_ITEMS,
    MAX_NEIGHBOURS,
    MAX_PIXEL_BYTES,
)
from zoetrope.live.wire.tokens import TokenError

FOREVER = "private, max-age=31536000, immutable"
KEY = re.compile(r"[0-9a-f]{8,64}")


class RefusedError(Exception):
    """A request that cannot be answered: HTTP status and what to tell."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def routes() -> list[BaseRoute]:
    """Routes for the server, beside the live socket's."""
    return [
        Route("/api/plotly/{version}.js", plotly_js),
        Route("/api/points/{key}", _guarded(points)),
        Route("/api/codes/{key}", _guarded(codes)),
        Route("/api/derived/{key}", _guarded(derived)),
        Route("/api/attributes/{data}/{version}", _guarded(attribute)),
        Route("/api/pictures/{data}/{version}", _guarded(pictures)),
        Route("/api/item/{data}/{version}/{item}", _guarded(item)),
        Route("/api/neighbours/{key}/{data}/{version}/{item}", _guarded(neighbours)),
    ]


def plotly_address() -> str:
    """Address of plotly.js, relative to the page."""
    return f"api/plotly/{version('plotly')}.js"


async def plotly_js(request: Request) -> Response:
    """The plotly.js that the installed plotly package carries: no network, no second version."""
    import plotly

    path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(path, media_type="text/javascript", headers=headers)


def _guarded(answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """Check the token, answer in a thread, and put every refusal into words."""

    async def endpoint(request: Request) -> Response:
        try:
            require_token(request)
            return await run_in_threadpool(answer, request)
        except TokenError as error:
            return Response(str(error), 403)
        except RefusedError as error:
            return Response(str(error), error.status)
        except AeCoreError as error:
            return Response(str(error), 404)

    return endpoint


def points(request: Request) -> Response:
    """x of all items, then y, then z if there is one; `?part=N` while the map is being made."""
    suffix = ".partial.npy" if "part" in request.query_params else ".npy"
    array = _kept_array("points", request.path_params["key"], suffix)
    cache = "no-store" if "part" in request.query_params else FOREVER
    return _floats(np.ascontiguousarray(np.asarray(array).T), cache)


def derived(request: Request) -> Response:
    """One number an item, computed from codes or maps."""
    return _floats(_kept_array("derived", request.path_params["key"], ".npy"), FOREVER)


def codes(request: Request) -> Response:
    """Codes of all items, row after row, or of `?items=1,2,3`."""
    array = _kept_array("codes", request.path_params["key"], ".npy")
    if "items" in request.query_params:
        rows = _items(request, len(array))
        return _floats(array[rows], FOREVER)
    if array.nbytes > MAX_CODES_BYTES:
        raise RefusedError(413, "There are too many codes to send at once: name some `items`.")
    return _floats(array, FOREVER)


def attribute(request: Request) -> Response:
    """The attribute `?column=` of the first `?n=` items, as `column_of` makes it.

    Not a part of the path, where "/" and ".." mean something.
    """
    from ae_core.data.attribute_columns import column_of  # pandas: not before the first page

    data_set = open_data_set(request.path_params["data"])
    name = request.query_params.get("column", "")
    if name not in data_set.attributes.columns:
        raise DataError(f"`column`: data set {data_set.name!r} has no attribute {name!r}.")
    n = whole_number(request.query_params.get("n", ""))
    if n is None:
        raise RefusedError(400, "`n` must be the number of items on the map.")
    return _floats(column_of(data_set.attributes[name].iloc[:n]).values, FOREVER)


def pictures(request: Request) -> Response:
    """Pictures of `?items=1,2,3`, as their kind draws them; small ones, at most `?px=` a side.

    Four little-endian uint32 (n, height, width, channels), then n * height * width * channels
    bytes.
    """
    data_set = open_data_set(request.path_params["data"])
    kind = data_set.about.item
    stored = data_set.items[_items(request, len(data_set.items))]
    if "px" in request.query_params:
        px = whole_number(request.query_params["px"])
        if not px:
            raise RefusedError(400, "`px` must be a whole number of pixels, at least 1.")
        drawn = kind.thumbnails(stored, px)
    else:
        drawn = kind.drawn(stored)
    if drawn.nbytes > MAX_PIXEL_BYTES:
        raise RefusedError(413, "These pictures are too large together: ask for fewer, or `px`.")
    block = np.ascontiguousarray(np.moveaxis(drawn, 1, -1))  # channels last, as canvases have them
    head = np.array(block.shape, "<u4").tobytes()
    return _bytes(head + block.tobytes(), FOREVER)


def item(request: Request) -> Response:
    """Attributes of one item, as JSON; of a row of a table they are its columns."""
    data_set = open_data_set(request.path_params["data"])
    row = _row(request, len(data_set.items))
    values = data_set.attributes[data_set.visible_attributes()].iloc[row].to_dict()
    plain = {str(name): _plain(value) for name, value in values.items()}
    return JSONResponse(plain, headers={"Cache-Control": FOREVER})


def neighbours(request: Request) -> Response:
    """The `?n=` items nearest to one, by code and by its numbers, nearest first, as JSON."""
    data_set = open_data_set(request.path_params["data"])
    array = _kept_array("codes", request.path_params["key"], ".npy")
    asked = request.query_params.get("n", "12")
    wanted = whole_number(asked)
    if wanted is None or not 1 <= wanted <= MAX_NEIGHBOURS:
        raise RefusedError(400, f"`n` must lie in 1..{MAX_NEIGHBOURS}; got {asked[:20]!r}.")
    row = _row(request, min(len(array), len(data_set.items)))
    n = min(wanted, len(array) - 1)
    by_code, _ = nearest_others(array, np.array([row]), n)
    by_numbers, _ = nearest_items(data_set.items[: len(array)], row, n)
    near = {
        "nearest by code": by_code[0].tolist(),
        f"nearest by {data_set.about.item.unit}s": by_numbers.tolist(),
    }
    return JSONResponse(near, headers={"Cache-Control": FOREVER})


def open_data_set(name: str) -> DataSet:
    """A data set by name; the first items of one that is still being made."""
    about = about_data_set(name)
    return _open(name, about.fingerprint, is_ready(name))


@lru_cache(maxsize=8)
def _open(name: str, _fingerprint: str, ready: bool) -> DataSet:
    return load_data_set(name) if ready else preview_data_set(name)


def _kept_array(folder: str, key: str, suffix: str) -> NDArray[np.float32]:
    if not KEY.fullmatch(key):
        raise RefusedError(400, "The key must be hexadecimal digits.")
    path = cache_dir() / folder / f"{key}{suffix}"
    try:
        array: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        raise RefusedError(404, "That is not in the cache any more: reload the page.") from None
    return array


def _row(request: Request, n_items: int) -> int:
    """The item that the path names; no `{item:int}`, which fails at thousands of digits."""
    name = request.path_params["item"]
    row = whole_number(name)
    if row is None or row >= n_items:
        raise RefusedError(404, f"There is no item {name[:20]}.")
    return row


def _items(request: Request, n_items: int) -> NDArray[np.int64]:
    """Rows named by `?items=`, in the order asked for."""
    parts = request.query_params.get("items", "").split(",")
    if len(parts) > MAX_ITEMS:
        raise RefusedError(413, f"At most {MAX_ITEMS} items at once; got {len(parts)}.")
    numbers = [number for part in parts if (number := whole_number(part)) is not None]
    if len(numbers) < len(parts):
        raise RefusedError(400, "`items` must be whole numbers, comma between: items=1,2,3.")
    rows = np.array(numbers, np.int64)
    if rows.max() >= n_items:
        raise RefusedError(404, f"`items` must lie in 0..{n_items - 1}; got {rows.max()}.")
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isinf(value):
            return "infinite" if value > 0 else "minus infinite"
        return None if math.isnan(value) else float(f"{value:.6g}")
    return value if isinstance(value, bool | int) else str(value)


def _floats(array: NDArray[np.floating[Any]], cache: str) -> Response:
    return _bytes(np.ascontiguousarray(array, "<f4").tobytes(), cache)


def _bytes(content: bytes, cache: str) -> Response:
    headers = {"Cache-Control": cache, "X-Content-Type-Options": "nosniff"}
    return Response(content, headers=headers, media_type="application/octet-stream")
