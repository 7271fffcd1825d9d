"""Paths between codes: straight, spherical, and through the data.

Every path is an array of codes (n_steps, latent_dim), float32, that begins and ends exactly at
its key codes; with the ends swapped it is the same path backwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ae_core.errors import LatentInputError
from ae_core.neighbours import nearest

if TYPE_CHECKING:
    import scipy.sparse

Codes = NDArray[np.float32]
PathKind = Literal["linear", "spherical", "through the data"]
MAX_KEYS = 8
PARALLEL = 1e-4
"""Below this angle (radians) to 0 or pi, slerp's sines are too small to divide by."""


def require_code(code: Codes, name: str) -> None:
    """Refuse what is not one finite code of shape (latent_dim,)."""
    if code.ndim != 1 or code.size == 0:
        raise LatentInputError(f"`{name}` must have shape (latent_dim,); got {code.shape}.")
    if not np.isfinite(code).all():
        raise LatentInputError(f"`{name}` has NaN or infinite values: encode its item again.")


def _require_ends(start: Codes, end: Codes, n_steps: int) -> None:
    require_code(start, "start")
    require_code(end, "end")
    if start.shape != end.shape:
        raise LatentInputError(
            f"`start` {start.shape} and `end` {end.shape} must have one shape: "
            "take both codes from the same checkpoint."
        )
    if n_steps < 2:
        raise LatentInputError(f"`n_steps` must be at least 2; got {n_steps}.")


def _fix_ends(path: NDArray[np.floating], start: Codes, end: Codes) -> Codes:
    """Make the ends bit-exact: arithmetic may miss them by a rounding."""
    fixed = path.astype(np.float32)
    fixed[0], fixed[-1] = start, end
    return fixed


def interpolate_linear(start: Codes, end: Codes, *, n_steps: int) -> Codes:
    """Walk straight from one code to another, both ends included.

    Args:
        start: First code, shape (latent_dim,).
        end: Last code, same shape.
        n_steps: Codes on the path, at least 2.

    Returns:
        Codes, shape (n_steps, latent_dim), equally spaced; row 0 is `start`, row -1 is `end`.

    Raises:
        LatentInputError: The shapes differ, a value is not finite, or `n_steps` < 2.
    """
    _require_ends(start, end, n_steps)
    weights = np.linspace(0, 1, n_steps)[:, None]
    return _fix_ends((1 - weights) * start + weights * end, start, end)


def interpolate_spherical(start: Codes, end: Codes, *, n_steps: int) -> Codes:
    """Walk along the arc between two codes (Shoemake 1985, "slerp"; White 2016 for latents).

    slerp(t) = sin((1 - t) w) / sin(w) * start + sin(t w) / sin(w) * end, with w the angle between
    the two codes seen from the origin. Codes of equal norm keep it on the whole path.

    Where the formula has no answer:
        almost parallel (w < `PARALLEL`): the straight path, to which the arc tends;
        opposite (w > pi - `PARALLEL`): one of many half circles, the one through the coordinate
            axis that is most nearly at right angles to both, the norm going linearly;
        a code of zero length: it has no angle, so the straight path.

    Args, Returns, Raises: as `interpolate_linear`; steps are equal in angle.
    """
    _require_ends(start, end, n_steps)
    first, last = start.astype(np.float64), end.astype(np.float64)
    norms = np.linalg.norm(first), np.linalg.norm(last)
    if min(norms) == 0:
        return interpolate_linear(start, end, n_steps=n_steps)
    t = np.linspace(0, 1, n_steps)[:, None]
    # atan2 of sum and difference (Kahan): exact near 0 and pi, where arccos loses half its digits
    unit_first, unit_last = first / norms[0], last / norms[1]
    angle = 2 * np.arctan2(
        np.linalg.norm(unit_last - unit_first), np.linalg.norm(unit_last + unit_first)
    )
    if angle < PARALLEL:
        return interpolate_linear(start, end, n_steps=n_steps)
    if angle > np.pi - PARALLEL:
        axis = np.zeros_like(first)
        axis[np.argmin(np.abs(unit_first))] = 1
        across = axis - (axis @ unit_first) * unit_first
        if np.linalg.norm(across) == 0:  # one dimension: no path leads around the origin
            return interpolate_linear(start, end, n_steps=n_steps)
        across /= np.linalg.norm(across)
        radius = (1 - t) * norms[0] + t * norms[1]
        path = radius * (np.cos(np.pi * t) * unit_first + np.sin(np.pi * t) * across)
        return _fix_ends(path, start, end)
    path = (np.sin((1 - t) * angle) * first + np.sin(t * angle) * last) / np.sin(angle)
    return _fix_ends(path, start, end)


def resample_equal_steps(path: Codes, *, n_steps: int) -> Codes:
    """Walk the same polyline in steps of equal length.

    Args:
        path: Corners, shape (n_corners, latent_dim), at least 2.
        n_steps: Codes wanted, at least 2.

    Returns:
        Codes on the polyline, shape (n_steps, latent_dim), float32, ends unchanged; neighbours
        are equally far apart along the polyline (around a corner the straight distance is less).
    """
    if path.ndim != 2 or len(path) < 2:
        raise LatentInputError(f"`path` must have shape (n >= 2, latent_dim); got {path.shape}.")
    _require_ends(path[0], path[-1], n_steps)
    corners = path.astype(np.float64)
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    wanted = np.linspace(0, lengths[-1], n_steps)
    columns = [np.interp(wanted, lengths, column) for column in corners.T]
    return _fix_ends(np.stack(columns, axis=1), path[0], path[-1])


@dataclass(frozen=True)
class CodeGraph:
    """Neighbour graph of codes of real items.

    Attributes:
        codes: Codes at the nodes, shape (n_nodes, latent_dim), float32.
        items: Item of each node, shape (n_nodes,), int64.
        lengths: Symmetric sparse matrix of edge lengths, shape (n_nodes, n_nodes); connected.
        n_neighbours: Neighbours that each node was joined to.
    """

    codes: Codes
    items: NDArray[np.int64]
    lengths: scipy.sparse.csr_matrix
    n_neighbours: int


def build_code_graph(
    codes: Codes, *, n_neighbours: int = 10, max_nodes: int = 10_000, seed: int = 0
) -> CodeGraph:
    """Join every code to its nearest ones, by the squared distance.

    A path of short hops is then shorter than one long hop over a gap: the sum of squares is the
    sample Fermat distance with alpha = 2 (Groisman, Jonckheere, Sapienza 2022, eq. 1.1). Parts
    that no edge joins are joined by their closest pair, so that there always is a path.

    Args:
        codes: Shape (n_items, latent_dim), at least 2 rows; rows that are not finite are left out.
        n_neighbours: Edges from each node.
        max_nodes: Larger sets are thinned to this many items, drawn with `seed`.
        seed: Seed of that draw.
    """
    if codes.ndim != 2:
        raise LatentInputError(f"`codes` must have shape (n, latent_dim); got {codes.shape}.")
    items = np.flatnonzero(np.isfinite(codes).all(axis=1))
    if len(items) > max_nodes:
        items = np.sort(np.random.default_rng(seed).choice(items, max_nodes, replace=False))
    if len(items) < 2:
        raise LatentInputError(f"`codes` must have 2 finite rows at least; got {len(items)}.")
    nodes = np.ascontiguousarray(codes[items], dtype=np.float32)
    n_neighbours = min(n_neighbours, len(nodes) - 1)
    neighbours, distances = nearest(nodes, nodes, n_neighbours + 1)
    rows = np.repeat(np.arange(len(nodes)), n_neighbours + 1)
    lengths = _symmetric(rows, neighbours.ravel(), distances.ravel() ** 2, len(nodes))
    return CodeGraph(nodes, items.astype(np.int64), _connected(lengths, nodes), n_neighbours)


def _symmetric(
    rows: NDArray[np.int64], columns: NDArray[np.int64], squares: NDArray[np.float32], size: int
) -> scipy.sparse.csr_matrix:
    import scipy.sparse  # here, like csgraph below: half the pages walk straight and need none

    # a zero would be no edge at all: equal codes are joined by a tiny one
    weights = np.maximum(squares.astype(np.float64), 1e-12)
    off = rows != columns
    one_way = scipy.sparse.csr_matrix((weights[off], (rows[off], columns[off])), (size, size))
    return one_way.maximum(one_way.T).tocsr()


def _connected(lengths: scipy.sparse.csr_matrix, nodes: Codes) -> scipy.sparse.csr_matrix:
    """Join each part to the rest by its closest pair until one part is left (Boruvka's step)."""
    from scipy.sparse.csgraph import connected_components

    while True:
        n_parts, part_of = connected_components(lengths, directed=False)
        if n_parts == 1:
            return lengths
        rows, columns, squares = [], [], []
        for part in np.argsort(np.bincount(part_of))[:-1]:  # the largest is joined by the others
            inside, outside = np.flatnonzero(part_of == part), np.flatnonzero(part_of != part)
            index, distances = nearest(nodes[inside], nodes[outside], 1)
            best = int(np.argmin(distances[:, 0]))
            rows.append(inside[best])
            columns.append(outside[index[best, 0]])
            squares.append(distances[best, 0] ** 2)
        bridge = _symmetric(
            np.array(rows), np.array(columns), np.array(squares, np.float32), len(nodes)
        )
        lengths = lengths.maximum(bridge).tocsr()


def interpolate_through_data(
    start: Codes, end: Codes, graph: CodeGraph, *, n_steps: int, n_smoothings: int = 2
) -> Codes:
    """Walk from one code to another over codes of real items.

    The shortest path in `graph` (Dijkstra 1959), both ends joined to it by their nearest nodes;
    its corners are then rounded (`n_smoothings` passes of the weights 1/4, 1/2, 1/4) and it is
    resampled to equal steps. More passes leave the data more.

    Args, Returns, Raises: as `interpolate_linear`; steps are equal in length.
    """
    _require_ends(start, end, n_steps)
    if start.shape[0] != graph.codes.shape[1]:
        raise LatentInputError(
            f"`start` has {start.shape[0]} dimensions and `graph` {graph.codes.shape[1]}: "
            "build the graph from codes of the same checkpoint."
        )
    # one direction only is searched, so that ties cannot make the path back differ
    swapped = tuple(end.tolist()) < tuple(start.tolist())
    first, last = (end, start) if swapped else (start, end)
    corners = np.concatenate([first[None], graph.codes[_shortest(first, last, graph)], last[None]])
    corners = corners[np.concatenate([[True], np.any(np.diff(corners, axis=0) != 0, axis=1)])]
    if len(corners) < 2:  # start and end are one code
        return np.repeat(start[None], n_steps, axis=0).astype(np.float32)
    smooth = corners.astype(np.float64)
    for _ in range(n_smoothings):
        smooth[1:-1] = smooth[:-2] / 4 + smooth[1:-1] / 2 + smooth[2:] / 4
    path = resample_equal_steps(_fix_ends(smooth, first, last), n_steps=n_steps)
    return path[::-1].copy() if swapped else path


def _shortest(start: Codes, end: Codes, graph: CodeGraph) -> list[int]:
    """Nodes on the shortest path, with `start` and `end` added to the graph as two more nodes."""
    import scipy.sparse
    from scipy.sparse.csgraph import dijkstra

    size = len(graph.codes)
    ends = np.stack([start, end]).astype(np.float32)
    neighbours, distances = nearest(ends, graph.codes, graph.n_neighbours)
    weights = np.maximum(distances.astype(np.float64) ** 2, 1e-12)
    rows = np.repeat([size, size + 1], graph.n_neighbours)
    joined = scipy.sparse.csr_matrix(
        (weights.ravel(), (rows, neighbours.ravel())), (size + 2, size + 2)
    )
    lengths = graph.lengths.copy()
    lengths.resize((size + 2, size + 2))
    _, before = dijkstra(lengths + joined, directed=False, indices=size, return_predecessors=True)
    nodes, node = [], int(before[size + 1])
    while node != size:
        nodes.append(node)
        node = int(before[node])
    return nodes[::-1]


def path_through_keys(
    keys: Codes, kind: PathKind, *, n_steps: int, graph: CodeGraph | None = None
) -> Codes:
    """Walk over 2 to 8 key codes in order, each leg in equally many steps.

    Args:
        keys: Shape (n_keys, latent_dim).
        kind: How each leg goes.
        n_steps: Codes on one leg, both of its keys included.
        graph: Needed for "through the data".

    Returns:
        Codes, shape ((n_keys - 1) * (n_steps - 1) + 1, latent_dim); key k is exactly row
        k * (n_steps - 1).
    """
    if keys.ndim != 2 or not 2 <= len(keys) <= MAX_KEYS:
        raise LatentInputError(
            f"`keys` must have shape (2 to {MAX_KEYS}, latent_dim); got {keys.shape}."
        )
    leg = _leg(kind, graph)
    legs = [leg(first, last, n_steps=n_steps) for first, last in itertools.pairwise(keys)]
    return np.concatenate([legs[0]] + [part[1:] for part in legs[1:]])


def _leg(kind: PathKind, graph: CodeGraph | None) -> Callable[..., Codes]:
    if kind == "linear":
        return interpolate_linear
    if kind == "spherical":
        return interpolate_spherical
    if kind != "through the data":
        raise LatentInputError(
            f'`kind` must be "linear", "spherical" or "through the data"; got {kind!r}.'
        )
    if graph is None:
        raise LatentInputError('`graph` is needed for "through the data": build_code_graph(codes).')
    return lambda start, end, *, n_steps: interpolate_through_data(
        start, end, graph, n_steps=n_steps
    )
