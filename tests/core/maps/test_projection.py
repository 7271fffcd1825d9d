"""Maps: PCA against scikit-learn, keys that cover every input, refusals that help."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from ae_core.errors import ProjectionError
from ae_core.maps import projection
from ae_core.maps import umap as umap_method
from ae_core.maps.joining import join_map
from ae_core.maps.map import Map, load_map, points_folder, save_map
from ae_core.maps.plane import fit_plane, strip_heights
from ae_core.maps.projection import (
    ProjectionSettings,
    fingerprint_of,
    project,
    projection_key,
)
from ae_core.processes.progress import CancelledError


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOETROPE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def codes():
    return (load_digits().data / 16).astype(np.float32)


@pytest.mark.parametrize("n_components", [2, 3])
def test_pca_points_equal_scikit_learns_up_to_sign(codes, n_components):
    ours = project(codes, ProjectionSettings(n_components=n_components))
    theirs = PCA(n_components, svd_solver="full").fit_transform(codes.astype(np.float64))
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours * signs, theirs, atol=1e-4)


def test_pca_shares_of_variance_equal_scikit_learns(codes):
    theirs = PCA(2).fit(codes.astype(np.float64)).explained_variance_ratio_
    np.testing.assert_allclose(fit_plane(codes, 2).shares, theirs, rtol=1e-5)


def test_a_point_of_a_pca_map_comes_back_from_its_code(codes):
    linear = fit_plane(codes, 2)
    points = np.array([[0.3, -1.2], [2.0, 0.5]], np.float32)
    np.testing.assert_allclose(linear.points(linear.mean + points @ linear.axes), points, atol=1e-5)


def test_a_kept_map_comes_back_with_its_plane(codes):
    made = projection.make_map(codes, ProjectionSettings(), lambda message, fraction: None)
    save_map("k", made)
    kept = load_map("k")
    assert kept is not None and kept.plane is not None and made.plane is not None
    np.testing.assert_array_equal(kept.points, made.points)
    np.testing.assert_array_equal(kept.plane.axes, made.plane.axes)


def test_a_damaged_map_counts_as_none(codes):
    save_map("k", projection.make_map(codes, ProjectionSettings(), lambda message, fraction: None))
    path = points_folder() / "k.npy"
    path.write_bytes(path.read_bytes()[:-100])
    assert load_map("k") is None


def test_tsne_keeps_neighbours_and_repeats_itself(codes):
    settings = ProjectionSettings(method="tsne", n_iterations=250)
    few, seen = codes[:600], []
    first = projection.make_map(few, settings, lambda m, f: None, seen.append)
    second = projection.make_map(few, settings, lambda m, f: None)
    np.testing.assert_array_equal(first.points, second.points)
    assert trustworthiness(few, first.points, n_neighbors=15) > 0.95
    assert len(seen) == (250 + 250) / 25


def test_tsne_stops_when_progress_raises(codes):
    def stop_at_half(message, fraction):
        if fraction > 0.5:
            raise CancelledError

    with pytest.raises(CancelledError):
        project(codes[:300], ProjectionSettings(method="tsne"), stop_at_half)
    assert not list(points_folder().glob("*.npy"))


KEY_CHANGES = [
    {"method": "tsne"},
    {"n_components": 3},
    {"seed": 1},
    {"n_neighbours": 16},
    {"min_dist": 0.2},
    {"max_fitted": 5000},
]


@pytest.mark.parametrize("change", KEY_CHANGES, ids=lambda change: next(iter(change)))
def test_each_setting_changes_the_key(change):
    umap = {"method": "umap"}
    before = projection_key("codes", ProjectionSettings(**umap))
    assert projection_key("codes", ProjectionSettings(**{**umap, **change})) != before


def test_codes_and_library_versions_change_the_key(monkeypatch):
    settings = ProjectionSettings(method="umap")
    before = projection_key("codes", settings)
    assert projection_key("other codes", settings) != before
    monkeypatch.setattr(projection, "version", lambda name: "0")
    assert projection_key("codes", settings) != before


def test_settings_of_another_method_do_not_change_the_key():
    umap = projection_key("codes", ProjectionSettings(method="umap"))
    assert projection_key("codes", ProjectionSettings(method="umap", perplexity=5)) == umap


def test_content_shape_and_type_change_the_fingerprint():
    zeros = np.zeros((4, 2), np.float32)
    ones = zeros.copy()
    ones[3, 1] = 1
    variants = [zeros, ones, zeros.reshape(2, 4), zeros.view(np.int32)]
    assert len({fingerprint_of(v) for v in variants}) == 4


def test_new_codes_join_beside_their_neighbours(codes):
    points = fit_plane(codes, 2).points(codes)
    joined = join_map(codes[:50], codes, points)
    assert np.median(np.linalg.norm(joined - points[:50], axis=1)) < 0.25 * points.std()


def test_items_beyond_the_fitted_ones_join_the_map():
    codes = np.random.default_rng(0).normal(size=(1200, 4)).astype(np.float32)
    settings = ProjectionSettings(method="tsne", max_fitted=1000, n_iterations=50)
    made = projection.make_map(codes, settings, lambda message, fraction: None)
    assert made.about["n_fitted"] == 1000
    assert made.points.shape == (1200, 2) and np.isfinite(made.points).all()


@pytest.mark.parametrize("n_components", [2, 3])
@pytest.mark.parametrize("latent_dim", [1, 2])
def test_short_codes_have_pca_maps_that_give_them_back(latent_dim, n_components):
    codes = np.random.default_rng(0).gamma(2, size=(500, latent_dim)).astype(np.float32)
    made = projection.make_map(codes, ProjectionSettings(n_components=n_components))
    assert made.points.shape == (500, n_components) and np.isfinite(made.points).all()
    back = made.plane.mean + made.points @ made.plane.axes
    np.testing.assert_allclose(back, codes, atol=1e-5)


@pytest.mark.parametrize("method", ["tsne", "umap"])
@pytest.mark.filterwarnings("ignore:Tensorflow not installed")  # the library's own, at import
def test_codes_of_one_number_have_the_other_maps_too(method):
    codes = np.random.default_rng(0).normal(size=(80, 1)).astype(np.float32)
    settings = ProjectionSettings(method=method, n_iterations=50)
    points = projection.make_map(codes, settings).points
    assert points.shape == (80, 2) and np.isfinite(points).all()


def test_a_strip_is_thick_where_items_are_many():
    values = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    heights = strip_heights(values)
    assert np.abs(heights).max() <= 0.15 * (values.max() - values.min()) + 1e-6
    for value in (-2.0, -1.0, 1.0, 2.0):
        near = np.abs(values - value) < 0.1
        thick, middle = np.abs(heights[near]).max(), np.abs(heights[np.abs(values) < 0.1]).max()
        assert thick / middle == pytest.approx(np.exp(-(value**2) / 2), rel=0.25)


def test_a_strip_of_equal_values_has_no_two_equal_points():
    heights = strip_heights(np.full(50, 3.0, np.float32))
    assert len(set(heights.tolist())) == 50 and np.abs(heights).max() <= 1


BAD = [
    ({"method": "tsne"}, np.full((60, 4), 0.3, np.float32), "All 60 codes are equal.*PCA"),
    ({"method": "umap"}, np.zeros((30, 4), np.float32), "All 30 codes are equal.*PCA"),
    ({}, np.zeros((2, 4), np.float32), "encode more items"),
    ({}, np.zeros((30, 4, 4), np.float32), "flatten"),
    ({}, np.full((30, 4), np.nan, np.float32), "finite"),
]


@pytest.mark.parametrize(("settings", "codes", "message"), BAD)
def test_impossible_maps_are_refused_with_a_remedy(settings, codes, message):
    with pytest.raises(ProjectionError, match=message):
        project(codes, ProjectionSettings(**settings))


@pytest.mark.parametrize("n_components", [2, 3])
@pytest.mark.parametrize("n_items", [5, 8, 20])
@pytest.mark.parametrize(
    ("method", "lowered"),
    [("tsne", {"perplexity": (5 - 1) / 3}), ("umap", {"n_neighbours": 4})],
)
@pytest.mark.filterwarnings("ignore:Tensorflow not installed")  # the library's own, at import
def test_few_codes_make_a_map_with_fewer_neighbours(method, lowered, n_items, n_components):
    codes = np.random.default_rng(0).normal(size=(n_items, 6)).astype(np.float32)
    settings = ProjectionSettings(method=method, n_components=n_components, n_iterations=50)
    made = projection.make_map(codes, settings, lambda message, fraction: None)
    assert made.points.shape == (n_items, n_components) and np.isfinite(made.points).all()
    assert set(made.about["lowered"]) == (
        set(lowered) if n_items < 16 or method == "tsne" else set()
    )
    if n_items == 5:
        assert made.about["lowered"] == pytest.approx(lowered)


def test_a_place_that_is_none_is_an_error(monkeypatch):
    lost = np.zeros((60, 2), np.float32)
    lost[7, 1] = np.nan
    lost_map = replace(projection.METHODS["umap"], fit=lambda *_: Map(lost))
    monkeypatch.setitem(projection.METHODS, "umap", lost_map)
    codes = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    with pytest.raises(ProjectionError, match="no place for 1 of 60"):
        projection.make_map(codes, ProjectionSettings(method="umap"), lambda *_: None)


@pytest.mark.parametrize("all_pairs", [True, False])
@pytest.mark.filterwarnings("ignore:Tensorflow not installed")  # the library's own, at import
def test_umap_gets_the_nearest_codes_and_their_distances(
    all_pairs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    monkeypatch.setattr(umap_method, "ALL_PAIRS_UP_TO", 400**2 * 22 - (not all_pairs))
    rows, distances = umap_method.umap_neighbours(codes, 15, seed=0)
    every = np.linalg.norm(codes[:, None] - codes[None], axis=2)
    nearest = np.argsort(every, axis=1)[:, :15]
    assert rows.dtype == np.int32 and distances.dtype == np.float32
    shared = np.mean([len({*a} & {*b}) / 15 for a, b in zip(rows, nearest, strict=True)])
    assert shared == 1 if all_pairs else shared > 0.95
    np.testing.assert_allclose(distances, np.take_along_axis(every, rows, 1), atol=1e-3)


@pytest.mark.filterwarnings("ignore:Tensorflow not installed")  # the library's own, at import
def test_umap_is_not_given_a_read_only_array(monkeypatch: pytest.MonkeyPatch) -> None:
    """To numba that is another type: it would compile everything again, in front of the user."""
    import umap

    seen: list[bool] = []

    class Recorder:
        def __init__(self, **settings: object) -> None:
            del settings

        def fit_transform(self, codes: np.ndarray) -> np.ndarray:
            seen.append(codes.flags.writeable)
            return codes[:, :2]

    monkeypatch.setattr(umap, "UMAP", Recorder)
    codes = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    codes.flags.writeable = False
    projection.make_map(codes, ProjectionSettings(method="umap"), lambda message, share: None)
    assert seen == [True]
