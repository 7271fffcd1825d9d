"""Two maps laid over each other, against turns that are known and sets that are counted."""

import numpy as np
import pytest

from ae_core.errors import LatentInputError
from ae_core.map_pairs import aligned_key, changed_neighbours, laid_over
from ae_core.maps import Map, load_map, save_map


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
