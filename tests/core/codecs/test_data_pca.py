"""PCA of a data set: there for any data, fitted once, found by its name."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from ae_core import long_work
from ae_core.codecs.checkpoints import load_codec, save_checkpoint
from ae_core.codecs.codes import codes_for
from ae_core.codecs.config import CheckpointConfig
from ae_core.codecs.data_pca import (
    MOST_AXES,
    data_of,
    data_pca,
    data_pca_name,
    find_codec,
    kept_data_pca,
    n_axes,
)
from ae_core.codecs.partner import pca_partner
from ae_core.config import check_name
from ae_core.data.catalogue import load_data_set
from ae_core.data.items import Picture
from ae_core.data.store import make_data_set, write_data_set
from ae_core.errors import ConfigError, DataError
from ae_core.locations import checkpoints_dir, data_dir
from tests.core.codecs.test_checkpoints import save_dense


def add_pictures(name: str, n_items: int, side: int = 4) -> None:
    import pandas as pd

    no_attributes = pd.DataFrame(index=range(n_items))
    items = np.random.default_rng(n_items).integers(0, 256, (n_items, 1, side, side), np.uint8)
    made = make_data_set(name, items, Picture.of(items), no_attributes, title=name)
    write_data_set(data_dir() / name, made)


@pytest.mark.parametrize("data", ["digits", "wine"])  # pictures, rows
def test_its_codes_are_scikit_learns(data: str) -> None:
    data_set = load_data_set(data)
    train, _ = data_set.split()
    floats = data_set.about.item.floats(np.array(data_set.items)).flatten(1).numpy()
    checkpoint = data_pca(data)
    size = checkpoint.config.latent_dim
    assert size == min(MOST_AXES, floats.shape[1] // 2)
    expected = PCA(size, svd_solver="full").fit(floats[train]).transform(floats)
    found = codes_for(checkpoint, data_set)
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found * signs, expected, atol=1e-3)


@pytest.mark.parametrize(("n_numbers", "size"), [(1, 1), (2, 2), (3, 2), (13, 6), (12288, 32)])
def test_a_code_is_shorter_than_an_item_and_has_a_map(n_numbers: int, size: int) -> None:
    assert n_axes(n_numbers) == size


def test_it_is_fitted_once_and_anew_when_the_items_are_others() -> None:
    assert kept_data_pca("digits") is None
    made = data_pca("digits")
    assert kept_data_pca("digits") == find_codec("pca@digits") == made
    assert made.name == data_pca_name("digits") and made.summary().endswith("on digits")
    add_pictures("mine", 40)
    first = data_pca("mine")
    (data_dir() / "mine").rename(data_dir() / ".away")
    add_pictures("mine", 50)
    assert kept_data_pca("mine") is None
    assert data_pca("mine").fingerprint != first.fingerprint


def test_a_model_of_the_same_code_size_has_it_for_its_partner() -> None:
    save_dense()
    model = find_codec("mine")
    config = model.config.model_copy(update={"latent_dim": MOST_AXES, "codec": "pca"})
    wide = CheckpointConfig.model_validate({**config.model_dump(), "model": None, "name": "wide"})
    fitted = data_pca("digits")
    save_checkpoint(checkpoints_dir() / "wide", wide, load_codec(fitted))
    assert pca_partner(model, latent_dim=MOST_AXES).folder == fitted.folder


def test_there_are_fewer_axes_where_there_are_few_items() -> None:
    add_pictures("few", 8)
    n_fitted = len(load_data_set("few").split()[0])
    assert data_pca("few").config.latent_dim == n_fitted - 1


def test_too_few_items_are_said() -> None:
    add_pictures("two", 2)
    with pytest.raises(DataError, match="at least 2 items to fit on; data set 'two' has 1"):
        data_pca("two")


def test_data_that_is_not_there_is_said() -> None:
    with pytest.raises(DataError, match="no data set 'gone'"):
        find_codec("pca@gone")


def test_no_checkpoint_can_have_its_name() -> None:
    assert data_of(data_pca_name("a.b-c")) == "a.b-c" and data_of("faces-pca") is None
    with pytest.raises(ConfigError):
        check_name(data_pca_name("digits"))


def test_the_task_fits_it() -> None:
    steps: list[float] = []
    long_work.find_work("fit-pca")(lambda _, share: steps.append(share), data="digits")
    assert kept_data_pca("digits") is not None
    assert steps == sorted(steps) and 0 < steps[-1] <= 1
