"""Each estimator recovers a known axis; each measure of doubt matches an independent oracle."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import null_space
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score, roc_auc_score

from ae_core.errors import LatentInputError
from ae_core.locations import project_root
from ae_core.steering.direction_quality import (
    bootstrap_angle,
    separation,
    side_effects_in_codes,
    side_effects_in_pictures,
)
from ae_core.steering.directions import (
    Direction,
    conditional,
    cosine_table,
    dimension_activity,
    expected_random_cosine,
    linear_probe,
    mean_difference,
    principal_axes,
)
from ae_core.steering.probes import auc, fit_probes

DIMS = 16


def two_groups(axis: np.ndarray, gap: float = 4.0, n: int = 4000, seed: int = 0):
    """Isotropic Gaussian groups `gap` apart along a unit axis, at -gap/2 and +gap/2."""
    rng = np.random.default_rng(seed)
    with_it = rng.normal(size=(n, axis.size)) + gap / 2 * axis
    without = rng.normal(size=(n, axis.size)) - gap / 2 * axis
    return with_it.astype(np.float32), without.astype(np.float32)


def unit(seed: int, dims: int = DIMS) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=dims)
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("estimate", [mean_difference, linear_probe])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_estimators_recover_a_known_axis(estimate, seed: int) -> None:
    axis = unit(seed)
    found = estimate(*two_groups(axis, seed=seed))
    assert found.unit @ axis > 0.99
    assert found.step == pytest.approx(4, rel=0.05)
    assert found.threshold == pytest.approx(0, abs=0.15)
    assert np.linalg.norm(found.unit) == pytest.approx(1)


@pytest.mark.parametrize("estimate", [mean_difference, linear_probe])
def test_swapped_groups_point_back(estimate) -> None:
    first, second = two_groups(unit(1), n=300)
    there, back = estimate(first, second), estimate(second, first)
    np.testing.assert_allclose(back.unit, -there.unit, atol=1e-3)
    assert back.step == pytest.approx(there.step, rel=1e-3)


def test_probe_is_the_plane_and_mean_difference_the_shift() -> None:
    """With unequal spread they differ: the probe is Sigma^-1 of the shift (Fisher)."""
    rng = np.random.default_rng(0)
    spread = np.array([[3, 1.5], [0, 0.5]])
    shift = np.array([2.0, 0.2])
    with_it = (rng.normal(size=(20_000, 2)) @ spread + shift).astype(np.float32)
    without = (rng.normal(size=(20_000, 2)) @ spread).astype(np.float32)
    fisher = np.linalg.solve(spread.T @ spread, shift)
    assert linear_probe(with_it, without).unit @ fisher / np.linalg.norm(fisher) > 0.99
    assert mean_difference(with_it, without).unit @ shift / np.linalg.norm(shift) > 0.99


def test_rare_groups_do_not_tilt_the_probe() -> None:
    axis = unit(4)
    first, second = two_groups(axis, gap=3, n=6000)
    found = linear_probe(first[:200], second)
    assert found.unit @ axis > 0.95
    assert abs(found.threshold) < 0.4  # an unweighted fit would push it towards the rare group


def test_conditional_is_orthogonal_and_recovers_what_is_left() -> None:
    wanted, kept = np.eye(DIMS)[0], np.eye(DIMS)[1]
    leaning = (wanted + kept) / np.sqrt(2)  # a mean difference that carries another attribute
    with_it, without = two_groups(leaning)
    other = mean_difference(*two_groups(kept, seed=5))
    both = np.concatenate([with_it, without])
    found = conditional(mean_difference(with_it, without), [other], both)
    assert found.unit @ other.unit == pytest.approx(0, abs=1e-6)
    assert found.unit @ wanted > 0.99
    # going its step changes the primal reading by the primal's step
    primal = mean_difference(with_it, without)
    assert found.step * (found.unit @ primal.unit) == pytest.approx(primal.step, rel=1e-5)


def test_conditional_against_many_is_the_null_space() -> None:
    units = [unit(seed) for seed in range(6)]
    make = lambda vector: Direction(vector.astype(np.float32), 1.0, 0.0, "linear probe")  # noqa: E731
    others = [make(u) for u in units[1:]]
    codes = np.random.default_rng(0).normal(size=(50, DIMS)).astype(np.float32)
    found = conditional(make(units[0]), others, codes)
    basis = null_space(np.stack([other.unit for other in others]).astype(float))  # (16, 11)
    expected = basis @ (basis.T @ units[0])
    np.testing.assert_allclose(found.unit, expected / np.linalg.norm(expected), atol=1e-5)
    np.testing.assert_allclose([found.unit @ o.unit for o in others], 0, atol=1e-6)
    assert conditional(make(units[0]), [], codes).unit == pytest.approx(units[0])


def test_separation_matches_closed_forms() -> None:
    """Two unit Gaussians a gap apart: accuracy Phi(d / 2), AUC Phi(d / sqrt 2), d = gap."""
    axis = unit(2)
    direction = mean_difference(*two_groups(axis, gap=2, seed=1))
    found = separation(direction, *two_groups(axis, gap=2, n=20_000, seed=2))
    assert found.accuracy == pytest.approx(norm.cdf(1), abs=0.01)
    assert found.auc == pytest.approx(norm.cdf(2 / np.sqrt(2)), abs=0.01)
    assert found.cohens_d == pytest.approx(2, abs=0.05)


def test_auc_is_scikit_learns_with_ties() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 9, 200).astype(float), rng.random(200) < 0.3
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_bootstrap_angle_narrows_as_the_root_of_the_items() -> None:
    axis = unit(3)
    drawn = [
        bootstrap_angle(*two_groups(axis, n=n), mean_difference, n_draws=60) for n in (50, 200, 800)
    ]
    angles = np.array([angle.median for angle in drawn])
    np.testing.assert_allclose(angles[:-1] / angles[1:], 2, rtol=0.3)
    # the shift's error has (d - 1) components of variance 2 / n at right angles to a gap of 4
    assert drawn[2].median == pytest.approx(np.degrees(np.sqrt((DIMS - 1) * 2 / 800) / 4), rel=0.2)
    assert all(angle.p95 >= angle.median for angle in drawn)


def test_random_cosines_are_as_expected() -> None:
    for dims in (2, 8, 64):
        drawn = np.random.default_rng(0).normal(size=(2, 40_000, dims))
        drawn /= np.linalg.norm(drawn, axis=2, keepdims=True)
        cosines = np.abs((drawn[0] * drawn[1]).sum(axis=1))
        mean, p95 = expected_random_cosine(dims)
        assert mean == pytest.approx(cosines.mean(), rel=0.02)
        assert p95 == pytest.approx(np.quantile(cosines, 0.95), rel=0.02)
    assert expected_random_cosine(2)[0] == pytest.approx(2 / np.pi)


def test_cosine_table_of_known_angles() -> None:
    make = lambda x, y: Direction(np.array([x, y], np.float32), 1.0, 0.0, "linear probe")  # noqa: E731
    table = cosine_table({"a": make(1, 0), "b": make(0.5, np.sqrt(0.75)), "c": make(0, -1)})
    np.testing.assert_allclose(
        table, [[1, 0.5, 0], [0.5, 1, -np.sqrt(0.75)], [0, -np.sqrt(0.75), 1]], atol=1e-6
    )


def test_principal_axes_are_scikit_learns() -> None:
    codes = np.random.default_rng(0).normal(size=(500, 6)) @ np.diag([5, 4, 3, 2, 1, 0.5])
    found, oracle = principal_axes(codes.astype(np.float32)), PCA().fit(codes)
    np.testing.assert_allclose(np.abs((found.axes * oracle.components_).sum(axis=1)), 1, atol=1e-4)
    np.testing.assert_allclose(found.sigmas, np.sqrt(oracle.explained_variance_), rtol=1e-3)
    assert (found.axes[np.arange(6), np.abs(found.axes).argmax(axis=1)] > 0).all()


def test_unused_dimensions_come_last() -> None:
    codes = np.random.default_rng(0).normal(size=(2000, 4)) * [0.05, 1, 0.5, 1e-6]
    for unit_prior, n_active in ((True, 2), (False, 3)):
        found = dimension_activity(codes.astype(np.float32), unit_prior=unit_prior)
        assert found.order.tolist() == [1, 2, 0, 3] and found.n_active == n_active
    np.testing.assert_allclose(found.sigma, codes.std(axis=0), rtol=1e-4)


def labelled(n: int = 3000, seed: int = 0) -> tuple[np.ndarray, pd.DataFrame]:
    """Codes whose first axis is glasses, second woman (correlated), third a number."""
    rng = np.random.default_rng(seed)
    woman = rng.random(n) < 0.5
    glasses = rng.random(n) < np.where(woman, 0.2, 0.8)
    age = rng.normal(40, 10, n)
    codes = rng.normal(size=(n, 6)) * 0.5
    codes[:, 0] += glasses * 3
    codes[:, 1] += woman * 3
    codes[:, 2] += (age - 40) / 10
    kinds = np.where(glasses, rng.choice(["round", "sun"], n), "none")
    return codes.astype(np.float32), pd.DataFrame({"woman": woman, "glasses": kinds, "age": age})


TRAIN, HELD_OUT = np.arange(2400), np.arange(2400, 3000)


def test_probes_read_what_is_there() -> None:
    codes, attributes = labelled()
    probes = fit_probes(codes, attributes, TRAIN, HELD_OUT)
    assert probes.names == ("woman", "glasses", "age")
    read = probes.read(codes[HELD_OUT])
    assert roc_auc_score(attributes.woman[HELD_OUT], read[:, 0]) == pytest.approx(probes.quality[0])
    assert probes.quality[0] > 0.98
    assert r2_score(attributes.age[HELD_OUT], read[:, 2]) == pytest.approx(probes.quality[2])
    # Bayes: the number's noise has a quarter of its variance, so R^2 is 1 / (1 + 0.25)
    assert probes.quality[2] == pytest.approx(0.8, abs=0.03)
    # probabilities are calibrated: their mean is the share
    assert read[:, 0].mean() == pytest.approx(attributes.woman[HELD_OUT].mean(), abs=0.03)


def test_what_cannot_be_learned_is_left_out_and_missing_values_do_not_hurt() -> None:
    codes, attributes = labelled()
    attributes = attributes.assign(
        always=True, rare=np.arange(3000) < 2, name=[f"n{i}" for i in range(3000)], empty=np.nan
    )
    attributes.loc[::3, "age"] = np.nan
    probes = fit_probes(codes, attributes, TRAIN, HELD_OUT)
    assert probes.names == ("woman", "glasses", "age")
    assert np.isfinite(probes.weights).all() and probes.quality[2] > 0.7
    with pytest.raises(LatentInputError, match="nothing to read"):
        fit_probes(codes, attributes[["always", "name"]], TRAIN, HELD_OUT)


def test_side_effects_show_what_is_carried_along() -> None:
    codes, attributes = labelled()
    probes = fit_probes(codes, attributes, TRAIN, HELD_OUT)
    glasses, woman = attributes.glasses != "none", attributes.woman
    plain = mean_difference(codes[glasses], codes[~glasses])
    keep = linear_probe(codes[woman], codes[~woman])
    clean = conditional(plain, [keep], codes)
    of = dict(zip(probes.names, side_effects_in_codes(plain, codes, probes), strict=True))
    then = dict(zip(probes.names, side_effects_in_codes(clean, codes, probes), strict=True))
    assert of["woman"] < -0.3  # the plain direction makes men
    assert abs(then["woman"]) < 0.1 * abs(of["woman"])
    assert then["glasses"] > 0.8
    # oracle: move codes by one sigma and see what the read-outs do
    sigma = (codes @ plain.unit).std()
    moved = probes.scores(codes + sigma * plain.unit) - probes.scores(codes)
    np.testing.assert_allclose(list(of.values()), moved.mean(axis=0) / probes.sigmas, rtol=1e-3)


def test_side_effects_after_a_perfect_round_trip_are_those_in_codes() -> None:
    codes, attributes = labelled()
    probes = fit_probes(codes, attributes, TRAIN, HELD_OUT)
    direction = principal_direction = mean_difference(codes[:100], codes[100:])
    expected = side_effects_in_codes(direction, codes, probes)
    there = side_effects_in_pictures(direction, codes[:50], codes, probes, lambda z: z)
    np.testing.assert_allclose(there, expected, rtol=1e-4, atol=1e-6)
    # a codec that forgets everything has no effects at all
    none = side_effects_in_pictures(principal_direction, codes[:50], codes, probes, lambda z: z * 0)
    np.testing.assert_allclose(none, 0)


@pytest.mark.parametrize("estimate", [mean_difference, linear_probe])
@pytest.mark.parametrize(
    ("with_it", "without", "message"),
    [
        (np.zeros((0, 3)), np.zeros((2, 3)), "with items in it"),
        (np.zeros((2, 3)), np.zeros((0, 3)), "with items in it"),
        (np.full((2, 3), np.nan), np.zeros((2, 3)), "NaN"),
        (np.zeros((2, 3)), np.zeros((2, 4)), "same checkpoint"),
        (np.ones((4, 3)), np.ones((3, 3)), "do not differ"),
    ],
)
def test_bad_groups_are_named(estimate, with_it, without, message: str) -> None:
    with pytest.raises(LatentInputError, match=message):
        estimate(with_it.astype("f4"), without.astype("f4"))


def test_nothing_left_is_said() -> None:
    first = mean_difference(*two_groups(unit(1), n=100))
    with pytest.raises(LatentInputError, match="nothing is left"):
        conditional(first, [first], two_groups(unit(1), n=10)[0])


HALF_LOADED = """
import sys, types
sys.modules["torch"] = types.ModuleType("torch")  # as another thread's import leaves it for a while
import numpy as np
from ae_core.steering.directions import expected_random_cosine
from ae_core.steering.probes import auc
expected_random_cosine(32)
assert auc(np.array([0.1, 0.9, 0.5]), np.array([False, True, False])) == 1
"""


def test_torch_may_be_half_loaded_meanwhile() -> None:
    """scipy.stats looks into whatever torch there is; the first pages come while it is imported."""
    subprocess.run([sys.executable, "-c", HALF_LOADED], check=True, cwd=project_root())
