"""What a map is, and how maps are kept on disk."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ae_core.arrays import Floats
from ae_core.errors import ProjectionError, UnreadableFileError
from ae_core.locations import cache_dir, write_atomically
from ae_core.maps.plane import Plane
from ae_core.reading import map_array, read_json


@dataclass(frozen=True)
class Map:
    """Points of all items, and what is known about how they came to be.

    Attributes:
        points: float32 (N, n_components), row i belongs to item i; NaN for an item without a point.
        about: JSON-ready facts: settings, `n_fitted`, library versions, t-SNE's `kl`.
        plane: For PCA only.
    """

    points: Floats
    about: dict[str, Any] = field(default_factory=dict)
    plane: Plane | None = None


def points_folder() -> Path:
    """Where maps lie: `KEY.npy` and, written before it, `KEY.json`."""
    return cache_dir() / "points"


def save_map(key: str, made: Map) -> None:
    """Keep a map on disk; the points last, so that a map with points is whole."""
    about = dict(made.about)
    if made.plane is not None:
        about["linear"] = {
            "mean": made.plane.mean.tolist(),
            "axes": made.plane.axes.tolist(),
            "shares": list(made.plane.shares),
        }
    write_atomically(points_folder() / f"{key}.json", json.dumps(about))
    save_array(points_folder() / f"{key}.npy", made.points)


def load_map(key: str) -> Map | None:
    """A kept map, its points memory-mapped; None if there is none or its files are damaged."""
    folder = points_folder()
    try:
        points = map_array(folder / f"{key}.npy")
        about = read_json(folder / f"{key}.json")
        plane = None
        if saved := about.pop("linear", None):
            mean, axes = (np.asarray(saved[name], dtype=np.float32) for name in ("mean", "axes"))
            plane = Plane(mean, axes, tuple(saved["shares"]))
    except (UnreadableFileError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Map(cast(Floats, points), about, plane)


def open_map(key: str) -> Map:
    """A kept map that ought to be there.

    Raises:
        ProjectionError: It is not in the cache any more.
    """
    made = load_map(key)
    if made is None:
        raise ProjectionError("The map is not in the cache any more: reload the page.")
    return made


def scattered(values: Floats, rows: NDArray[np.int64], n_items: int) -> Floats:
    """Values of some items as values of all: float32 (n, ...) -> (n_items, ...), the rest NaN."""
    everyone = np.full((n_items, *values.shape[1:]), np.nan, np.float32)
    everyone[rows] = values
    return everyone


def scattered_key(key: str, rows: NDArray[np.int64], n_items: int) -> str:
    """Name of something that some items have on disk, once it is `scattered` over all."""
    digest = hashlib.sha256(f"{key} of {n_items}".encode())
    digest.update(np.ascontiguousarray(rows, "<i8").data)
    return digest.hexdigest()[:32]


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array as `.npy`, whole or not at all."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_atomically(path, buffer.getvalue())
