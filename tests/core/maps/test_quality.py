"""Scores of maps against scikit-learn, against symmetry, and on maps with known answers."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

from ae_core.errors import ProjectionError
from ae_core.maps.plane import fit_plane
from ae_core.maps.quality import (
    code_at,
    load_quality,
    measure_map,
    round_trip_error,
    save_quality,
)


@pytest.fixture(scope="module")
def codes():
    return (load_digits().data / 16).astype(np.float32)


@pytest.fixture(scope="module")
def plane(codes):
    return fit_plane(codes, 2)


@pytest.mark.parametrize("k", [5, 15])
def test_trustworthiness_equals_scikit_learns(codes, plane, k):
    points = plane.points(codes)
    quality, _ = measure_map(codes, points, n_neighbours=k)
    theirs = trustworthiness(codes.astype(float), points.astype(float), n_neighbors=k)
    assert quality.scores.trustworthiness == pytest.approx(theirs, abs=1e-4)


def test_continuity_is_trustworthiness_with_the_spaces_exchanged(codes, plane):
    points = plane.points(codes)
    there, _ = measure_map(codes, points)
    back, _ = measure_map(points, codes)
    assert there.scores.continuity == pytest.approx(back.scores.trustworthiness, abs=1e-12)
    assert there.scores.recall == pytest.approx(back.scores.recall, abs=1e-12)


def test_a_true_map_scores_one_and_a_random_one_near_a_half():
    points = np.random.default_rng(0).normal(size=(800, 2)).astype(np.float32)
    quality, local = measure_map(points, 3 * points[:, ::-1])
    assert quality.scores.trustworthiness == quality.scores.continuity == 1
    assert quality.scores.recall == 1 and (local == 1).all()
    assert quality.random.trustworthiness == pytest.approx(0.5, abs=0.02)
    assert quality.random.recall == pytest.approx(15 / 800, abs=0.01)


def test_pointwise_trustworthiness_has_the_score_as_its_mean(codes, plane):
    quality, local = measure_map(codes, plane.points(codes))
    assert local.mean() == pytest.approx(quality.scores.trustworthiness, abs=1e-6)


def test_asking_some_items_estimates_what_asking_all_gives(codes, plane):
    points = plane.points(codes)
    everyone, _ = measure_map(codes, points)
    some, local = measure_map(codes, points, max_asked=400)
    assert some.n_asked == 400 and np.isfinite(local).sum() == 400
    error = some.scores.standard_errors[0]
    difference = some.scores.trustworthiness - everyone.scores.trustworthiness
    assert abs(difference) < 4 * error < 0.05


def test_a_place_on_a_plane_decodes_to_nearby_codes_mean():
    points = np.random.default_rng(0).uniform(size=(4000, 2)).astype(np.float32)
    codes = np.c_[points, points @ [[2.0], [1.0]]].astype(np.float32)  # codes plane in place
    inside = np.array([[0.5, 0.5], [0.3, 0.6]], np.float32)
    expected = np.c_[inside, inside @ [[2.0], [1.0]]]
    np.testing.assert_allclose(code_at(inside, codes, points), expected, atol=0.03)


def test_the_code_of_a_place_moves_without_jumps(codes, plane):
    points = plane.points(codes)
    line = np.linspace(points[3], points[77], 20_001).astype(np.float32)
    found = code_at(line, codes, points)
    steps = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert steps.max() < 0.05 * np.linalg.norm(codes.std(axis=0))


def test_round_trip_of_pca_is_what_stands_out_of_the_plane(codes, plane):
    points = plane.points(codes)
    everyone = np.arange(len(codes))
    away = codes - codes.mean(0) - points @ plane.axes
    spread = np.sqrt(codes.astype(float).var(axis=0).sum())
    expected = np.linalg.norm(away, axis=1).mean() / spread
    assert round_trip_error(codes, points, plane, everyone) == pytest.approx(expected, rel=1e-4)


def test_an_item_does_not_help_its_own_way_back():
    codes = np.zeros((50, 3), np.float32)
    codes[7] = 100
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    back = code_at(points[7:8], codes, points, without=np.array([7]))
    np.testing.assert_array_equal(back, 0)


def test_a_kept_quality_comes_back(codes, plane):
    quality, local = measure_map(codes[:200], plane.points(codes[:200]))
    assert load_quality("a" * 32) is None
    save_quality("a" * 32, quality, local)
    assert load_quality("a" * 32) == quality


def test_few_items_are_asked_for_fewer_neighbours(codes, plane):
    quality, _ = measure_map(codes[:20], plane.points(codes[:20]))
    theirs = trustworthiness(codes[:20], plane.points(codes[:20]), n_neighbors=9)
    assert quality.n_neighbours == 9
    assert quality.scores.trustworthiness == pytest.approx(theirs, abs=1e-4)


def test_too_few_items_are_refused(codes):
    with pytest.raises(ProjectionError, match="map more items"):
        measure_map(codes[:3], codes[:3, :2])
