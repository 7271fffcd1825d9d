"""Morph opens at once, keeps its state in the URL, and says what is wrong."""

import numpy as np
import pandas as pd
import pytest

from ae_core.data.store import make_data_set, write_data_set
from ae_core.locations import data_dir
from tests.pages.steering_world import open_page, save_digits_vae, words


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


@pytest.mark.parametrize("items", ["", "5", "999999,3", "a,b", "1,2,3,4,5,6,7,8,9,10,11"])
def test_any_address_opens(items: str) -> None:
    app = open_page("morph.py", {"items": items})
    assert not app.exception and not app.error


def test_a_film_is_made() -> None:
    app = open_page("morph.py", {"items": "3,17"})
    app.slider(key="export_s").set_value(1.0)
    app.segmented_control(key="export_kind").set_value("gif")
    app.button(key="export_make").click().run()
    assert not app.exception
    assert app.get("download_button")


def test_data_without_a_checkpoint_says_what_to_do() -> None:
    items = np.zeros((30, 1, 5, 5), np.uint8)
    tiny = make_data_set("tiny", items, pd.DataFrame(index=range(30)), title="Tiny")
    write_data_set(data_dir() / "tiny", tiny)
    app = open_page("morph.py", {"data": "tiny"})
    assert not app.exception
    assert any("train one" in error.value for error in app.error)
