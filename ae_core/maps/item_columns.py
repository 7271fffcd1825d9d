"""A number for each item, computed from its code, that a map can be coloured by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from ae_core.codecs.checkpoints import load_codec
from ae_core.codecs.codes import codes_for, codes_key, float_batches
from ae_core.codecs.data_pca import find_codec
from ae_core.data.catalogue import load_data_set
from ae_core.data.store import DataSet
from ae_core.locations import cache_dir
from ae_core.maps.map import Floats, save_array
from ae_core.processes.progress import Progress
from ae_core.reading import map_array

Kind = Literal["reconstruction error", "support"]
KINDS: tuple[Kind, ...] = ("reconstruction error", "support")
# Raised when the numbers change for the same codes.
VERSIONS: dict[Kind, int] = {"reconstruction error": 1, "support": 2}


def column_key(kind: Kind, codes_key: str) -> str:
    """Name of a column on disk; `codes_key` stands for checkpoint and data."""
    return hashlib.sha256(f"{kind}/{codes_key}/{VERSIONS[kind]}".encode()).hexdigest()[:32]


def column_path(key: str) -> Path:
    """Where a column lies."""
    return cache_dir() / "derived" / f"{key}.npy"


def column_limits(key: str) -> tuple[float, float]:
    """Where a colour scale of a kept column begins and ends: the farthest percent is left out."""
    values = map_array(column_path(key))
    low, high = (float(limit) for limit in np.nanpercentile(values, (1, 99)))
    return low, max(high, low + 1e-9)


def make_column(kind: Kind, checkpoint: str, data: str, key: str, on_progress: Progress) -> None:
    """Compute a column for all items of a data set and keep it.

    Raises:
        AeCoreError: Checkpoint or data are missing or do not fit each other.
    """
    save_array(column_path(key), _COLUMNS[kind](checkpoint, load_data_set(data), on_progress))


def reconstruction_errors(checkpoint: str, data_set: DataSet, on_progress: Progress) -> Floats:
    """Mean squared error of each item's reconstruction, over its numbers; float32 (N,)."""
    import torch

    model = find_codec(checkpoint)
    codes = codes_for(model, data_set)
    codec = load_codec(model)
    errors = np.empty(len(codes), np.float32)
    with torch.inference_mode():
        for part, items in float_batches(data_set):
            on_progress("measuring reconstructions", part.start / len(codes))
            decoded = codec.decode(torch.from_numpy(np.array(codes[part])))
            errors[part] = (decoded - items).square().flatten(1).mean(1).numpy()
    return errors


def supports(checkpoint: str, data_set: DataSet, on_progress: Progress) -> Floats:
    """Support percentile of each item's code (`ae_core.steering.support`); float32 (N,)."""
    from ae_core.steering.support import support_for

    model = find_codec(checkpoint)
    codes = codes_for(model, data_set)
    support = support_for(codes, data_set, codes_key(model, data_set))
    result = np.empty(len(codes), np.float32)
    for start in range(0, len(codes), 2_000):
        on_progress("measuring support", start / len(codes))
        part = slice(start, start + 2_000)
        result[part] = support.percentile(np.array(codes[part]))
    return result


_COLUMNS: dict[Kind, Callable[[str, DataSet, Progress], Floats]] = {
    "reconstruction error": reconstruction_errors,
    "support": supports,
}
