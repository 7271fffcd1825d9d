"""Paths end where they should, are the same backwards, and match closed forms."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from ae_core.errors import LatentInputError
from ae_core.steering.paths import (
    build_code_graph,
    interpolate_linear,
    interpolate_spherical,
    interpolate_through_data,
    path_through_keys,
    resample_equal_steps,
)

code = arrays(np.float32, 5, elements=st.floats(-8, 8, width=32))


def ring(n: int = 400, seed: int = 0) -> np.ndarray:
    """Noisy circle of radius 3 in the first two of four dimensions."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    flat = 3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.hstack([flat, np.zeros((n, 2))]).astype(np.float32) + rng.normal(
        0, 0.05, (n, 4)
    ).astype(np.float32)


@given(code, code, st.integers(2, 20))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("walk", [interpolate_linear, interpolate_spherical])
def test_ends_are_exact_and_swapping_them_reverses(walk, start, end, n_steps) -> None:
    path = walk(start, end, n_steps=n_steps)
    assert np.isfinite(path).all()
    assert np.array_equal(path[0], start) and np.array_equal(path[-1], end)
    np.testing.assert_allclose(walk(end, start, n_steps=n_steps), path[::-1], atol=1e-4)


def test_linear_is_the_weighted_mean() -> None:
    path = interpolate_linear(np.zeros(3, np.float32), np.full(3, 4, np.float32), n_steps=5)
    np.testing.assert_array_equal(path[:, 0], [0, 1, 2, 3, 4])


@pytest.mark.parametrize("degrees", [0.1, 30, 90, 150, 179.9])
def test_spherical_is_the_arc_in_the_plane(degrees: float) -> None:
    """Oracle: in the plane of both codes the arc is (r cos, r sin) at equal angles."""
    rng = np.random.default_rng(1)
    plane = np.linalg.qr(rng.normal(size=(6, 2)))[0]
    w = np.radians(degrees)
    start, end = 3 * plane[:, 0], 3 * (np.cos(w) * plane[:, 0] + np.sin(w) * plane[:, 1])
    path = interpolate_spherical(start.astype(np.float32), end.astype(np.float32), n_steps=9)
    angles = np.linspace(0, w, 9)
    expected = 3 * (np.outer(np.cos(angles), plane[:, 0]) + np.outer(np.sin(angles), plane[:, 1]))
    np.testing.assert_allclose(path, expected, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 3, atol=1e-3)


def test_spherical_between_opposites_goes_around_the_origin() -> None:
    start = np.array([0, 2, 0, 1], np.float32)
    path = interpolate_spherical(start, -start, n_steps=11)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linalg.norm(start), rtol=1e-5)
    np.testing.assert_allclose(
        interpolate_spherical(-start, start, n_steps=11), path[::-1], atol=1e-5
    )


@pytest.mark.parametrize("end", [np.zeros(3), [2, 4, 6], [1, 2, 3]])
def test_spherical_is_straight_where_there_is_no_arc(end: list[float]) -> None:
    start, end = np.array([1, 2, 3], np.float32), np.array(end, np.float32)
    np.testing.assert_allclose(
        interpolate_spherical(start, end, n_steps=7), interpolate_linear(start, end, n_steps=7)
    )


def test_spherical_in_one_dimension_is_straight() -> None:
    start, end = np.array([1], np.float32), np.array([-1], np.float32)
    np.testing.assert_allclose(interpolate_spherical(start, end, n_steps=3)[:, 0], [1, 0, -1])


def test_resampling_a_right_angle_walks_along_it() -> None:
    corner = np.array([[0, 0], [3, 0], [3, 1]], np.float32)
    expected = [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]]
    np.testing.assert_allclose(resample_equal_steps(corner, n_steps=5), expected, atol=1e-6)


def test_through_the_data_keeps_to_the_ring() -> None:
    graph = build_code_graph(ring(), n_neighbours=6)
    start, end = np.array([3, 0, 0, 0], np.float32), np.array([-3, 0.1, 0, 0], np.float32)
    path = interpolate_through_data(start, end, graph, n_steps=40)
    radius = np.linalg.norm(path[:, :2], axis=1)
    assert radius.min() > 2.5  # the straight path goes through the empty middle, radius 0
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.std() < 0.1 * steps.mean()


@given(st.integers(0, 399), st.integers(0, 399))
@settings(max_examples=25, deadline=None)
def test_through_the_data_ends_exactly_and_reverses_exactly(a: int, b: int) -> None:
    codes = ring()
    graph = build_code_graph(codes, n_neighbours=6)
    there = interpolate_through_data(codes[a], codes[b], graph, n_steps=12)
    assert np.array_equal(there[0], codes[a]) and np.array_equal(there[-1], codes[b])
    back = interpolate_through_data(codes[b], codes[a], graph, n_steps=12)
    np.testing.assert_array_equal(back, there[::-1])


def test_shortest_path_is_networkx_shortest() -> None:
    codes = ring(80)
    graph = build_code_graph(codes, n_neighbours=5)
    oracle = nx.from_scipy_sparse_array(graph.lengths)
    expected = nx.dijkstra_path(oracle, 3, 40)
    path = interpolate_through_data(codes[3], codes[40], graph, n_steps=900, n_smoothings=0)
    # every node of the oracle's path lies on the polyline
    assert cdist(codes[expected], path).min(axis=1).max() < 0.02


def test_islands_are_joined() -> None:
    codes = np.concatenate([ring(60), ring(60, 1) + 100, ring(40, 2) - 300]).astype(np.float32)
    graph = build_code_graph(codes, n_neighbours=4)
    path = interpolate_through_data(codes[0], codes[130], graph, n_steps=10)
    assert np.isfinite(path).all() and np.array_equal(path[-1], codes[130])


def test_equal_codes_and_missing_codes_are_no_obstacle() -> None:
    codes = np.repeat(ring(20), 5, axis=0)
    codes[7] = np.nan
    graph = build_code_graph(codes, n_neighbours=3)
    assert 7 not in graph.items
    path = interpolate_through_data(codes[0], codes[99], graph, n_steps=8)
    assert np.isfinite(path).all()


def test_keys_are_passed_exactly() -> None:
    codes = ring()
    keys, graph = codes[[0, 50, 120, 300]], build_code_graph(codes, n_neighbours=6)
    for kind in ("linear", "spherical", "through the data"):
        path = path_through_keys(keys, kind, n_steps=11, graph=graph)
        assert len(path) == 31
        np.testing.assert_array_equal(path[::10], keys)
        np.testing.assert_allclose(
            path_through_keys(keys[::-1], kind, n_steps=11, graph=graph), path[::-1], atol=1e-5
        )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interpolate_linear(np.zeros(3, "f4"), np.zeros(4, "f4"), n_steps=3), "one shape"),
        (lambda: interpolate_linear(np.zeros(3, "f4"), np.zeros(3, "f4"), n_steps=1), "at least 2"),
        (lambda: interpolate_linear(np.full(3, np.nan, "f4"), np.zeros(3, "f4"), n_steps=3), "NaN"),
        (lambda: interpolate_linear(np.zeros((1, 3), "f4"), np.zeros(3, "f4"), n_steps=3), "shape"),
        (lambda: path_through_keys(np.zeros((1, 3), "f4"), "linear", n_steps=3), "2 to 8"),
        (lambda: path_through_keys(np.zeros((9, 3), "f4"), "linear", n_steps=3), "2 to 8"),
        (lambda: path_through_keys(np.zeros((2, 3), "f4"), "curly", n_steps=3), "must be"),
        (
            lambda: path_through_keys(np.zeros((2, 3), "f4"), "through the data", n_steps=3),
            "is needed",
        ),
        (lambda: build_code_graph(np.full((5, 3), np.nan, "f4")), "2 finite rows"),
        (
            lambda: interpolate_through_data(
                np.zeros(3, "f4"), np.ones(3, "f4"), build_code_graph(ring()), n_steps=4
            ),
            "same checkpoint",
        ),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(LatentInputError, match=message):
        call()
