"""A number becomes a category and a number again; what cannot be said stays as it is."""

import numpy as np
import pandas as pd
import pytest

from ae_core.data.attribute_columns import column_of
from ae_core.data.attribute_kinds import other_kind, set_kind
from ae_core.data.catalogue import attributes_stamp, load_data_set
from ae_core.data.item_search import select_items
from ae_core.data.items import Picture
from ae_core.data.store import make_data_set, write_data_set
from ae_core.errors import DataError
from ae_core.locations import data_dir

N = 30
TABLE = pd.DataFrame(
    {
        "person": np.arange(N) % 15 + 1,
        "visit": np.where(np.arange(N) % 3 == 0, np.nan, np.arange(N) % 4),
        "height": np.linspace(1.5, 2.0, N),
        "class": ["2", "10", "1"] * (N // 3),
        "name": ["a", "b", "3"] * (N // 3),
        "glasses": np.arange(N) % 2 == 0,
    }
)


@pytest.fixture(autouse=True)
def mine() -> None:
    items = np.zeros((N, 1, 8, 8), np.uint8)
    write_data_set(
        data_dir() / "mine", make_data_set("mine", items, Picture.of(items), TABLE, title="Mine")
    )


def kept(name: str) -> "pd.Series":
    return load_data_set("mine").attributes[name]


def test_what_each_attribute_can_be_made() -> None:
    kinds = {name: other_kind(TABLE[name]) for name in TABLE}
    assert kinds == {
        "person": "category", "visit": "category", "height": "category", "class": "number",
        "name": None, "glasses": None,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["person", "visit", "height"])
def test_a_number_becomes_a_category_and_comes_back(name: str) -> None:
    set_kind("mine", name, "category")
    column = column_of(kept(name))
    assert column.kind == "category"
    assert kept(name).isna().equals(TABLE[name].isna())
    set_kind("mine", name, "number")
    pd.testing.assert_series_equal(kept(name), TABLE[name], check_dtype=False)


def test_whole_numbers_are_labels_without_a_point_and_in_their_order() -> None:
    set_kind("mine", "visit", "category")
    assert column_of(kept("visit")).names == ("0", "1", "2", "3")
    set_kind("mine", "person", "category")
    attributes = load_data_set("mine").attributes
    assert list(select_items("person = 3", attributes)) == [2, 17]


def test_other_attributes_and_the_items_stay_and_the_change_can_be_seen() -> None:
    before, stamp = load_data_set("mine"), attributes_stamp("mine")
    set_kind("mine", "person", "category")
    after = load_data_set("mine")
    assert after.about == before.about and attributes_stamp("mine") != stamp
    others = [name for name in TABLE if name != "person"]
    pd.testing.assert_frame_equal(after.attributes[others], TABLE[others])


@pytest.mark.parametrize(
    ("data", "name", "kind", "words"),
    [
        ("digits", "digit", "number", "comes with Zoetrope"),
        ("mine", "gone", "category", "no attribute 'gone'"),
        ("mine", "name", "number", "texts that are no numbers"),
    ],
)
def test_what_cannot_be_changed_is_said(data: str, name: str, kind: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        set_kind(data, name, kind)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(load_data_set("mine").attributes, TABLE)
