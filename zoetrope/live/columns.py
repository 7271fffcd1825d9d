"""Binary routes: the map's points and columns, codes, and pictures of items.

Columns travel once, as little-endian float32, one after another; their addresses contain a key or
fingerprint of their content, so that a browser may keep them. Every answer needs the session's
token and one of its places (`doors/places.py`), and what an answer may cost is bounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from ae_core.data.catalogue import (
    about_data_set,
    attributes_stamp,
    is_ready,
    load_data_set,
    preview_data_set,
)
from ae_core.data.item_search import whole_number
from ae_core.data.items import AnyItem
from ae_core.data.store import DataSet
from ae_core.errors import AeCoreError, DataError, UnreadableFileError
from ae_core.locations import cache_dir
from ae_core.neighbours import nearest_items, nearest_others
from ae_core.reading import map_array
from zoetrope.live.blocks import Blocks, BlocksResponse
from zoetrope.live.doors.places import BusyError, Places, Threads
from zoetrope.live.doors.refusals import RefusedError
from zoetrope.live.shared import process_wide
from zoetrope.live.wire import limits
from zoetrope.live.wire.guard import require_token
from zoetrope.live.wire.tokens import TokenError

FOREVER = "private, max-age=31536000, immutable"
KEY = re.compile(r"[0-9a-f]{8,64}")


def routes() -> list[BaseRoute]:
    """Routes for the server, beside the live socket's."""
    return [
        _route("plotly", "/{version}.js", plotly_js, is_public=True),
        _route("points", "/{key}", points),
        _route("codes", "/{key}", codes),
        _route("derived", "/{key}", derived),
        _route("attributes", "/{data}/{version}", attribute),
        _route("pictures", "/{data}/{version}", pictures),
        _route("item", "/{data}/{version}/{item}", item),
        _route("neighbours", "/{key}/{data}/{version}/{item}", neighbours),
    ]


def plotly_address() -> str:
    """Address of plotly.js, relative to the page."""
    return f"api/plotly/{version('plotly')}.js"


def plotly_js(request: Request) -> Blocks:
    """The plotly.js that the installed plotly package carries: no network, no second version."""
    import plotly

    path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return Blocks.of_file(path, "public, max-age=31536000, immutable", "text/javascript")


Answer = Callable[[Request], Response | Blocks]


def _route(name: str, place: str, answer: Answer, *, is_public: bool = False) -> Route:
    return Route(f"/api/{name}{place}", Guarded(name, answer, is_public), methods=["GET"])


class Guarded:
    """Checks the token, takes a place, answers in a thread, and puts every refusal into words.

    Args:
        name: A key of `ROUTE_LIMITS`.
        answer: Makes the answer, in the thread.
        is_public: Whether it takes no token; places are then those of the client's address.
    """

    def __init__(self, name: str, answer: Answer, is_public: bool) -> None:
        self._name = name
        self._answer = answer
        self._is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            with _places().place(self._name, self._holder(request)):
                response = await self._respond(request)
                await response(scope, receive, send)
        except TokenError as error:
            await PlainTextResponse(str(error), 403)(scope, receive, send)
        except BusyError as error:
            headers = {"Retry-After": str(error.retry_after_s)}
            await PlainTextResponse(str(error), 429, headers)(scope, receive, send)

    def _holder(self, request: Request) -> str:
        if not self._is_public:
            return require_token(request)
        return request.client.host if request.client else ""

    async def _respond(self, request: Request) -> Response:
        threads = _scans() if limits.ROUTE_LIMITS[self._name].is_scan else _threads()
        try:
            answer = await threads.begin(partial(self._answer, request))
        except RefusedError as error:
            return PlainTextResponse(str(error), error.status)
        except AeCoreError as error:
            return PlainTextResponse(str(error), 404)
        return BlocksResponse(answer, request, threads) if isinstance(answer, Blocks) else answer


def _places() -> Places:
    return process_wide("places", Places)


def _threads() -> Threads:
    make = partial(Threads, "live-route", limits.ROUTE_THREADS, limits.MAX_ROUTE_REQUESTS)
    return process_wide("route threads", make)


def _scans() -> Threads:
    return process_wide("scan thread", partial(Threads, "live-scan", 1, limits.MAX_SCANS))


def points(request: Request) -> Blocks:
    """x of all items, then y, then z if there is one; `?part=N` while the map is being made."""
    suffix = ".partial.npy" if "part" in request.query_params else ".npy"
    array = _kept_array("points", request.path_params["key"], suffix)
    cache = "no-store" if "part" in request.query_params else FOREVER
    return Blocks.of(array.T, cache)


def derived(request: Request) -> Blocks:
    """One number an item, computed from codes or maps."""
    return Blocks.of(_kept_array("derived", request.path_params["key"], ".npy"), FOREVER)


def codes(request: Request) -> Blocks:
    """Codes of all items, row after row, or of `?items=1,2,3`."""
    array = _kept_array("codes", request.path_params["key"], ".npy")
    if "items" in request.query_params:
        rows = _items(request, len(array))
        return Blocks.of(array[rows], FOREVER)
    if array.nbytes > limits.MAX_CODES_BYTES:
        raise RefusedError(413, "There are too many codes to send at once: name some `items`.")
    return Blocks.of(array, FOREVER)


def attribute(request: Request) -> Blocks:
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
    return Blocks.of(column_of(data_set.attributes[name].iloc[:n]).values, FOREVER)


def pictures(request: Request) -> Blocks:
    """Pictures of `?items=1,2,3`, as their kind draws them; small ones, at most `?px=` a side.

    Four little-endian uint32 (n, height, width, channels), then n * height * width * channels
    bytes.
    """
    data_set = open_data_set(request.path_params["data"])
    draw = _drawing(request, data_set.about.item)
    rows = _items(request, len(data_set.items))
    first = draw(data_set.items[rows[:1]])
    n_bytes = first.nbytes * len(rows)
    if n_bytes > limits.MAX_PIXEL_BYTES:
        raise RefusedError(413, "These pictures are too large together: ask for fewer, or `px`.")
    _, channels, height, width = first.shape
    head = np.array((len(rows), height, width, channels), "<u4").tobytes()
    n_each = max(1, limits.BLOCK_BYTES // max(first.nbytes, data_set.items[0].nbytes))

    def pieces() -> Iterator[bytes]:
        yield head
        for start in range(0, len(rows), n_each):
            drawn = draw(data_set.items[rows[start : start + n_each]])
            yield np.moveaxis(drawn, 1, -1).tobytes()  # channels last, as canvases have them

    return Blocks(len(head) + n_bytes, pieces(), FOREVER, is_compressible=True)


def _drawing(request: Request, kind: AnyItem) -> Callable[[NDArray[Any]], NDArray[np.uint8]]:
    """How items are drawn: small where the request says `?px=`."""
    if "px" not in request.query_params:
        return kind.drawn
    px = whole_number(request.query_params["px"])
    if px is None or not 1 <= px <= limits.MAX_SIDE_PX:
        raise RefusedError(400, f"`px` must lie in 1..{limits.MAX_SIDE_PX} pixels.")
    return partial(kind.thumbnails, px=px)


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
    if wanted is None or not 1 <= wanted <= limits.MAX_NEIGHBOURS:
        raise RefusedError(400, f"`n` must lie in 1..{limits.MAX_NEIGHBOURS}; got {asked[:20]!r}.")
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
    return _open(name, about.fingerprint, attributes_stamp(name), is_ready(name))


@lru_cache(maxsize=8)
def _open(name: str, _fingerprint: str, _attributes_stamp: int, ready: bool) -> DataSet:
    return load_data_set(name) if ready else preview_data_set(name)


def _kept_array(folder: str, key: str, suffix: str) -> NDArray[np.float32]:
    if not KEY.fullmatch(key):
        raise RefusedError(400, "The key must be hexadecimal digits.")
    path = cache_dir() / folder / f"{key}{suffix}"
    try:
        return _mapped(path)
    except (OSError, UnreadableFileError):
        raise RefusedError(404, "That is not in the cache any more: reload the page.") from None


_MAPPED: WeakValueDictionary[tuple[Path, int, int], NDArray[np.float32]] = WeakValueDictionary()
_MAPPING = Lock()


def _mapped(path: Path) -> NDArray[np.float32]:
    """The array of a file, mapped once for all who read it now: each mapping counts as memory."""
    found = path.stat()
    stamp = (path, found.st_mtime_ns, found.st_ino)
    with _MAPPING:
        array: NDArray[np.float32] | None = _MAPPED.get(stamp)
        if array is None:
            array = _MAPPED[stamp] = map_array(path)
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
    if len(parts) > limits.MAX_ITEMS:
        raise RefusedError(413, f"At most {limits.MAX_ITEMS} items at once; got {len(parts)}.")
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
