"""The map as a Streamlit component: points of all items, hover, groups, what lives between them.

    points = MapPoints(key=state.key, n_items=len(codes), n_components=2)
    seen = latent_map(points, items=ItemSource.of(data_set), colour=colour_of(data_set, "glasses"),
                      codes=CodeSource(codes_key, 32, len(codes)), codec=..., key="explore")
    seen.group      # rows of the chosen items, int64, or None

Python sends addresses, not points: the browser fetches columns once (`zoetrope.live.columns`). A
group belongs to the items, not to the map: it survives other colours, other maps and page changes,
and travels as one bit an item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ae_core.data.attribute_columns import column_of
from ae_core.data.store import DataSet
from ae_core.maps.plane import Plane
from zoetrope.live.assets import loader
from zoetrope.live.columns import plotly_address
from zoetrope.live.components.map_group import group_of_items, keep_told_group, pack_rows, rows_of
from zoetrope.live.components.packing import do_nothing, packed, static_text
from zoetrope.live.components.stage import Gauge, session_token
from zoetrope.live.shared import process_wide
from zoetrope.live.wire.limits import MAX_CODES_BYTES
from zoetrope.palette import CATEGORY_COLOURS, NUMBER_COLOURS, PLAIN_COLOUR


@dataclass(frozen=True)
class MapPoints:
    """Which map is shown.

    Attributes:
        key: Name of the map on disk (`ae_core.maps.projection.projection_key`).
        n_items: Points.
        n_components: Axes, 2 or 3.
        axes: What the axes mean; empty where they mean nothing.
        part: Number of the unfinished map shown, None for the finished one.
    """

    key: str
    n_items: int
    n_components: int
    axes: Sequence[str] = ()
    part: int | None = None

    @property
    def address(self) -> str:
        suffix = "" if self.part is None else f"?part={self.part}"
        return f"api/points/{self.key}{suffix}"


@dataclass(frozen=True)
class ItemSource:
    """Where pictures and attributes of items come from."""

    data: str
    fingerprint: str

    @classmethod
    def of(cls, data_set: DataSet) -> ItemSource:
        return cls(data_set.name, data_set.about.fingerprint)

    @property
    def place(self) -> str:
        return f"{quote(self.data, safe='')}/{quote(self.fingerprint, safe='')}"


@dataclass(frozen=True)
class CodeSource:
    """Codes of the items, (n_items, latent_dim); `key` from `ae_core.codecs.codes.codes_key`."""

    key: str
    latent_dim: int
    n_items: int


@dataclass(frozen=True)
class MapCodec:
    """The codec whose pictures are shown.

    Attributes:
        key: Checkpoint key.
        caption: Text under its pictures.
        colour: CSS colour of this codec everywhere in the app.
        gauges: Numbers wanted with every picture; the first is said under it.
    """

    key: str
    caption: str
    colour: str = ""
    gauges: Sequence[Gauge] = ()


@dataclass(frozen=True)
class MapColour:
    """What the points' colours mean.

    Attributes:
        label: What people call it.
        url: Gives one float32 an item: a number, or the place of its category in `names`.
        kind: Which of the two.
        names: Categories.
        colours: One a category; for numbers the scale, from `low` to `high`.
    """

    label: str
    url: str
    kind: Literal["category", "number"]
    names: Sequence[str] = ()
    colours: Sequence[str] = NUMBER_COLOURS
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class MapJob:
    """What the map says about itself, above it.

    Attributes:
        text: One line.
        share: How far a map being made is, in [0, 1]; None draws no meter.
        action: What the button beside it offers; "" for no button.
    """

    text: str = ""
    share: float | None = None
    action: Literal["", "cancel", "try again"] = ""


@dataclass(frozen=True)
class MapState:
    """What the user has done on the map.

    Attributes:
        group: Rows of the chosen items, ascending, int64; None if there is no group.
        action: The job's action, in the run that its button has started; else "".
        part: The part of the map that was moved into sight, as the browser tells it, unchecked:
            {"map": key, "ranges": [x from, x to, y from, y to]}; None while nobody moved it.
        pictures: What the switch for pictures was set to; None while nobody has touched it.
    """

    group: NDArray[np.int64] | None
    action: str = ""
    pictures: bool | None = None
    part: Any = None


def colour_of(data_set: DataSet, attribute: str) -> MapColour:
    """Colour by an attribute of the data set."""
    column = column_of(data_set.attributes[attribute])
    place = ItemSource.of(data_set).place
    low, high = column.limits
    categories = CATEGORY_COLOURS[: len(column.names)]
    colours = categories if column.kind == "category" else NUMBER_COLOURS
    return MapColour(
        label=attribute,
        # the kind too: browsers keep what they fetched, and a number may become a category
        url=f"api/attributes/{place}?column={quote(attribute, safe='')}&n={len(data_set.items)}"
        f"&kind={column.kind}",
        kind=column.kind,
        names=column.names,
        colours=colours,
        low=low,
        high=high,
    )


NO_JOB = MapJob()
Layout = Literal["wide", "narrow", "bare"]


def latent_map(
    points: MapPoints,
    *,
    key: str,
    items: ItemSource | None = None,
    colour: MapColour | None = None,
    codes: CodeSource | None = None,
    codec: MapCodec | None = None,
    plane: Plane | None = None,
    spread: float = 0.0,
    matching_rows: NDArray[np.int64] | None = None,
    pictures: bool = True,
    part: Mapping[str, Any] | None = None,
    job: MapJob = NO_JOB,
    layout: Layout = "wide",
    moved_from: str | None = None,
    height_px: int = 560,
) -> MapState:
    """Show a map.

    Args:
        points: Which one.
        key: Stable name of this map on the page; maps with equal `items` are linked.
        items: Pictures and attributes; none are shown without it.
        colour: What colours mean; one colour for all without it.
        codes: Codes of the items, for reconstructions and for what lives between them.
        codec: Decodes them.
        plane: The plane of a PCA map; places are then decoded exactly.
        spread: Root mean square distance of the codes from their mean, unit of the round trip.
        matching_rows: Rows that a search leaves; all others go grey.
        part: Part of the map that a link asks for: "map", "ranges" and "revision"; shown once.
        pictures: Whether the items in view are drawn as pictures once they are few, not as dots.
        job: What is said about the map while it is made, and the action offered.
        layout: "wide" has the card beside the map, "narrow" below it, "bare" has map and legend.
        moved_from: Name of another map of the same items: lines are drawn from there.
        height_px: Height of the map in CSS pixels.
    """
    place = items.place if items else ""
    group = group_of_items(place, points.n_items)
    data = {
        "plotly": plotly_address(),
        "token": session_token(),
        "height": height_px,
        "plainColour": PLAIN_COLOUR,
        "points": _points_data(points, place),
        "colour": asdict(colour) if colour else None,
        "items": _item_addresses(items),
        "codes": _code_address(codes),
        "codec": asdict(codec) if codec else None,
        "neighbours": f"api/neighbours/{codes.key}/{items.place}" if codes and items else None,
        "plane": _plane(plane) if points.n_components == 2 else None,
        "spread": spread,
        "group": group,
        "job": asdict(job),
        "layout": layout,
        "movedFrom": f"api/points/{moved_from}" if moved_from else None,
        "pictures": pictures,
        "part": part,
        "filter": None if matching_rows is None else pack_rows(matching_rows, points.n_items),
    }
    told = _mount(key, data)
    job_action = str(told.get("job") or "")
    return MapState(rows_of(group), job_action, told.get("pictures"), told.get("part"))


def _mount(key: str, data: dict[str, Any]) -> Any:
    """Mount the component; what it has told."""
    return _map_component()(
        key=key,
        data=data,
        on_group_change=partial(keep_told_group, key),
        on_job_change=do_nothing,
        on_pictures_change=do_nothing,
        on_part_change=do_nothing,
    )


def _points_data(points: MapPoints, place: str) -> dict[str, Any]:
    return {
        "url": points.address,
        "key": points.key,
        "n": points.n_items,
        "dims": points.n_components,
        "axes": list(points.axes),
        "partial": points.part is not None,
        "items": place,
    }


def _item_addresses(items: ItemSource | None) -> dict[str, str] | None:
    if items is None:
        return None
    return {"url": f"api/pictures/{items.place}", "facts": f"api/item/{items.place}"}


def _code_address(codes: CodeSource | None) -> dict[str, Any] | None:
    if codes is None:
        return None
    n_bytes = 4 * codes.latent_dim * codes.n_items
    return {
        "url": f"api/codes/{codes.key}",
        "latentDim": codes.latent_dim,
        "nItems": codes.n_items,
        "whole": n_bytes <= MAX_CODES_BYTES // 4,
        "wholeNearby": n_bytes <= MAX_CODES_BYTES,  # over no network
    }


def _plane(plane: Plane | None) -> dict[str, Any] | None:
    return None if plane is None else {"mean": packed(plane.mean), "axes": packed(plane.axes)}


def _map_component() -> Any:
    """The registered component; registered once a process, at first use."""
    return process_wide(
        "map component",
        lambda: st.components.v2.component(
            "zoetrope_map",
            css=static_text("map/map.css"),
            js=loader("map/map.js"),
            isolate_styles=False,  # plotly.js writes into the document's style sheet
        ),
    )
