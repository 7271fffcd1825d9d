"""Unusual items and near-duplicates that were put there are found."""

import numpy as np
import pytest

from ae_core.steering.unusual import MAX_ASKED, asked_rows, most_unusual, near_duplicates


@pytest.fixture
def codes() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)


def test_the_farthest_come_first(codes):
    codes[[7, 200]] *= np.array([[40], [20]]) / np.linalg.norm(codes[[7, 200]], axis=1)[:, None]
    rows, far = most_unusual(codes, np.arange(300), 3)
    assert rows[:2].tolist() == [7, 200] and (np.diff(far) <= 0).all()
    everyone = np.linalg.norm(codes[7] - np.delete(codes, 7, axis=0), axis=1)
    assert far[0] == pytest.approx(np.sort(everyone)[:10].mean(), rel=1e-5)
    assert most_unusual(codes, np.arange(100, 300), 1)[0].tolist() == [200]


def test_pairs_are_told_once_and_equal_items_are_known(codes):
    codes[11] = codes[90]
    codes[5] = codes[250] + 1e-4
    items = np.arange(300 * 6).reshape(300, 6).astype(np.uint8)
    items[:, 0], items[:, 1] = np.arange(300) % 250, np.arange(300) // 250
    items[11] = items[90]
    pairs = near_duplicates(codes, items, np.arange(300), 2)
    found = [(sorted((pair.first, pair.second)), pair.is_same) for pair in pairs]
    assert found == [([11, 90], True), ([5, 250], False)]
    assert pairs[0].distance == 0 < pairs[1].distance


def test_a_pair_needs_one_item_of_the_group(codes):
    codes[11] = codes[90]
    (pair,) = near_duplicates(codes, codes, np.array([90, 91]), 1)
    assert (pair.first, pair.second) == (90, 11)


def test_a_large_group_is_asked_in_part_evenly():
    rows = asked_rows(np.arange(40_000))
    assert len(rows) == MAX_ASKED and rows[0] == 0 and rows[-1] == 39_999
    assert np.ptp(np.diff(rows)) <= 1
