"""Kinds of item: their forms fit each other, and rows come back in the user's units."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ae_core.config import ModelConfig
from ae_core.data.catalogue import load_data_set
from ae_core.data.items import Column, Picture, Row, rows_of_table
from ae_core.data.items.bars import draw_bars
from ae_core.errors import ConfigError, DataError
from ae_core.models.composition import check_composition
from ae_core.models.presets import PRESETS, presets_for

RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "height": RANDOM.normal(170.0, 10.0, 60),
        "town": RANDOM.choice(["Bonn", "Ulm", "Jena"], 60),
        "income": RANDOM.lognormal(10, 1, 60),
        "member": RANDOM.random(60) < 0.3,
    }
)
FITTED = np.arange(50)
ROW, ITEMS = rows_of_table(TABLE, FITTED)
PICTURES = RANDOM.integers(0, 256, (5, 3, 12, 20), dtype=np.uint8)


def test_a_table_is_standardised_and_one_hot_as_scikit_learn_does_it() -> None:
    numbers = TABLE[["height", "income"]].to_numpy()
    scaled = StandardScaler().fit(numbers[FITTED]).transform(numbers)
    np.testing.assert_allclose(ITEMS[:, [0, 4]], scaled, rtol=1e-5, atol=1e-6)
    towns = OneHotEncoder(sparse_output=False).fit_transform(TABLE[["town"]])
    np.testing.assert_array_equal(ITEMS[:, 1:4], towns)
    assert ROW.shape == (7,) and ROW.words() == "4 columns"


def test_rows_come_back_in_the_users_units() -> None:
    values = ROW.wire_values(ROW.floats(ITEMS)).numpy()
    np.testing.assert_allclose(values[:, 0], TABLE["height"], rtol=1e-6)
    np.testing.assert_allclose(values[:, 4], TABLE["income"], rtol=1e-5)
    named = dict(ROW.values(ITEMS[7]))
    assert named["town"] == TABLE["town"][7] and named["member"] == str(TABLE["member"][7])
    assert float(named["height"]) == pytest.approx(TABLE["height"][7], rel=1e-5)


@pytest.mark.parametrize(
    ("item", "items"), [(ROW, ITEMS), (Picture.of(PICTURES), PICTURES)], ids=["row", "picture"]
)
def test_every_form_gives_the_others_back(item: Row | Picture, items: np.ndarray) -> None:
    floats = item.floats(items)
    assert floats.shape == (len(items), *item.shape) and floats.dtype == torch.float32
    np.testing.assert_allclose(item.stored(floats), items, atol=1e-6)
    torch.testing.assert_close(
        item.floats_of_wire(item.wire_values(floats)), floats, atol=1e-4, rtol=1e-4
    )
    assert type(item).model_validate_json(item.model_dump_json()) == item


@pytest.mark.parametrize(
    ("item", "items"), [(ROW, ITEMS), (Picture.of(PICTURES), PICTURES)], ids=["row", "picture"]
)
def test_unlink_is_undone_by_link(item: Row | Picture, items: np.ndarray) -> None:
    mean = item.floats(items).mean(0)
    torch.testing.assert_close(item.link(item.unlink(mean)[None])[0], mean, atol=1e-3, rtol=0)


def test_a_category_s_decoded_values_are_shares() -> None:
    outputs = torch.randn(9, 7, generator=torch.Generator().manual_seed(0))
    shares = ROW.link(outputs)
    torch.testing.assert_close(shares[:, 1:4].sum(1), torch.ones(9))
    assert torch.equal(shares[:, [0, 4]], outputs[:, [0, 4]])  # numbers as they are


def test_errors_of_columns_are_in_their_own_units() -> None:
    squares = np.array([0.25, 0.1, 0.2, 0.3, 1.0, 0.0, 0.0])
    errors = {error.name: error for error in ROW.named_errors(squares)}
    assert errors["height"].share == pytest.approx(0.5)
    deviation = TABLE["height"][FITTED].std(ddof=0)
    assert float(errors["height"].words) == pytest.approx(0.5 * deviation, rel=1e-2)
    assert errors["town"].share == pytest.approx(np.sqrt(0.2))
    assert Picture.of(PICTURES).named_errors(np.zeros((3, 12, 20))) == []


def test_a_constant_column_is_only_centred() -> None:
    row, items = rows_of_table(pd.DataFrame({"one": [3.0] * 30}), np.arange(30))
    assert not items.any() and row.columns[0].scale == 1.0


@pytest.mark.parametrize(
    ("column", "words"), [([1.0, None, 2.0], "missing"), ([1.0, np.inf, 2.0], "infinite")]
)
def test_what_cannot_be_a_row_is_refused_by_column(column: list[float], words: str) -> None:
    with pytest.raises(DataError, match=f"`odd` has.*{words}"):
        rows_of_table(pd.DataFrame({"odd": column}), np.arange(3))


def test_columns_have_different_names() -> None:
    with pytest.raises(ValueError, match="different names"):
        Row(columns=(Column(name="a"), Column(name="a")))


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"architecture": "convolutional"}, "architecture"),
        ({"loss": "bce"}, "loss"),
        ({"corruption": "blur"}, "corruption"),
    ],
)
def test_parts_that_do_not_suit_rows_are_refused(settings: dict[str, str], part: str) -> None:
    with pytest.raises(ConfigError, match=f"`{part}` .* does not suit items of 4 columns: choose"):
        check_composition(ModelConfig.model_validate(settings), ROW)


def test_every_preset_suits_the_items_it_is_made_for() -> None:
    items = (ROW, Picture(size=(1, 32, 32)))
    assert set().union(*(presets_for(item) for item in items)) == PRESETS.keys()
    for item in items:
        assert item.default_preset in presets_for(item)
        for preset in presets_for(item).values():
            check_composition(preset.model, item)


def test_bars_point_up_and_down_as_high_as_they_are() -> None:
    picture = draw_bars(np.array([[1.0, -0.5, 0.0]]), 32)[0].astype(int)
    is_blue = (picture[2] > picture[0] + 50).sum(0)
    is_orange = (picture[0] > picture[2] + 50).sum(0)
    assert is_blue[5] == pytest.approx(16, abs=1) and not is_orange[5]
    assert is_orange[15] == pytest.approx(8, abs=1) and not is_blue[15]
    assert not is_blue[26] and not is_orange[26]
    assert draw_bars(np.ones((2, 900)), 32).shape == (2, 3, 32, 32)  # more bars than pixels


@pytest.mark.parametrize(("name", "shape"), [("wine", (178, 13)), ("breast-cancer", (569, 30))])
def test_embedded_tables_are_scikit_learns(name: str, shape: tuple[int, int]) -> None:
    from sklearn import datasets

    bunch = {"wine": datasets.load_wine, "breast-cancer": datasets.load_breast_cancer}[name]()
    data_set = load_data_set(name)
    assert data_set.items.shape == shape
    item = data_set.about.item
    values = item.wire_values(item.floats(data_set.items)).numpy()
    np.testing.assert_allclose(values, bunch.data, rtol=1e-4, atol=1e-4)
    assert (data_set.attributes["class"] == bunch.target_names[bunch.target]).all()
    fitted, _ = data_set.split()
    np.testing.assert_allclose(data_set.items[fitted].mean(0), 0, atol=1e-5)
