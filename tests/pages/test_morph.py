"""Morph opens at once, keeps its state in the URL, and says what is wrong."""

import pytest

from tests.pages.steering_world import open_page, save_digits_vae


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def words(app) -> str:
    return " ".join(element.value for element in [*app.caption, *app.markdown])


def test_it_opens_with_two_items_and_both_codecs() -> None:
    app = open_page("morph.py")
    assert not app.exception and not app.error
    assert app.title[0].value == "Morph"
    assert "Nearest real items" in words(app)
