"""Dimensions orders sliders by activity, and starts from any item, picture or random code."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.steering_world import open_page, save_digits_vae, words


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


def switches(app: AppTest) -> dict[str, bool]:
    """Those that the address holds."""
    return {t.key: t.value for t in app.toggle if t.key in ("inactive", "traversals")}


def test_traversals_and_inactive_ones_can_be_shown_and_a_link_shows_them() -> None:
    app = open_page("dimensions.py")
    assert switches(app) == dict.fromkeys(switches(app), False) and "traversals" in switches(app)
    for name in switches(app):
        app.toggle(name).set_value(True).run()
    assert not app.exception and not app.error
    link = {name: "".join(value) for name, value in app.query_params.items()}
    opened = open_page("dimensions.py", link)
    assert switches(opened) == switches(app) == dict.fromkeys(switches(app), True)
    opened.toggle("traversals").set_value(False).run()
    assert not opened.exception and not switches(opened)["traversals"]
    assert "traversals" not in opened.query_params
