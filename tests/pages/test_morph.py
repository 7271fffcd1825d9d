"""Morph opens at once, keeps its state in the URL, and says what is wrong."""

import re
from pathlib import Path

import numpy as np
import pytest

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.codecs.codes import codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.steering.paths import MAX_KEYS
from benchmarks.pca_world import add_with_pca
from tests.pages.steering_world import (
    components,
    open_page,
    save_digits_vae,
    stage_of,
    unpacked,
    words,
)


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def test_it_opens_with_two_items_and_both_codecs() -> None:
    app = open_page("morph.py")
    assert not app.exception and not app.error
    assert "Nearest real items" in words(app)
    assert "small" in words(app) and "PCA, 6 axes" in words(app)


@pytest.mark.parametrize("way", ["linear", "spherical", "through the data"])
def test_every_way_works_over_three_keys(way: str) -> None:
    app = open_page("morph.py", {"items": "3,17,40", "way": way})
    assert not app.exception and not app.error
    assert app.segmented_control(key="morph_kind").value == way
    labels = components(app)["morph_keys"]["labels"]
    assert labels == ["Replace item 3", "Replace item 17", "Replace item 40"]
    codes = codes_for(find_checkpoint("small"), load_data_set("digits"))
    path = unpacked(stage_of(app)["panels"][0]["path"])
    np.testing.assert_allclose(path[[0, len(path) // 2, -1]], codes[[3, 17, 40]], atol=1e-6)


@pytest.mark.parametrize(
    ("items", "first", "n_keys"),
    [
        ("", [0], 2),
        ("5", [5], 2),
        ("999999,3", [3], 2),
        ("a,b", [0], 2),
        ("1,2,3,4,5,6,7,8,9,10,11", [1, 2, 3, 4, 5, 6, 7, 8], MAX_KEYS),
    ],
)
def test_any_address_opens_with_what_can_be_read_of_it(
    items: str, first: list[int], n_keys: int
) -> None:
    app = open_page("morph.py", {"items": items})
    assert not app.exception and not app.error
    labels = components(app)["morph_keys"]["labels"]
    assert labels[: len(first)] == [f"Replace item {item}" for item in first]
    assert len(set(labels)) == len(labels) == n_keys
    codes = codes_for(find_checkpoint("small"), load_data_set("digits"))
    path = unpacked(stage_of(app)["panels"][0]["path"])
    np.testing.assert_array_equal(path[0], codes[first[0]])


def test_an_item_that_is_not_there_is_said() -> None:
    app = open_page("morph.py", {"items": "5,4999"})
    assert "item 4,999, which is not here: there are 1,797 items" in app.warning[0].value
    assert not open_page("morph.py", {"items": "5,499"}).warning


def test_data_with_few_held_out_items_can_be_walked_through(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8), np.uint8)
    add_with_pca(tmp_path, "few", 4, images=images)
    app = open_page("morph.py", {"data": "few", "checkpoint": "few-pca"})
    assert not app.exception and not app.error
    assert "with at least 2 training and 10 held-out items" in words(app)
    assert "Nearest real items" in words(app)


def test_other_data_forgets_what_was_chosen_among_the_items(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    add_with_pca(tmp_path, "other", 4, images=images)
    app = open_page("morph.py", {"items": "3,17,25", "at": '{"t":0.2}'})
    app.sidebar.selectbox(key="data_picker").set_value("other").run()
    assert not app.exception and not app.error
    assert app.query_params["data"] in ("other", ["other"])
    assert "items" not in app.query_params and "at" not in app.query_params


def test_a_film_is_made() -> None:
    app = open_page("morph.py", {"items": "3,17"})
    app.slider(key="export_s").set_value(1.0)
    app.segmented_control(key="export_kind").set_value("gif")
    app.button(key="export_make").click().run()
    assert not app.exception
    (button,) = app.get("download_button")
    assert re.fullmatch(r"Download \(\d+\.\d MB\)", button.proto.label)
