"""A link to the map holds its group: a kept one by name, any other by a bookmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ae_core.data.bookmarks import View, keep_view, open_view
from ae_core.data.catalogue import load_data_set
from ae_core.data.groups import make_group, save_group
from tests.pages.steering_world import components, open_page, save_digits_vae
from zoetrope.live.components.map import ItemSource, MapState, latent_map
from zoetrope.live.components.map_group import GROUP, pack_rows, unpack_rows
from zoetrope.ui.explore import first_map

ROWS = np.array([3, 17, 40, 1796])


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def opened(**query: str) -> AppTest:
    app = open_page("explore.py", query)
    assert not app.exception and not app.error
    return app


def lasso(app: AppTest, rows: np.ndarray) -> None:
    """As the browser tells it, in the next run."""
    data_set = load_data_set("digits")
    place, n = ItemSource.of(data_set).place, len(data_set.items)
    told = {"items": place, "n": n, "bits": pack_rows(rows, n), "revision": f"{rows}"}
    app.session_state[GROUP.format(place)] = told
    app.run()


def group_of(app: AppTest) -> list[int] | None:
    group = components(app)["explore_map"]["group"]
    return list(unpack_rows(group["bits"], group["n"])) if group and group["bits"] else None


def of_address(app: AppTest, name: str) -> str | None:
    value = app.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def keep(name: str) -> None:
    about = load_data_set("digits").about
    made = make_group(name, ROWS, about.n_items, source="lasso")
    save_group(made, about.name, about.fingerprint, about.n_items)


def test_a_bookmark_brings_a_lassoed_group_to_whoever_opens_the_link() -> None:
    app = opened()
    lasso(app, ROWS)
    next(button for button in app.button if button.label == "Bookmark").click().run()
    bookmark = of_address(app, "view")
    assert bookmark is not None and open_view(bookmark).data == "digits"
    assert group_of(opened(view=bookmark)) == list(ROWS)


def test_the_id_leaves_the_address_with_what_it_stands_for() -> None:
    app = opened()
    lasso(app, ROWS)
    next(button for button in app.button if button.label == "Bookmark").click().run()
    app.run()
    assert of_address(app, "view") is not None
    lasso(app, ROWS[:2])
    assert of_address(app, "view") is None


def test_a_kept_group_goes_by_its_name() -> None:
    app = opened()
    lasso(app, ROWS)
    assert of_address(app, "group") is None
    keep("some")
    app.run()
    assert of_address(app, "group") == "some"
    assert group_of(opened(group="some")) == list(ROWS)
    lasso(app, ROWS[:2])
    assert of_address(app, "group") is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"view": "0" * 12}, "not kept here"),
        ({"view": "../x"}, "not kept here"),
        ({"group": "gone"}, "group 'gone', which is not kept"),
    ],
)
def test_what_is_not_there_any_more_is_said(query: dict[str, str], words: str) -> None:
    app = opened(**query)
    for _ in range(2):  # until something else is chosen
        assert [words in warning.value for warning in app.warning] == [True]
        app.run()
    lasso(app, ROWS)
    assert not app.warning


def test_a_bookmark_of_other_items_is_said() -> None:
    app = opened()
    lasso(app, ROWS)
    next(button for button in app.button if button.label == "Bookmark").click().run()
    other = open_page(
        "explore.py",
        {"data": "wine", "checkpoint": "pca@wine", "view": of_address(app, "view")},
    )
    assert any("one of other items" in warning.value for warning in other.warning)
    assert not other.exception and group_of(other) is None


@pytest.mark.parametrize("part", [5, {"map": 3}, {"map": "a", "ranges": [1, 2]}, {"ranges": None}])
def test_what_a_browser_says_of_its_part_may_be_anything(
    part: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*arguments: object, **more: object) -> MapState:
        return replace(latent_map(*arguments, **more), part=part)  # type: ignore[arg-type]

    monkeypatch.setattr(first_map, "latent_map", told)
    app = opened()
    assert next(button for button in app.button if button.label == "Bookmark").disabled


def test_a_part_comes_back_with_the_link_and_its_id_stays() -> None:
    about = load_data_set("digits").about
    view = View(
        data="digits", data_fingerprint=about.fingerprint, map_key="a", ranges=(0.0, 1.0, 2.0, 3.5)
    )
    app = opened(view=keep_view(view))
    expected = {"map": "a", "ranges": [0.0, 1.0, 2.0, 3.5], "revision": view.bookmark}
    assert components(app)["explore_map"]["part"] == expected
    app.run()
    assert of_address(app, "view") == view.bookmark and not app.warning
