"""The gauge is calibrated: unseen real items are spread evenly, far codes are at the end."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import kstest

from ae_core.data.catalogue import load_data_set
from ae_core.errors import LatentInputError
from ae_core.locations import cache_dir
from ae_core.steering.support import fit_support, support_for


def blob(n: int, seed: int = 0, dims: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, dims)) * np.linspace(0.2, 2, dims)).astype(np.float32)


TRAIN, HELD_OUT = np.arange(3000), np.arange(3000, 4000)


def test_distance_is_the_mean_over_the_nearest() -> None:
    codes, queries = blob(4000), blob(20, 9)
    support = fit_support(codes, TRAIN, HELD_OUT, n_neighbours=7)
    expected = np.sort(cdist(queries, codes[TRAIN]), axis=1)[:, :7].mean(axis=1)
    np.testing.assert_allclose(support.distance(queries), expected, rtol=1e-3)


def test_calibration_items_fill_0_to_100_evenly() -> None:
    codes = blob(4000)
    percentiles = np.sort(fit_support(codes, TRAIN, HELD_OUT).percentile(codes[HELD_OUT]))
    np.testing.assert_allclose(percentiles, (np.arange(1000) + 0.5) / 10, atol=0.3)


def test_items_it_never_saw_are_uniform() -> None:
    support = fit_support(blob(4000), TRAIN, HELD_OUT)
    percentiles = support.percentile(blob(1500, seed=5))
    # 1000 calibration items leave a sampling error of their own: 0.06 is its 99 % point here
    assert kstest(percentiles / 100, "uniform").statistic < 0.06


def test_far_codes_are_at_the_end_and_farther_is_never_nearer() -> None:
    codes = blob(4000)
    support = fit_support(codes, TRAIN, HELD_OUT)
    outward = codes[3000] / np.linalg.norm(codes[3000]) * np.linspace(5, 60, 12)[:, None]
    percentiles = support.percentile(outward.astype(np.float32))
    assert (np.diff(percentiles) >= 0).all() and percentiles[-1] == 100


def test_thinned_reference_still_calibrated() -> None:
    support = fit_support(blob(4000), TRAIN, HELD_OUT, max_reference=500, max_calibration=400)
    assert len(support.reference) == 500 and len(support.calibration) == 400
    assert abs(support.percentile(blob(2000, seed=7)).mean() - 50) < 5


def test_a_kept_support_is_the_fitted_one_and_a_damaged_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOETROPE_HOME", str(tmp_path))
    digits = load_data_set("digits")
    codes = blob(len(digits.items))
    fitted = fit_support(codes, *digits.split(), max_reference=5_000)
    support_for(codes, digits, "some codes")
    kept = support_for(np.zeros_like(codes), digits, "some codes")  # read: the codes differ
    np.testing.assert_array_equal(kept.reference, fitted.reference)
    np.testing.assert_array_equal(kept.calibration, fitted.calibration)
    assert kept.n_neighbours == fitted.n_neighbours
    (file,) = (cache_dir() / "support").iterdir()
    for damage in (b"", b"not an archive", file.read_bytes()[:5_000]):
        file.write_bytes(damage)
        again = support_for(codes, digits, "some codes")
        np.testing.assert_array_equal(again.calibration, fitted.calibration)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_support(blob(50), np.arange(30), np.arange(20, 50)), "overlap"),
        (lambda: fit_support(blob(50), np.arange(45), np.arange(45, 50)), "10 held-out"),
        (lambda: fit_support(blob(4000), TRAIN, HELD_OUT).percentile(blob(3, dims=5)), "shape"),
        (
            lambda: fit_support(blob(4000), TRAIN, HELD_OUT).percentile(blob(3) * np.nan),
            "reset the sliders",
        ),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(LatentInputError, match=message):
        call()
