"""Dimensions orders sliders by activity, and starts from any item, picture or random code."""

import io

import numpy as np
import pytest
from PIL import Image

from ae_core.errors import DataError
from tests.pages.steering_world import open_page, save_digits_vae, words
from ui.starting import as_item


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def test_it_opens() -> None:
    app = open_page("dimensions.py")
    assert not app.exception and not app.error
    assert "Nearest real items" in words(app)


@pytest.mark.parametrize(
    "query",
    [
        {"axes": "principal"},
        {"start": "12"},
        {"start": "prior:7"},
        {"start": "density:7"},
        {"start": "picture"},
        {"start": "density:-1e9"},
        {"z": '{"z1": 2}'},
        {"z": "[not json"},
    ],
)
def test_any_address_opens(query: dict[str, str]) -> None:
    app = open_page("dimensions.py", query)
    assert not app.exception and not app.error


def test_buttons_choose_the_start() -> None:
    app = open_page("dimensions.py")
    for label, begins in (("prior", "prior:"), ("density", "density:")):
        button = next(b for b in app.button if label in b.label)
        button.click().run()
        assert not app.exception
        assert "".join(app.query_params["start"]).startswith(begins)
    next(b for b in app.button if b.label == "Mean code").click().run()
    assert "start" not in app.query_params


def test_traversals_and_inactive_ones_can_be_shown() -> None:
    app = open_page("dimensions.py")
    for toggle in app.toggle:
        toggle.set_value(True)
    app.run()
    assert not app.exception and not app.error


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_of_the_data_comes_back_as_it_was() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    np.testing.assert_array_equal(as_item(png(picture), (3, 16, 16)), picture.transpose(2, 0, 1))


def test_a_wide_picture_is_cropped_at_the_centre() -> None:
    wide = np.zeros((40, 80), np.uint8)
    wide[:, 20:60] = 255  # the centred square
    assert (as_item(png(wide), (1, 8, 8)) == 255).all()


def test_what_is_no_picture_is_said() -> None:
    with pytest.raises(DataError, match="no picture"):
        as_item(b"GIF89a broken", (1, 8, 8))
