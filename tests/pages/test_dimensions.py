"""Dimensions orders sliders by activity, folds the inactive, and starts from any item."""

import pytest

from tests.pages.steering_world import open_page, save_digits_vae, words


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def test_it_opens() -> None:
    app = open_page("dimensions.py")
    assert not app.exception and not app.error
    assert "Nearest real items" in words(app)


@pytest.mark.parametrize("query", [{"axes": "principal"}, {"start": "12"}, {"z": '{"z1": 2}'}])
def test_any_address_opens(query: dict[str, str]) -> None:
    app = open_page("dimensions.py", query)
    assert not app.exception and not app.error
