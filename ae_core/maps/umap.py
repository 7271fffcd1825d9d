"""UMAP (McInnes et al. 2018), by umap-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ae_core.arrays import Floats
from ae_core.maps.map import Map
from ae_core.maps.method import MapMethod, MapSettings, OnPartial
from ae_core.maps.plane import plane_points
from ae_core.neighbours import nearest
from ae_core.processes.progress import Progress

# Pairs times (code size + 16): 20,000 codes of 32 numbers, or 6,000 of 500. There comparing all
# costs two cores about half a second, a few tenths more than pynndescent.
ALL_PAIRS_UP_TO = 2e10


class UmapSettings(MapSettings):
    """What UMAP reads beside the common settings."""

    n_neighbours: int = Field(
        default=15,
        ge=2,
        le=500,
        description="UMAP: neighbours that make up an item's surroundings. "
        "Small shows fine groups, large shows the whole shape.",
    )
    min_dist: float = Field(
        default=0.1,
        ge=0,
        le=0.99,
        description="UMAP: how tightly neighbours may be packed on the map.",
    )


def fit_umap(
    codes: Floats,
    settings: UmapSettings,
    on_progress: Progress,
    on_partial: OnPartial | None,
) -> Map:
    """UMAP (McInnes et al. 2018) with a PCA start (Kobak and Linderman 2021).

    With a seed UMAP runs on one thread; the same map twice is worth more than the other core.
    """
    import umap

    on_progress("finding neighbours", 0.0)
    rows, distances = umap_neighbours(codes, settings.n_neighbours, settings.seed)
    on_progress("weighing neighbours", 0.3)
    start, _ = plane_points(codes, settings.n_components)
    model = umap.UMAP(
        n_components=settings.n_components,
        n_neighbors=settings.n_neighbours,
        min_dist=settings.min_dist,
        init=10 * start / max(float(np.abs(start).max()), 1e-12),
        random_state=settings.seed,
        n_jobs=1,
        precomputed_knn=(rows, distances, None),
        tqdm_kwds={
            "file": _Epochs(lambda share: on_progress("placing items", 0.35 + 0.65 * share)),
            "disable": False,
            "bar_format": "{n_fmt}/{total_fmt}",
            "miniters": 1,  # else tqdm's watcher thread calls us too, and cannot be stopped
        },
    )
    # Its transform is not used: `join_map`.
    warnings.filterwarnings("ignore", r"precomputed_knn\[2\]", UserWarning)
    return Map(model.fit_transform(codes).astype(np.float32))


def compares_all_pairs(n_items: int, latent_dim: int) -> bool:
    """Whether UMAP's neighbours come from all distances, or else from pynndescent.

    Pynndescent has to be compiled first, which takes four times as long as all the rest of UMAP.
    """
    return n_items**2 * (latent_dim + 16) <= ALL_PAIRS_UP_TO


def umap_neighbours(
    codes: Floats, n_neighbours: int, seed: int
) -> tuple[NDArray[np.int32], Floats]:
    """Each item's neighbours, itself included: rows and distances, both (N, n_neighbours)."""
    if compares_all_pairs(*codes.shape):
        rows, distances = nearest(codes, codes, n_neighbours)
        return rows.astype(np.int32), distances
    return umap_search(codes, n_neighbours, seed)


def umap_search(codes: Floats, n_neighbours: int, seed: int) -> tuple[NDArray[np.int32], Floats]:
    """Neighbours as UMAP itself looks for them among many (Dong et al. 2011, NN-descent)."""
    from sklearn.utils import check_random_state
    from umap.umap_ import nearest_neighbors

    random = check_random_state(seed)
    rows, distances, _ = nearest_neighbors(
        codes, n_neighbours, "euclidean", {}, False, random, n_jobs=-1
    )
    return rows, distances


class _Epochs:
    """A file that tqdm writes "epoch/epochs" to; UMAP offers no other way to hear of its steps."""

    def __init__(self, on_share: Callable[[float], None]) -> None:
        self.on_share = on_share

    def write(self, text: str) -> None:
        done, _, total = text.strip().partition("/")
        if done.isdigit() and total.isdigit():
            self.on_share(int(done) / max(int(total), 1))

    def flush(self) -> None:
        """tqdm asks for it; there is nothing to flush."""


def limits(settings: UmapSettings, n_fitted: int) -> dict[str, float]:
    """No more neighbours than there are others."""
    return {"n_neighbours": min(settings.n_neighbours, n_fitted - 1)}


UMAP = MapMethod(
    "UMAP",
    fit_umap,
    settings=("seed", "n_neighbours", "min_dist", "max_fitted"),
    libraries=("umap-learn", "pynndescent", "numba", "scikit-learn"),
    limits=limits,
)
