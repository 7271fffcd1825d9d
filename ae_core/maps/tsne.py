"""t-SNE (van der Maaten and Hinton 2008), by openTSNE; 3-D maps by scikit-learn.

Why openTSNE: it reports while it optimises, so that a map grows on the page and can be cancelled,
takes PCA as its start, and stays usable at 70,000 codes; `benchmarks.projection` times it against
scikit-learn. It makes 2-D maps only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from ae_core.arrays import Floats
from ae_core.maps.map import Map
from ae_core.maps.method import MapMethod, MapSettings, OnPartial
from ae_core.maps.plane import plane_points
from ae_core.processes.progress import Progress

N_EARLY = 250
"""Steps of early exaggeration."""


class TsneSettings(MapSettings):
    """What t-SNE reads beside the common settings."""

    perplexity: float = Field(
        default=30.0,
        ge=2,
        le=500,
        description="t-SNE: about how many neighbours each item tries to keep near. "
        "Small shows fine groups, large shows broad ones. At most a third of the items.",
    )
    n_iterations: int = Field(
        default=500, ge=50, le=5000, description="t-SNE: steps after the 250 of early exaggeration."
    )


def fit_tsne(
    codes: Floats,
    settings: TsneSettings,
    on_progress: Progress,
    on_partial: OnPartial | None,
) -> Map:
    """t-SNE (van der Maaten and Hinton 2008) with a PCA start (Kobak and Berens 2019)."""
    on_progress("finding neighbours", 0.0)
    start, _ = plane_points(codes, settings.n_components)
    start *= 1e-4 / max(float(start[:, 0].std()), 1e-12)
    if settings.n_components == 3:
        return _fit_tsne_3d(codes, start, settings, on_progress)
    from openTSNE import TSNE

    total = N_EARLY + settings.n_iterations
    done = [0, 0]  # steps of this phase, steps before it

    def step(iteration: int, _kl: float, points: Any) -> bool:
        if iteration < done[0]:  # a new phase counts from the start again
            done[1] = N_EARLY
        done[0] = iteration
        if on_partial is not None:
            on_partial(np.asarray(points, dtype=np.float32))
        on_progress("placing items", min(1.0, 0.1 + 0.9 * (done[1] + iteration) / total))
        return False

    embedding = TSNE(
        perplexity=settings.perplexity,
        early_exaggeration_iter=N_EARLY,
        n_iter=settings.n_iterations,
        initialization=start.astype(np.float64),
        random_state=settings.seed,
        n_jobs=-1,
        callbacks=step,
        callbacks_every_iters=25,
    ).fit(codes)
    return Map(np.asarray(embedding, dtype=np.float32), {"kl": float(embedding.kl_divergence)})


def _fit_tsne_3d(
    codes: Floats, start: Floats, settings: TsneSettings, on_progress: Progress
) -> Map:
    from sklearn.manifold import TSNE

    on_progress("placing items (3-D t-SNE gives no signs of progress)", 0.1)
    model = TSNE(
        n_components=3,
        perplexity=settings.perplexity,
        init=start,
        max_iter=N_EARLY + settings.n_iterations,
        random_state=settings.seed,
        n_jobs=-1,
    )
    points = model.fit_transform(codes)
    return Map(points.astype(np.float32), {"kl": float(model.kl_divergence_)})


def limits(settings: TsneSettings, n_fitted: int) -> dict[str, float]:
    """t-SNE looks at three times its perplexity (van der Maaten 2014, section 4.1)."""
    return {"perplexity": min(settings.perplexity, (n_fitted - 1) / 3)}


TSNE = MapMethod(
    "t-SNE",
    fit_tsne,
    settings=("seed", "perplexity", "n_iterations", "max_fitted"),
    libraries=("openTSNE", "scikit-learn"),
    limits=limits,
)
