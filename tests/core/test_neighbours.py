"""Neighbours against brute force in float64."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from ae_core import neighbours
from ae_core.errors import LatentInputError
from ae_core.neighbours import nearest, nearest_items, nearest_others


def brute(codes, queries, k):
    far = np.linalg.norm(queries[:, None].astype(float) - codes[None].astype(float), axis=2)
    return np.argsort(far, axis=1, kind="stable")[:, :k], np.sort(far, axis=1)[:, :k]


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).normal(size=(3000, 8)).astype(np.float32)


@pytest.fixture(params=["scan", "scan in small parts", "library"])
def search(request, monkeypatch):
    """Each of the ways that `nearest` chooses among by the number of pairs."""
    if request.param == "library":
        monkeypatch.setattr(neighbours, "SCAN_UP_TO", 0)
        monkeypatch.setattr(neighbours, "SCAN_WITHOUT_LIBRARY_UP_TO", 0)
    elif request.param == "scan in small parts":
        monkeypatch.setattr(neighbours, "BLOCK_FLOATS", 8 * 700)
        monkeypatch.setattr(neighbours, "N_DISTANCES", 3000 * 64)


@pytest.mark.usefixtures("search")
@pytest.mark.parametrize("n_columns", [2, 8])
@pytest.mark.parametrize("n_queries", [1, 3, 200])
def test_neighbours_equal_brute_force(codes, n_queries, n_columns):
    few = codes[:, :n_columns]
    rows, distances = nearest(few[:n_queries], few, 12)
    expected_rows, expected = brute(few, few[:n_queries], 12)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(distances, expected, rtol=1e-5)


def test_neighbours_of_others_are_scipys():
    rng = np.random.default_rng(2)
    queries, codes = (rng.normal(size=(n, 7)).astype(np.float32) for n in (30, 200))
    rows, distances = nearest(queries, codes, 4)
    expected = cdist(queries.astype(float), codes.astype(float))
    np.testing.assert_array_equal(rows, np.argsort(expected, axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :4], rtol=1e-5)


@pytest.mark.usefixtures("search")
@pytest.mark.parametrize("n_queries", [1, 40])
def test_neighbours_far_from_the_origin_are_exact_too(codes, n_queries):
    """|c|^2 - 2 c q + |q|^2 alone would lose all digits that tell them apart."""
    moved = codes + np.float32(5_000)
    rows, _ = nearest(moved[:n_queries], moved, 5)
    np.testing.assert_array_equal(rows, brute(moved, moved[:n_queries], 5)[0])


@pytest.mark.usefixtures("search")
@pytest.mark.parametrize("n_queries", [3, 200])
def test_equal_codes_are_exactly_nothing_apart(codes, n_queries):
    """UMAP takes an item's smallest distance above 0 for its scale, be it a rounding error."""
    twice = np.repeat(codes[:1500], 2, axis=0)
    _, distances = nearest(twice[:n_queries], twice, 3)
    assert (distances[:, :2] == 0).all() and (distances[:, 2] > 0.01).all()


@pytest.mark.usefixtures("search")
def test_a_query_that_is_a_code_finds_itself_first(codes):
    rows, _ = nearest(codes[100:140], codes, 1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(100, 140))


@pytest.mark.usefixtures("search")
def test_others_are_all_but_the_item_itself(codes):
    items = np.array([5, 17, 2999])
    rows, distances = nearest_others(codes, items, 6)
    expected_rows, expected = brute(codes, codes[items], 7)
    np.testing.assert_array_equal(rows, expected_rows[:, 1:])
    np.testing.assert_allclose(distances, expected[:, 1:], rtol=1e-5)


@pytest.mark.usefixtures("search")
def test_others_of_an_item_with_many_equals_are_equals_and_not_itself():
    same = np.repeat(np.arange(3, dtype=np.float32), 50)[:, None] * np.ones(2, np.float32)
    rows, distances = nearest_others(same, np.arange(150), 20)
    assert (rows != np.arange(150)[:, None]).all() and (distances == 0).all()
    assert all(len(set(row)) == 20 for row in rows)


@pytest.mark.usefixtures("search")
def test_of_equal_distances_the_lower_row_comes_first():
    grid = np.stack(np.meshgrid(*[np.arange(5.0)] * 4), axis=-1).reshape(-1, 4).astype(np.float32)
    rows, distances = nearest(grid, grid, 20)
    expected = brute(grid, grid, len(grid))
    for near, far, every, true in zip(rows, distances, *expected, strict=True):
        whole = far < far[-1]  # the last distance is shared with some that had no room
        np.testing.assert_array_equal(near[whole], every[: whole.sum()])
        np.testing.assert_allclose(far, true[:20])


def test_all_codes_can_be_asked_for(codes):
    rows, _ = nearest(codes[:2], codes[:30], 30)
    assert [sorted(row) for row in rows.tolist()] == [list(range(30))] * 2


def test_a_memory_map_is_read_as_it_is(codes, tmp_path):
    np.save(tmp_path / "codes.npy", codes)
    kept = np.load(tmp_path / "codes.npy", mmap_mode="r")
    for found, expected in zip(
        nearest(codes[:5], kept, 4), nearest(codes[:5], codes, 4), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", ["pictures", "rows"])
def test_nearest_items_equal_brute_force_and_leave_out_the_item(kind):
    random = np.random.default_rng(1)
    items = random.integers(0, 256, (300, 1, 6, 6), dtype=np.uint8)
    if kind == "rows":
        items = random.normal(size=(300, 9)).astype(np.float32)
    rows, distances = nearest_items(items, 7, 12)
    flat = items.reshape(300, -1)
    expected, far = brute(flat, flat[7:8], 13)
    np.testing.assert_array_equal(rows, expected[0, 1:])
    np.testing.assert_allclose(distances, far[0, 1:], rtol=1e-5)


def test_impossible_questions_are_refused(codes):
    with pytest.raises(LatentInputError, match="queries"):
        nearest(codes[:2, :5], codes, 3)
    with pytest.raises(LatentInputError, match="N at least 1"):
        nearest(codes[:2], codes[:0], 1)
    with pytest.raises(LatentInputError, match="n_neighbours"):
        nearest(codes[:2], codes, 3001)
    with pytest.raises(LatentInputError, match="n_neighbours"):
        nearest_others(codes, np.array([1]), 3000)
    with pytest.raises(LatentInputError, match="item"):
        nearest_items(np.zeros((5, 1, 2, 2), np.uint8), 9, 2)
