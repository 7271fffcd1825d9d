"""Principal axes, against scikit-learn and against the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from ae_core import arrays
from ae_core.arrays import Blocks, principal_axes


def cloud(n_rows: int, n_columns: int, seed: int = 0) -> np.ndarray:
    """A cloud whose axes are told apart: each spreads 0.8 times as much as the one before."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(n_columns, n_columns)))
    spread = 3 * 0.8 ** np.arange(n_columns)
    return ((rng.normal(size=(n_rows, n_columns)) * spread) @ turn + 5).astype(np.float32)


def assert_same_axes(found: np.ndarray, expected: np.ndarray, atol: float) -> None:
    signs = np.sign((found * expected).sum(axis=1))
    np.testing.assert_allclose(found * signs[:, None], expected, atol=atol)


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 300), st.integers(1, 12), st.integers(1, 50), st.integers(0, 99))
def test_exact_axes_are_scikit_learns_however_the_rows_are_cut(
    n_rows: int, n_columns: int, n_each: int, seed: int
) -> None:
    rows = cloud(n_rows, n_columns, seed)
    n_axes = min(n_columns, n_rows - 1)
    blocks = Blocks(lambda start, stop: rows[start:stop], n_rows, n_each)
    found = principal_axes(blocks, n_axes)
    expected = PCA(n_axes, svd_solver="full").fit(rows.astype(np.float64))
    np.testing.assert_allclose(found.variances, expected.explained_variance_, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(
        found.shares, expected.explained_variance_ratio_, rtol=1e-6, atol=1e-10
    )
    np.testing.assert_allclose(found.mean, expected.mean_, rtol=1e-6)


def test_exact_axes_and_spreads_are_scikit_learns() -> None:
    rows = cloud(500, 9)
    found = principal_axes(rows, 9)
    expected = PCA(9, svd_solver="full").fit(rows.astype(np.float64))
    assert_same_axes(found.axes, expected.components_, atol=1e-5)
    np.testing.assert_allclose(found.sigmas, np.sqrt(expected.explained_variance_), rtol=1e-5)


def test_randomised_axes_are_scikit_learns() -> None:
    rows = cloud(400, arrays.EXACT_UP_TO + 76)
    parts: list[tuple[int, int]] = []
    blocks = Blocks(lambda start, stop: rows[start:stop], 400, 64)
    found = principal_axes(blocks, 6, on_part=lambda *part: parts.append(part))
    expected = PCA(6, svd_solver="full").fit(rows.astype(np.float64))
    assert_same_axes(found.axes, expected.components_, atol=1e-3)
    np.testing.assert_allclose(found.variances, expected.explained_variance_, rtol=1e-4)
    np.testing.assert_allclose(found.shares, expected.explained_variance_ratio_, rtol=1e-4)
    assert parts == [(done, arrays.N_PASSES) for done in range(1, arrays.N_PASSES + 1)]


@pytest.mark.parametrize("n_columns", [7, arrays.EXACT_UP_TO + 1])
def test_an_axis_points_to_its_largest_weight(n_columns: int) -> None:
    found = principal_axes(cloud(100, n_columns), 5)
    largest = np.abs(found.axes).argmax(axis=1)
    assert (found.axes[np.arange(5), largest] > 0).all()
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(5), atol=1e-5)


def test_mirrored_rows_have_the_same_axes() -> None:
    rows = cloud(300, 6)
    np.testing.assert_allclose(
        principal_axes(-rows, 3).axes, principal_axes(rows, 3).axes, atol=1e-6
    )


def test_rows_that_are_all_equal_have_no_variance() -> None:
    found = principal_axes(np.full((20, 4), 0.3, np.float32), 2)
    assert found.total_variance < 1e-12
    assert (found.variances < 1e-12).all()
