"""NumPy in, NumPy out: the same as tensors through the codec, and refusals in words."""

import numpy as np
import pytest
import torch

from ae_core import notebook
from ae_core.codecs.checkpoints import find_checkpoint, load_codec
from ae_core.codecs.codes import codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.data.item_search import GroupError
from ae_core.errors import CheckpointError, DataError, LatentInputError
from tests.core.codecs.test_checkpoints import save_dense
from tests.pictures import as_floats


@pytest.fixture
def model() -> notebook.Model:
    save_dense()
    return notebook.open_model("mine")


@pytest.fixture
def data() -> notebook.Data:
    return notebook.open_data("digits")


def test_it_gives_what_tensors_through_the_codec_give(
    model: notebook.Model, data: notebook.Data
) -> None:
    codec = load_codec(find_checkpoint("mine"))
    floats = as_floats(data.items[:700])
    codes = codec.encode(floats)
    np.testing.assert_allclose(model.encode(data.items[:700]), codes.numpy(), atol=1e-6)
    expected = (codec.decode(codes) * 255).round().to(torch.uint8).numpy()
    found = model.decode(codes.numpy())
    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - expected).max() <= 1  # one grey level, by rounding
    assert np.array_equal(
        model.codes(data), codes_for(find_checkpoint("mine"), load_data_set("digits"))
    )


def test_rows_of_a_table_go_through_as_well() -> None:
    wine = notebook.open_data("wine")
    assert wine.items.dtype == np.float32
    assert set(wine.attributes["class"][wine.rows("class = class_1")]) == {"class_1"}


def test_walking_and_directions_are_those_of_the_pages(
    model: notebook.Model, data: notebook.Data
) -> None:
    codes = model.codes(data)
    path = notebook.walk(codes[0], codes[1], n_steps=5)
    np.testing.assert_allclose(path[2], (codes[0] + codes[1]) / 2, atol=1e-6)
    arc = notebook.walk(codes[0], codes[1], n_steps=5, along="arc")
    np.testing.assert_array_equal(arc[[0, -1]], path[[0, -1]])
    ones, sevens = codes[data.rows("digit = 1")], codes[data.rows("digit = 7")]
    found = notebook.direction(sevens, ones)
    difference = sevens.mean(axis=0) - ones.mean(axis=0)
    np.testing.assert_allclose(found.step * found.unit, difference, atol=1e-4)
    probe = notebook.direction(sevens, ones, by="probe")
    assert probe.unit @ found.unit > 0


@pytest.mark.parametrize(
    "items",
    [np.zeros((2, 8, 8), np.uint8), np.zeros((2, 1, 8, 8), np.float32), np.zeros((1, 8, 8))],
)
def test_items_in_another_form_are_refused_with_the_form_that_is_wanted(
    model: notebook.Model, items: np.ndarray
) -> None:
    with pytest.raises(LatentInputError, match=r"must be uint8 \(N, 1, 8, 8\).*channels first"):
        model.encode(items)


@pytest.mark.parametrize("codes", [np.zeros(6), np.zeros((2, 5)), np.full((1, 6), np.nan)])
def test_what_is_no_code_is_refused(model: notebook.Model, codes: np.ndarray) -> None:
    with pytest.raises(LatentInputError, match=r"of shape \(N, 6\).*codes\[None\]"):
        model.decode(codes)


def test_what_is_not_there_is_named(data: notebook.Data) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint 'gone'"):
        notebook.open_model("gone")
    with pytest.raises(DataError, match="no data set 'gone'"):
        notebook.open_data("gone")
    with pytest.raises(GroupError):
        data.rows("hat")
