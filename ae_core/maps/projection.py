"""Maps of codes: PCA, t-SNE and UMAP, fitted once and kept on disk under a key of every input.

Which t-SNE: openTSNE, because it reports while it optimises (a map that grows, a cancel that is
heard), takes PCA as its start and stays usable at 70,000 codes; `benchmarks.projection` times it
against scikit-learn. The library alone makes 2-D maps, so 3-D t-SNE is scikit-learn's.
"""

from __future__ import annotations

import functools
import hashlib
import json
import warnings
from collections.abc import Callable
from importlib import metadata
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ae_core.config import Settings
from ae_core.errors import ProjectionError
from ae_core.maps.map import Floats, Map, fit_plane, load_map, save_map
from ae_core.neighbours import nearest

version = functools.cache(metadata.version)  # reading it takes milliseconds, at every rerun

Method = Literal["pca", "tsne", "umap"]

# Raised when a change here alters points that the same settings and libraries give.
ALGORITHM_VERSION = 2
LIBRARIES: dict[Method, tuple[str, ...]] = {
    "pca": (),
    "tsne": ("openTSNE", "scikit-learn"),
    "umap": ("umap-learn", "pynndescent", "numba", "scikit-learn"),
}
OWN_SETTINGS: dict[Method, tuple[str, ...]] = {
    "pca": (),
    "tsne": ("seed", "perplexity", "n_iterations", "max_fitted"),
    "umap": ("seed", "n_neighbours", "min_dist", "max_fitted"),
}
# Pairs times (code size + 16): 20,000 codes of 32 numbers, or 6,000 of 500. There comparing all
# costs two cores about half a second, a few tenths more than pynndescent.
ALL_PAIRS_UP_TO = 2e10


class ProjectionSettings(Settings):
    """What kind of map, and how it is fitted; only the chosen method's settings matter."""

    method: Method = Field(default="pca", description="How codes become points.")
    n_components: Literal[2, 3] = Field(default=2, description="Axes of the map.")
    seed: int = Field(default=0, ge=0, lt=2**31, description="Same seed, same map.")
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
    max_fitted: int = Field(
        default=100_000,
        ge=1000,
        description="t-SNE, UMAP: fit on at most so many items, drawn by the seed; "
        "the rest join the finished map beside their nearest codes.",
    )

    def relevant(self) -> dict[str, Any]:
        """The settings that this method reads, by name."""
        return {name: getattr(self, name) for name in self._names()}

    def _names(self) -> tuple[str, ...]:
        return ("method", "n_components", *OWN_SETTINGS[self.method])


class OnProgress(Protocol):
    """Hears what is done and how far it is, 0 to 1; may raise `CancelledError` to stop it."""

    def __call__(self, message: str, fraction: float) -> None: ...


class CancelledError(Exception):
    """Raised by a progress callback to stop the work it reports on."""


OnPartial = Callable[[Floats], None]


def project(
    codes: Floats, settings: ProjectionSettings, on_progress: OnProgress | None = None
) -> Floats:
    """Points of codes, from the disk if they were made before.

    Args:
        codes: float32 (N, latent_dim), finite.
        settings: Method and its settings.
        on_progress: Hears of the work; may raise `CancelledError`.

    Returns:
        float32 (N, n_components).

    Raises:
        ProjectionError: The codes or settings cannot make a map.
    """
    key = projection_key(fingerprint_of(codes), settings)
    kept = load_map(key)
    if kept is None:
        kept = make_map(codes, settings, on_progress or _ignore)
        save_map(key, kept)
    return kept.points


def make_map(
    codes: Floats,
    settings: ProjectionSettings,
    on_progress: OnProgress,
    on_partial: OnPartial | None = None,
) -> Map:
    """Fit a map, without looking at the disk; `on_partial` gets t-SNE's points as they move."""
    codes = checked(codes, settings)
    if settings.method == "pca":
        plane = fit_plane(codes, settings.n_components)
        return Map(plane.points(codes), _about(settings, len(codes)), plane)
    chosen = _fitted_items(len(codes), settings)
    n_fitted = len(codes) if chosen is None else len(chosen)
    asked, settings = settings, lowered(settings, n_fitted)
    fit = fit_tsne if settings.method == "tsne" else fit_umap
    points, facts = fit(
        # A copy, not a read-only view of a file: that is another type to numba, for which UMAP
        # would be compiled a second time, and slow to walk through row by row.
        np.array(codes if chosen is None else codes[chosen]),
        settings,
        on_progress,
        on_partial if chosen is None else None,
    )
    if not np.isfinite(points).all():
        raise ProjectionError(
            f"{settings.method} found no place for {int((~np.isfinite(points)).any(1).sum()):,} of "
            f"{n_fitted:,} items: try another seed or more neighbours."
        )
    if chosen is not None:
        points = _join_rest(codes, chosen, points, on_progress)
    fewer = {name: value for name, value in settings if value != getattr(asked, name)}
    return Map(points, _about(settings, n_fitted) | facts | {"lowered": fewer})


def checked(codes: Floats, settings: ProjectionSettings) -> Floats:
    """The codes as a float32 array, if a map can be made of them.

    Raises:
        ProjectionError: Wrong shape, too few, too small or equal codes, or NaN.
    """
    if codes.ndim != 2:
        raise ProjectionError(
            f"`codes` must have shape (N, latent_dim); got {codes.shape}: flatten each item."
        )
    n_items, latent_dim = codes.shape
    if n_items < settings.n_components + 2:
        raise ProjectionError(
            f"`codes` must have at least {settings.n_components + 2} rows for a "
            f"{settings.n_components}-D map; got {n_items}: encode more items."
        )
    if latent_dim < settings.n_components:
        raise ProjectionError(
            f"`n_components` ({settings.n_components}) must not exceed the code size "
            f"({latent_dim}): choose fewer axes or a checkpoint with larger codes."
        )
    array = np.asarray(codes, dtype=np.float32)
    if not np.isfinite(array).all():
        raise ProjectionError(
            "`codes` must be finite; got NaN or infinity: the checkpoint is broken, train it again."
        )
    if settings.method != "pca" and (array == array[0]).all():
        raise ProjectionError(
            f"All {n_items:,} codes are equal, and none is nearer than another: choose PCA, other "
            "items, or train the model anew (one that gives all items one code has collapsed)."
        )
    return array


def lowered(settings: ProjectionSettings, n_fitted: int) -> ProjectionSettings:
    """The settings with no more neighbours than so many items have.

    t-SNE looks at three times its perplexity (van der Maaten 2014, section 4.1).
    """
    if settings.method == "tsne":
        perplexity = min(settings.perplexity, (n_fitted - 1) / 3)
        return settings.model_copy(update={"perplexity": perplexity})
    return settings.model_copy(update={"n_neighbours": min(settings.n_neighbours, n_fitted - 1)})


def fit_tsne(
    codes: Floats,
    settings: ProjectionSettings,
    on_progress: OnProgress,
    on_partial: OnPartial | None,
) -> tuple[Floats, dict[str, Any]]:
    """t-SNE (van der Maaten and Hinton 2008) with a PCA start (Kobak and Berens 2019)."""
    on_progress("finding neighbours", 0.0)
    start = fit_plane(codes, settings.n_components).points(codes)
    start *= 1e-4 / max(float(start[:, 0].std()), 1e-12)
    if settings.n_components == 3:
        return _fit_tsne_3d(codes, start, settings, on_progress)
    from openTSNE import TSNE

    n_early = 250
    total = n_early + settings.n_iterations
    done = [0, 0]  # steps of this phase, steps before it

    def step(iteration: int, _kl: float, points: Any) -> bool:
        if iteration < done[0]:  # a new phase counts from the start again
            done[1] = n_early
        done[0] = iteration
        if on_partial is not None:
            on_partial(np.asarray(points, dtype=np.float32))
        on_progress("placing items", min(1.0, 0.1 + 0.9 * (done[1] + iteration) / total))
        return False

    embedding = TSNE(
        perplexity=settings.perplexity,
        early_exaggeration_iter=n_early,
        n_iter=settings.n_iterations,
        initialization=start.astype(np.float64),
        random_state=settings.seed,
        n_jobs=-1,
        callbacks=step,
        callbacks_every_iters=25,
    ).fit(codes)
    return np.asarray(embedding, dtype=np.float32), {"kl": float(embedding.kl_divergence)}


def _fit_tsne_3d(
    codes: Floats, start: Floats, settings: ProjectionSettings, on_progress: OnProgress
) -> tuple[Floats, dict[str, Any]]:
    from sklearn.manifold import TSNE

    on_progress("placing items (3-D t-SNE gives no signs of progress)", 0.1)
    model = TSNE(
        n_components=3,
        perplexity=settings.perplexity,
        init=start,
        max_iter=250 + settings.n_iterations,
        random_state=settings.seed,
        n_jobs=-1,
    )
    points = model.fit_transform(codes)
    return points.astype(np.float32), {"kl": float(model.kl_divergence_)}


def fit_umap(
    codes: Floats,
    settings: ProjectionSettings,
    on_progress: OnProgress,
    on_partial: OnPartial | None,
) -> tuple[Floats, dict[str, Any]]:
    """UMAP (McInnes et al. 2018) with a PCA start (Kobak and Linderman 2021).

    With a seed UMAP runs on one thread; the same map twice is worth more than the other core.
    """
    import umap

    on_progress("finding neighbours", 0.0)
    rows, distances = umap_neighbours(codes, settings.n_neighbours, settings.seed)
    on_progress("weighing neighbours", 0.3)
    start = fit_plane(codes, settings.n_components).points(codes)
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
    return model.fit_transform(codes).astype(np.float32), {}


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


def _fitted_items(n_items: int, settings: ProjectionSettings) -> NDArray[np.int64] | None:
    """Items to fit on, ascending, or None for all."""
    if n_items <= settings.max_fitted:
        return None
    random = np.random.default_rng(settings.seed)
    return np.sort(random.choice(n_items, settings.max_fitted, replace=False))


def _join_rest(
    codes: Floats, chosen: NDArray[np.int64], points: Floats, on_progress: OnProgress
) -> Floats:
    rest = np.setdiff1d(np.arange(len(codes)), chosen)
    everyone = np.empty((len(codes), points.shape[1]), np.float32)
    everyone[chosen] = points
    everyone[rest] = join_map(codes[rest], codes[chosen], points, on_progress)
    return everyone


def join_map(
    new_codes: Floats, codes: Floats, points: Floats, on_progress: OnProgress | None = None
) -> Floats:
    """Place new codes on a finished map: the median point of their 10 nearest mapped codes.

    The median, not the mean: neighbours in two islands must not put an item into the sea between
    (Poličar et al. 2019, "Embedding to reference t-SNE space", section 3). The libraries' own
    transforms would go on from there, need the fitted model, which only pickle can keep, and on
    MNIST place new items no better (`benchmarks.joining`).

    Args:
        new_codes: float32 (M, latent_dim).
        codes: Codes on the map, float32 (N, latent_dim).
        points: Their points, float32 (N, n_components).
        on_progress: Hears of the work.

    Returns:
        float32 (M, n_components).
    """
    joined = np.empty((len(new_codes), points.shape[1]), np.float32)
    for start in range(0, len(new_codes), 20_000):
        if on_progress is not None:
            on_progress("placing the remaining items", start / len(new_codes))
        part = slice(start, start + 20_000)
        rows, _ = nearest(new_codes[part], codes, min(10, len(codes)))
        joined[part] = np.median(points[rows], axis=1)
    return joined


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
    return {name: version(name) for name in ("numpy", *LIBRARIES[method])}


def _about(settings: ProjectionSettings, n_fitted: int) -> dict[str, Any]:
    return {
        "settings": settings.relevant(),
        "n_fitted": n_fitted,
        "libraries": _versions(settings.method),
    }


def _ignore(message: str, fraction: float) -> None:
    """Nobody listens."""
