"""What a kind of map is: one file each, and one entry in `projection.METHODS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import Field

from ae_core.arrays import Floats
from ae_core.config import Settings
from ae_core.maps.map import Map
from ae_core.processes.progress import Progress

OnPartial = Callable[[Floats], None]
"""Is given the points as they move while a map is being fitted."""


class MapSettings(Settings):
    """Settings that several methods read; each method's own are a subclass in its file."""

    n_components: Literal[2, 3] = Field(default=2, description="Axes of the map.")
    seed: int = Field(default=0, ge=0, lt=2**31, description="Same seed, same map.")
    max_fitted: int = Field(
        default=100_000,
        ge=1000,
        description="t-SNE, UMAP: fit on at most so many items, drawn by the seed; "
        "the rest join the finished map beside their nearest codes.",
    )


class Fit(Protocol):
    """Fits a map of codes, float32 (N, latent_dim); `Map.about` holds facts of this method only."""

    def __call__(
        self, codes: Floats, settings: Any, on_progress: Progress, on_partial: OnPartial | None, /
    ) -> Map: ...


@dataclass(frozen=True)
class MapMethod:
    """One kind of map.

    Attributes:
        title: What people call it.
        fit: Makes the map.
        settings: Names of the settings that it reads, beside `n_components`.
        libraries: Packages whose version changes the points.
        limits: Settings as they must be for so many items, by name; empty where none changes.
        is_linear: Made at once from all codes, also from equal ones: no worker, no sample.
    """

    title: str
    fit: Fit
    settings: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    limits: Callable[[Any, int], dict[str, float]] = lambda settings, n_fitted: {}
    is_linear: bool = False
