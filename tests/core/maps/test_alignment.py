"""Alignment: undoes any turn and mirroring, never makes the distance larger."""

import numpy as np
import pytest

from ae_core.errors import LatentInputError
from ae_core.maps.alignment import aligned_main_axes, main_axes, rotated_onto


def cloud(seed: int, shape: tuple[int, int] = (200, 2)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape) * np.geomspace(3, 1, shape[1])


@pytest.mark.parametrize("mirror", [1, -1])
@pytest.mark.parametrize("angle", [0.3, 2.0, 3.1])
def test_a_turned_mirrored_shifted_map_comes_back(angle: float, mirror: int) -> None:
    points = cloud(0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = points @ turn * [1, mirror] + [5, -2]
    np.testing.assert_allclose(rotated_onto(moved, points), points, atol=1e-5)


def test_no_other_turn_lies_nearer() -> None:
    points, reference = cloud(1), cloud(1) + 0.3 * cloud(2)
    best = np.linalg.norm(rotated_onto(points, reference) - reference)
    centred = points - points.mean(0)
    for angle in np.linspace(0, 2 * np.pi, 73):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for mirror in (1, -1):
            other = centred @ turn * [1, mirror] + reference.mean(0)
            assert np.linalg.norm(other - reference) >= best - 1e-4


def test_main_axes_are_scikit_learns_pca() -> None:
    from sklearn.decomposition import PCA

    codes = cloud(3, (300, 7))
    expected = PCA(2).fit_transform(codes)
    found = main_axes(codes)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)


def test_a_frame_lies_like_the_one_before() -> None:
    codes = cloud(4, (300, 5))
    before = aligned_main_axes(codes, None)
    after = aligned_main_axes(-codes, before)  # the axes' signs are free: they must not flip
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_one_number_codes_have_a_map() -> None:
    assert main_axes(cloud(5, (50, 1))).shape == (50, 2)


def test_other_items_are_refused() -> None:
    with pytest.raises(LatentInputError, match="same shape"):
        rotated_onto(cloud(0), cloud(0, (100, 2)))


def test_items_without_a_point_do_not_decide() -> None:
    points = cloud(0)
    moved = points @ np.array([[0.0, 1.0], [-1.0, 0.0]]) + 5
    reference = points.copy()
    reference[::2] = np.nan  # half of the items are not on the other map
    moved[1] = np.nan
    turned = rotated_onto(moved, reference)
    assert np.isnan(turned[1]).all()
    np.testing.assert_allclose(np.delete(turned, 1, 0), np.delete(points, 1, 0), atol=1e-5)
    with pytest.raises(LatentInputError, match="in common"):
        rotated_onto(points, np.full_like(points, np.nan))
