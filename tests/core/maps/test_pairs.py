"""Two maps laid over each other, against turns that are known and sets that are counted."""

import numpy as np
import pytest

from ae_core.errors import LatentInputError
from ae_core.maps.map import Map, load_map, save_map, scattered, scattered_key
from ae_core.maps.pairs import aligned_key, changed_neighbours, laid_over


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)


def turned(points):
    return (7 * points @ np.array([[0.6, 0.8], [0.8, -0.6]]) + [40, -3]).astype(np.float32)


def test_a_turned_mirrored_scaled_shifted_map_comes_back(points):
    np.testing.assert_allclose(laid_over(turned(points), points), points, atol=1e-4)


def test_turning_changes_no_neighbours(points):
    assert not changed_neighbours(points, turned(points)).any()


def test_changed_neighbours_are_counted_as_sets(points):
    other = np.random.default_rng(1).normal(size=points.shape).astype(np.float32)
    found = changed_neighbours(points, other, n_neighbours=5)
    for item in (0, 17, 299):
        near = []
        for each in (points, other):
            order = np.argsort(np.linalg.norm(each - each[item], axis=1))
            near.append(set(order[1:6].tolist()))
        assert found[item] == pytest.approx(1 - len(near[0] & near[1]) / 5)


def test_an_aligned_map_is_kept(points):
    save_map("a" * 32, Map(points))
    save_map("b" * 32, Map(turned(points)))
    kept = load_map(aligned_key("b" * 32, "a" * 32))
    assert kept is not None
    np.testing.assert_allclose(kept.points, points, atol=1e-4)
    with pytest.raises(LatentInputError, match="reload"):
        aligned_key("c" * 32, "a" * 32)


def test_maps_of_other_items_are_refused(points):
    with pytest.raises(LatentInputError):
        changed_neighbours(points, points[:200])


def test_only_items_on_both_maps_are_compared(points):
    rows = np.arange(0, 300, 3)
    other = np.random.default_rng(1).normal(size=(100, 2)).astype(np.float32)
    some = scattered(other, rows, 300)
    found = changed_neighbours(points, some, n_neighbours=5)
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(found)), rows)
    np.testing.assert_array_equal(found[rows], changed_neighbours(points[rows], other, 5))
    few = changed_neighbours(points, scattered(other[:9], rows[:9], 300))
    assert (few[rows[:9]] == 0).all()  # of nine items all eight others are near, on both maps
    with pytest.raises(LatentInputError, match="at least 2 items"):
        changed_neighbours(points, scattered(other[:1], rows[:1], 300))


def test_a_map_of_some_items_is_laid_over_one_of_all(points):
    rows = np.arange(5, 300, 7)
    laid = laid_over(scattered(turned(points[rows]), rows, 300), points)
    np.testing.assert_allclose(laid[rows], points[rows], atol=1e-4)
    assert np.isnan(np.delete(laid, rows, 0)).all()


def test_the_name_of_a_scattered_map_covers_rows_and_length():
    rows = np.arange(9)
    names = {
        scattered_key("k", rows, 20),
        scattered_key("k", rows + 1, 20),
        scattered_key("k", rows, 21),
        scattered_key("l", rows, 20),
    }
    assert len(names) == 4
