"""Maps of codes, fitted once and kept on disk under a key of every input."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import replace
from importlib import metadata
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ae_core.arrays import Floats
from ae_core.errors import ProjectionError
from ae_core.maps.joining import items_to_fit, join_rest
from ae_core.maps.map import Map, load_map, save_map
from ae_core.maps.method import MapMethod, OnPartial
from ae_core.maps.pca import PCA
from ae_core.maps.tsne import TSNE, TsneSettings
from ae_core.maps.umap import UMAP, UmapSettings
from ae_core.processes.progress import Progress, silent

version = functools.cache(metadata.version)  # reading it takes milliseconds, at every rerun

Method = Literal["pca", "tsne", "umap"]
METHODS: dict[Method, MapMethod] = {"pca": PCA, "tsne": TSNE, "umap": UMAP}

# Raised when a change here alters points that the same settings and libraries give.
ALGORITHM_VERSION = 2


class ProjectionSettings(TsneSettings, UmapSettings):
    """What kind of map, and how it is fitted; only the chosen method's settings matter."""

    method: Method = Field(default="pca", description="How codes become points.")

    def relevant(self) -> dict[str, Any]:
        """The settings that this method reads, by name."""
        names = ("method", "n_components", *METHODS[self.method].settings)
        return {name: getattr(self, name) for name in names}


def project(codes: Floats, settings: ProjectionSettings, on_progress: Progress = silent) -> Floats:
    """Points of codes, from the disk if they were made before.

    Args:
        codes: float32 (N, latent_dim), finite.
        settings: Method and its settings.
        on_progress: Told how far it is; may raise to stop it.

    Returns:
        float32 (N, n_components).

    Raises:
        ProjectionError: The codes or settings cannot make a map.
    """
    key = projection_key(fingerprint_of(codes), settings)
    kept = load_map(key)
    if kept is None:
        kept = make_map(codes, settings, on_progress)
        save_map(key, kept)
    return kept.points


def make_map(
    codes: Floats,
    settings: ProjectionSettings,
    on_progress: Progress = silent,
    on_partial: OnPartial | None = None,
) -> Map:
    """Fit a map, without looking at the disk; `on_partial` gets t-SNE's points as they move."""
    codes = checked(codes, settings)
    method = METHODS[settings.method]
    if method.is_linear:
        fitted = method.fit(codes, settings, on_progress, None)
        return replace(fitted, about=_about(settings, len(codes)) | fitted.about)
    items = items_to_fit(len(codes), settings)
    n_fitted = len(codes) if items is None else len(items)
    limits = method.limits(settings, n_fitted)
    limited = settings.model_copy(update=limits)
    fitted = method.fit(
        # A copy, not a read-only view of a file: that is another type to numba, for which UMAP
        # would be compiled a second time, and slow to walk through row by row.
        np.array(codes if items is None else codes[items]),
        limited,
        on_progress,
        on_partial if items is None else None,
    )
    points = _placed(fitted.points, settings)
    if items is not None:
        points = join_rest(codes, items, points, on_progress)
    lowered = {name: value for name, value in limits.items() if value != getattr(settings, name)}
    return Map(points, _about(limited, n_fitted) | fitted.about | {"lowered": lowered})


def _placed(points: Floats, settings: ProjectionSettings) -> Floats:
    """The points, if each item has one."""
    n_lost = int((~np.isfinite(points)).any(axis=1).sum())
    if n_lost:
        raise ProjectionError(
            f"{settings.method} found no place for {n_lost:,} of {len(points):,} items: try "
            "another seed or more neighbours."
        )
    return points


def checked(codes: Floats, settings: ProjectionSettings) -> Floats:
    """The codes as a float32 array, if a map can be made of them.

    Raises:
        ProjectionError: Wrong shape, too few or equal codes, or NaN.
    """
    if codes.ndim != 2:
        raise ProjectionError(
            f"`codes` must have shape (N, latent_dim); got {codes.shape}: flatten each item."
        )
    n_items = len(codes)
    if n_items < settings.n_components + 2:
        raise ProjectionError(
            f"`codes` must have at least {settings.n_components + 2} rows for a "
            f"{settings.n_components}-D map; got {n_items}: encode more items."
        )
    array = np.asarray(codes, dtype=np.float32)
    if not np.isfinite(array).all():
        raise ProjectionError(
            "`codes` must be finite; got NaN or infinity: the checkpoint is broken, train it again."
        )
    if not METHODS[settings.method].is_linear and (array == array[0]).all():
        raise ProjectionError(
            f"All {n_items:,} codes are equal, and none is nearer than another: choose PCA, other "
            "items, or train the model anew (one that gives all items one code has collapsed)."
        )
    return array


def fingerprint_of(array: NDArray[Any]) -> str:
    """Fingerprint of an array's content, type and shape: 32 hexadecimal digits."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:32]


def projection_key(codes_fingerprint: str, settings: ProjectionSettings) -> str:
    """Name of a map on disk: covers the codes, the settings that matter and the libraries."""
    inputs = {
        "codes": codes_fingerprint,
        "settings": settings.relevant(),
        "libraries": _versions(settings.method),
        "algorithm": ALGORITHM_VERSION,
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:32]


def _versions(method: Method) -> dict[str, str]:
    return {name: version(name) for name in ("numpy", *METHODS[method].libraries)}


def _about(settings: ProjectionSettings, n_fitted: int) -> dict[str, Any]:
    return {
        "settings": settings.relevant(),
        "n_fitted": n_fitted,
        "libraries": _versions(settings.method),
    }
