"""Neighbours against brute force."""

import numpy as np
import pytest

from ae_core.errors import LatentInputError
from ae_core.steering.neighbours import NeighbourIndex, nearest_items


def brute(codes, queries, k):
    far = np.linalg.norm(queries[:, None].astype(float) - codes[None].astype(float), axis=2)
    return np.argsort(far, axis=1, kind="stable")[:, :k], np.sort(far, axis=1)[:, :k]


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).normal(size=(3000, 8)).astype(np.float32)


@pytest.mark.parametrize("n_queries", [3, 200])
def test_exact_neighbours_equal_brute_force(codes, n_queries):
    rows, distances = NeighbourIndex(codes).nearest(codes[:n_queries], 12)
    expected_rows, expected = brute(codes, codes[:n_queries], 12)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(distances, expected, rtol=1e-5)


@pytest.mark.parametrize("exact_up_to", [3000, 1000])
@pytest.mark.parametrize("n_queries", [3, 200])
def test_equal_codes_are_exactly_nothing_apart(codes, n_queries, exact_up_to):
    """UMAP takes an item's smallest distance above 0 for its scale, be it a rounding error."""
    twice = np.repeat(codes[:1500], 2, axis=0)
    _, distances = NeighbourIndex(twice, exact_up_to).nearest(twice[:n_queries], 3)
    assert (distances[:, :2] == 0).all() and (distances[:, 2] > 0.01).all()


def test_an_indexed_query_finds_itself_first(codes):
    rows, _ = NeighbourIndex(codes).nearest(codes[100:140], 1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(100, 140))


def test_the_graph_above_the_exact_size_finds_nearly_all(codes):
    index = NeighbourIndex(codes, exact_up_to=1000)
    assert not index.is_exact
    rows, _ = index.nearest(codes[:200], 10)
    expected, _ = brute(codes, codes[:200], 10)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows, expected, strict=True)])
    assert recall > 0.95


def test_nearest_items_equal_brute_force_and_leave_out_the_item():
    items = np.random.default_rng(1).integers(0, 256, (300, 1, 6, 6), dtype=np.uint8)
    rows, distances = nearest_items(items, 7, 12)
    flat = items.reshape(300, -1) / 255
    expected, far = brute(flat, flat[7:8], 13)
    np.testing.assert_array_equal(rows, expected[0, 1:])
    np.testing.assert_allclose(distances, far[0, 1:], rtol=1e-5)


def test_impossible_questions_are_refused(codes):
    index = NeighbourIndex(codes)
    with pytest.raises(LatentInputError, match="queries"):
        index.nearest(codes[:2, :5], 3)
    with pytest.raises(LatentInputError, match="n_neighbours"):
        index.nearest(codes[:2], 3001)
    with pytest.raises(LatentInputError, match="item"):
        nearest_items(np.zeros((5, 1, 2, 2), np.uint8), 9, 2)
