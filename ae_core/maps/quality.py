"""How far a map can be trusted: what it made near that is far, and what it tore apart.

With n items, k neighbours, N_i the k nearest codes of item i, M_i its k nearest points, r(i, j) the
rank of j among the codes by distance from i (1 for the nearest) and s(i, j) its rank on the map:

    trustworthiness = 1 - 2 / (n k (2n - 3k - 1)) * sum_i sum_{j in M_i \\ N_i} (r(i, j) - k)
    continuity      = 1 - 2 / (n k (2n - 3k - 1)) * sum_i sum_{j in N_i \\ M_i} (s(i, j) - k)
    recall          = mean_i |N_i & M_i| / k

(Venna and Kaski 2001; recall as in Lee and Verleysen 2009.) All lie in [0, 1], 1 is best. A random
map does not give 0 but about 0.5, 0.5 and k / n, so it is measured beside every map.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ae_core.arrays import spread
from ae_core.errors import ProjectionError, UnreadableFileError
from ae_core.locations import cache_dir, write_atomically
from ae_core.maps.map import Floats, load_map, save_array
from ae_core.maps.plane import Plane
from ae_core.neighbours import leave_out, nearest
from ae_core.processes.progress import Progress, silent
from ae_core.reading import read_json

N_NEIGHBOURS = 15
ALL_UP_TO = 5_000
"""Up to so many items all are asked; above, `N_ASKED` drawn by a seed, each against all items."""
N_ASKED = 2_000
MOST_ASKED = 20_000
"""Asked for the pointwise colour: all items, up to so many."""
N_NEAR = 12
_BLOCK_BYTES = 64 << 20
# Raised when the numbers change for the same map.
VERSION = 1


@dataclass(frozen=True)
class Scores:
    """The three scores, and the standard error that drawing items leaves in each (0 for all)."""

    trustworthiness: float
    continuity: float
    recall: float
    standard_errors: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class MapQuality:
    """Scores of a map, and of a random one.

    Attributes:
        scores: Of the map.
        random: Of the same points, dealt out to the items at random: the zero line.
        round_trip: Mean distance between an item's code and the code that its point gives back,
            as a share of the codes' root mean square distance from their mean.
        n_asked: Items whose neighbourhoods were compared.
        n_items: Items on the map.
        n_neighbours: k.
    """

    scores: Scores
    random: Scores
    round_trip: float
    n_asked: int
    n_items: int
    n_neighbours: int


def measure_map(
    codes: Floats,
    points: Floats,
    plane: Plane | None = None,
    *,
    n_neighbours: int = N_NEIGHBOURS,
    max_asked: int | None = None,
    seed: int = 0,
    on_progress: Progress = silent,
) -> tuple[MapQuality, Floats]:
    """Compare neighbourhoods in code space and on the map.

    Args:
        codes: float32 (N, latent_dim).
        points: float32 (N, n_components).
        plane: Of a PCA map.
        n_neighbours: k; lowered to below N / 2 where there are fewer items.
        max_asked: Items to ask at most, drawn by `seed`; None: see `ALL_UP_TO`.
        seed: Draws the items and the random map.
        on_progress: Told how far it is; may raise to stop it.

    Returns:
        The quality, and the trustworthiness of each item's surroundings, float32 (N,), NaN for
        items that were not asked.

    Raises:
        ProjectionError: Lengths differ, or there are fewer than 4 items.
    """
    n_items = len(codes)
    if max_asked is None:
        max_asked = N_ASKED if n_items > ALL_UP_TO else n_items
    if len(points) != n_items or n_items < 4:
        raise ProjectionError(
            f"`codes` and `points` must have the same number of rows, at least 4; got {n_items} "
            f"and {len(points)}: map more items."
        )
    n_neighbours = min(n_neighbours, (n_items - 2) // 2)
    random = np.random.default_rng(seed)
    asked = np.arange(n_items)
    if n_items > max_asked:
        asked = np.sort(random.choice(n_items, max_asked, replace=False))
    parts = _pointwise(
        codes, points, asked, n_neighbours, lambda f: on_progress("comparing", 0.8 * f)
    )
    few = asked if len(asked) <= 1000 else np.sort(random.choice(asked, 1000, replace=False))
    shuffled = points[random.permutation(n_items)]
    zero = _pointwise(
        codes, shuffled, few, n_neighbours, lambda f: on_progress("random map", 0.8 + 0.15 * f)
    )
    quality = MapQuality(
        scores=_scores(parts, n_items),
        random=_scores(zero, n_items),
        round_trip=round_trip_error(codes, points, plane, few),
        n_asked=len(asked),
        n_items=n_items,
        n_neighbours=n_neighbours,
    )
    local = np.full(n_items, np.nan, np.float32)
    local[asked] = parts[0]
    return quality, local


def _pointwise(
    codes: Floats, points: Floats, asked: NDArray[np.int64], k: int, on_share: Any
) -> NDArray[np.float64]:
    """Trustworthiness, continuity and recall of each asked item, (3, n_asked); means are scores."""
    # Float64 while it costs nothing: ranks of nearly equal distances then come out exactly.
    kind = np.float64 if len(codes) <= ALL_UP_TO else np.float32
    spaces = [np.asarray(space, kind) - np.mean(space, 0, dtype=kind) for space in (codes, points)]
    n_items = len(codes)
    block = max(1, _BLOCK_BYTES // (n_items * np.dtype(kind).itemsize))
    result = np.empty((3, len(asked)))
    worst = k * (2 * n_items - 3 * k - 1) / 2
    for start in range(0, len(asked), block):
        on_share(start / len(asked))
        rows = asked[start : start + block]
        far_codes, far_points = (_squares(space, rows) for space in spaces)
        for i in range(len(rows)):
            near_codes = np.argpartition(far_codes[i], k)[:k]
            near_points = np.argpartition(far_points[i], k)[:k]
            intruders = np.setdiff1d(near_points, near_codes, assume_unique=True)
            missing = np.setdiff1d(near_codes, near_points, assume_unique=True)
            result[:, start + i] = (
                1 - _excess_ranks(far_codes[i], intruders, k) / worst,
                1 - _excess_ranks(far_points[i], missing, k) / worst,
                1 - len(intruders) / k,
            )
    return result


def _squares(space: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Squared distances of some rows to all, (n_rows, N); an item is infinitely far from itself."""
    norms = np.einsum("nd,nd->n", space, space)
    squares = norms[rows, None] + norms[None] - 2 * (space[rows] @ space.T)
    squares[np.arange(len(rows)), rows] = np.inf
    return np.asarray(squares)


def _excess_ranks(squares: NDArray[Any], items: NDArray[np.int64], k: int) -> float:
    """Sum over some items of (rank by distance - k)."""
    ranks = [int(np.count_nonzero(squares < squares[item])) + 1 for item in items]
    return float(sum(max(rank - k, 0) for rank in ranks))


def _scores(parts: NDArray[np.float64], n_items: int) -> Scores:
    trust, continuity, recall = (float(mean) for mean in parts.mean(axis=1))
    n_asked = parts.shape[1]
    errors = (0.0, 0.0, 0.0)
    if n_asked < n_items:
        a, b, c = (float(error) for error in parts.std(axis=1, ddof=1) / np.sqrt(n_asked))
        errors = (a, b, c)
    return Scores(trust, continuity, recall, errors)


def code_at(
    places: Floats, codes: Floats, points: Floats, *, without: NDArray[np.int64] | None = None
) -> Floats:
    """Codes of places on a map that has no inverse: what the page shows as "what lives here".

    A weighted mean of the codes of the 12 nearest points with biweight weights (1 - (d / h)^2)^2, h
    the distance of the twelfth (Nadaraya 1964, Watson 1964): continuous in the place.

    Args:
        places: float32 (M, n_components).
        codes: float32 (N, latent_dim).
        points: float32 (N, n_components), N above 12.
        without: Row of the item that must not help at each place, int64 (M,).

    Returns:
        float32 (M, latent_dim).
    """
    n_near = min(N_NEAR, len(points) - 1)
    if without is None:
        rows, far = nearest(places, points, n_near)
    else:
        rows, far = leave_out(without, *nearest(places, points, n_near + 1))
    reach = np.maximum(far[:, -1:], np.finfo(np.float32).tiny)
    weights = np.maximum((1 - (far / reach) ** 2) ** 2, 1e-9)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("mk,mkd->md", weights, np.asarray(codes)[rows]).astype(np.float32)


def round_trip_error(
    codes: Floats, points: Floats, plane: Plane | None, items: NDArray[np.int64]
) -> float:
    """Mean distance of code and code(point(code)), in units of the codes' spread.

    On a PCA map the way back is exact and what is lost is what stands out of the plane; elsewhere
    an item does not help its own way back.
    """
    wanted = np.asarray(codes[items], np.float32)
    if plane is not None:
        back = plane.mean + points[items] @ plane.axes
    else:
        back = code_at(np.asarray(points[items]), codes, np.asarray(points), without=items)
    return float(np.linalg.norm(wanted - back, axis=1).mean()) / max(spread(codes), 1e-12)


def quality_key(map_key: str, *, everyone: bool = False) -> str:
    """Name of a map's quality on disk, and of its column of pointwise trustworthiness."""
    text = f"{map_key}/{N_NEIGHBOURS}/{everyone}/{VERSION}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def save_quality(key: str, quality: MapQuality, local: Floats) -> None:
    """Keep a quality; the column last, so that one with a column is whole."""
    folder = cache_dir() / "derived"
    write_atomically(folder / f"{key}.json", json.dumps(asdict(quality)))
    save_array(folder / f"{key}.npy", local)


def load_quality(key: str) -> MapQuality | None:
    """A kept quality, or None."""
    folder = cache_dir() / "derived"
    if not (folder / f"{key}.npy").exists():
        return None
    try:
        kept = read_json(folder / f"{key}.json")
        scores, random = (_read_scores(kept.pop(name)) for name in ("scores", "random"))
        return MapQuality(scores=scores, random=random, **kept)
    except (UnreadableFileError, AttributeError, KeyError, TypeError):
        return None


def _read_scores(kept: dict[str, Any]) -> Scores:
    return Scores(**kept | {"standard_errors": tuple(kept["standard_errors"])})


def measure_kept_map(codes: Floats, map_key: str, everyone: bool, on_progress: Progress) -> None:
    """Measure a map that lies on disk, and keep its quality there; `everyone`: ask all items.

    Raises:
        ProjectionError: The map is not in the cache any more.
    """
    kept = load_map(map_key)
    if kept is None:
        raise ProjectionError("The map is not in the cache any more: reload the page.")
    quality, local = measure_map(
        codes,
        np.asarray(kept.points),
        kept.plane,
        max_asked=MOST_ASKED if everyone else None,
        on_progress=on_progress,
    )
    save_quality(quality_key(map_key, everyone=everyone), quality, local)
