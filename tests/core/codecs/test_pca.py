"""PCA as a codec, against scikit-learn and the definition."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from ae_core.codecs.pca import PcaCodec, fit_pca
from ae_core.data.catalogue import load_data_set
from ae_core.data.items import Picture
from ae_core.errors import DataError, LatentInputError
from tests.pictures import as_floats, data_set_of


def low_rank_pictures(n_items: int, shape: tuple[int, int, int], rank: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(n_items, rank)) * np.geomspace(1, 0.2, rank)
    axes = rng.normal(size=(rank, int(np.prod(shape))))
    flat = 128 + 12 * scores @ axes / np.sqrt(rank)
    return flat.clip(0, 255).round().astype(np.uint8).reshape(n_items, *shape)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    patch = pytest.MonkeyPatch()
    patch.setenv("ZOETROPE_HOME", str(tmp_path_factory.mktemp("pca")))
    items = np.array(load_data_set("digits").items)
    patch.undo()
    return items


def reference(items: np.ndarray, n_axes: int) -> tuple[PCA, np.ndarray]:
    flat = items.reshape(len(items), -1) / 255
    return PCA(n_axes, svd_solver="full").fit(flat), flat


def test_equals_scikit_learn_exactly_solved(digits: np.ndarray) -> None:
    codec = fit_pca(data_set_of(digits), np.arange(len(digits)), 10)
    pca, flat = reference(digits, 10)
    signs = np.sign((codec.components.numpy() * pca.components_).sum(1))
    codes = codec.encode(as_floats(digits)).numpy()
    np.testing.assert_allclose(codes, pca.transform(flat) * signs, atol=2e-5)
    np.testing.assert_allclose(codec.variances.numpy(), pca.explained_variance_, rtol=1e-5)
    assert float(codec.total_variance) == pytest.approx(flat.var(0, ddof=1).sum(), rel=1e-5)


def test_equals_scikit_learn_by_subspace_iteration() -> None:
    items = low_rank_pictures(400, (3, 24, 24), 20)  # 1,728 pixels: above the exact solver's limit
    codec = fit_pca(data_set_of(items), np.arange(400), 8)
    pca, _ = reference(items, 8)
    cosines = np.abs((codec.components.numpy() * pca.components_).sum(1))
    assert cosines.min() > 0.999
    np.testing.assert_allclose(codec.variances.numpy(), pca.explained_variance_, rtol=1e-3)


def test_decode_undoes_encode_with_all_axes(digits: np.ndarray) -> None:
    codec = fit_pca(data_set_of(digits), np.arange(len(digits)), 64)
    items = as_floats(digits[:50])
    torch.testing.assert_close(codec.reconstruct(items), items, atol=1e-5, rtol=0)


def test_decoded_pictures_stay_in_range(digits: np.ndarray) -> None:
    codec = fit_pca(data_set_of(digits), np.arange(len(digits)), 4)
    decoded = codec.decode(torch.full((3, 4), 50.0))
    assert float(decoded.min()) >= 0 and float(decoded.max()) <= 1


def test_fewer_axes_are_the_leading_ones(digits: np.ndarray) -> None:
    every = np.arange(len(digits))
    cut = fit_pca(data_set_of(digits), every, 12).truncated(5)
    torch.testing.assert_close(cut.components, fit_pca(data_set_of(digits), every, 5).components)
    assert cut.latent_dim == 5


def test_fits_on_the_given_rows_only(digits: np.ndarray) -> None:
    codec = fit_pca(data_set_of(digits), np.arange(0, 900), 3)
    np.testing.assert_allclose(
        codec.mean.numpy(), digits[:900].reshape(900, -1).mean(0) / 255, atol=1e-6
    )


def test_too_few_items_are_refused(digits: np.ndarray) -> None:
    with pytest.raises(DataError, match="more than 10 items; got 10"):
        fit_pca(data_set_of(digits), np.arange(10), 10)


def test_more_axes_than_pixels_or_fitted_are_refused() -> None:
    with pytest.raises(LatentInputError, match="1 to 64"):
        PcaCodec(Picture(size=(1, 8, 8)), 65)
    with pytest.raises(LatentInputError, match="more than the 5 fitted"):
        PcaCodec(Picture(size=(1, 8, 8)), 5).truncated(6)
