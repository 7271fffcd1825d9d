"""Explore opens at once with PCA, and says what is wrong."""

import numpy as np
import pytest

from ae_core.data.catalogue import load_data_set
from ae_core.groups import load_groups, make_group, save_group
from live.map_component import pack_rows, unpack_rows
from live.projections import service
from tests.pages.steering_world import open_page, save_digits_vae


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def test_it_opens_with_pca_and_no_worker() -> None:
    app = open_page("explore.py")
    assert not app.exception and not app.error
    assert app.segmented_control(key="map_method").value == "pca"
    assert app.selectbox(key="map_colour").value == "digit"
    assert service().pid is None


@pytest.mark.parametrize(
    "query", [{"colour": "nothing"}, {"method": "magic"}, {"find": "digit = 3"}]
)
def test_any_address_opens(query: dict[str, str]) -> None:
    app = open_page("explore.py", query)
    assert not app.exception and not app.error


def test_a_question_that_cannot_be_read_is_explained() -> None:
    app = open_page("explore.py", {"find": "glasses and"})
    assert not app.exception and app.warning


def test_kept_groups_are_offered() -> None:
    data = load_data_set("digits")
    where = (data.name, data.about.fingerprint, len(data.items))
    save_group(make_group("threes", [3, 13, 23], len(data.items), source="lasso"), *where)
    app = open_page("explore.py")
    app.button(key="use-threes").click().run()
    assert not app.exception
    kept = app.session_state["explore_map_group_kept"]
    np.testing.assert_array_equal(unpack_rows(kept["bits"], len(data.items)), [3, 13, 23])
    app.button(key="drop-threes").click().run()
    assert not load_groups(*where)


def test_twenty_thousand_rows_survive_packing() -> None:
    rows = np.sort(np.random.default_rng(0).choice(70_000, 20_000, replace=False))
    packed = pack_rows(rows, 70_000)
    np.testing.assert_array_equal(unpack_rows(packed, 70_000), rows)
    assert len(packed) < 12_000
