"""What the colours of a map mean: an attribute, or a number made from codes and map."""

from __future__ import annotations

import numpy as np

from ae_core.codecs.checkpoints import Checkpoint
from ae_core.codecs.codes import codes_key
from ae_core.data.store import DataSet
from ae_core.maps.item_columns import KINDS, column_limits, column_path
from ae_core.maps.map import save_array
from ae_core.maps.projection import fingerprint_of
from ae_core.processes.worker_client import RequestState
from zoetrope.live.components.map import MapColour, colour_of
from zoetrope.live.projections import service
from zoetrope.palette import CATEGORY_COLOURS, UNKNOWN_COLOUR
from zoetrope.ui import kept_groups
from zoetrope.ui.cached import WorkingSet
from zoetrope.ui.explore.first_map import FirstMap
from zoetrope.ui.explore.map_words import GROUP_PREFIX, LOCAL_TRUST


def colour_points(
    chosen: str | None, checkpoint: Checkpoint, work: WorkingSet, first: FirstMap
) -> tuple[MapColour | None, RequestState | None]:
    """The colours chosen, or the job that makes them."""
    if chosen is None or chosen in work.data_set.attributes.columns:
        return colour_of(work.data_set, chosen) if chosen else None, None
    if chosen.startswith(GROUP_PREFIX):
        return _group_colour(chosen, work.data_set), None
    if chosen == LOCAL_TRUST:
        job = service().request_quality(first.mapped.codes, first.made_key, everyone=True)
        if job.state == "done":
            return _derived_colour(chosen, first.mapped.column_key(job.key)), None
        return None, job
    kind = KINDS[0] if chosen == KINDS[0] else KINDS[1]
    key = codes_key(checkpoint, work.data_set)
    job = service().request_column(kind, checkpoint.name, work.data_set.name, key)
    return (_derived_colour(chosen, job.key), None) if job.state == "done" else (None, job)


def _group_colour(chosen: str, data_set: DataSet) -> MapColour | None:
    """In a kept group or not; None where it is not kept any more."""
    group = kept_groups.read(data_set).groups.get(chosen.removeprefix(GROUP_PREFIX))
    if group is None:
        return None
    flags = np.zeros(len(data_set.items), np.float32)
    flags[list(group.items)] = 1
    key = fingerprint_of(flags)
    if not column_path(key).exists():
        save_array(column_path(key), flags)
    names, colours = ("others", group.name), (UNKNOWN_COLOUR, CATEGORY_COLOURS[3])
    return MapColour("group", f"api/derived/{key}", "category", names, colours)


def _derived_colour(label: str, key: str) -> MapColour:
    low, high = column_limits(key)
    return MapColour(label, f"api/derived/{key}", "number", low=low, high=high)
