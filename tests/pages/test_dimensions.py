"""Dimensions orders sliders by activity, and starts from any item, picture or random code."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.codecs.codes import codes_for
from ae_core.data.catalogue import load_data_set
from tests.pages.steering_world import (
    components,
    open_page,
    save_digits_vae,
    stage_of,
    unpacked,
    words,
)
from zoetrope.ui.steer import start_code


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


def test_it_opens() -> None:
    app = open_page("dimensions.py")
    assert not app.exception and not app.error
    assert "Nearest real items" in words(app)


def codes_of_small() -> np.ndarray:
    return codes_for(find_checkpoint("small"), load_data_set("digits"))


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("12", lambda codes: codes[12]),
        ("prior:7", lambda codes: np.random.default_rng(7).standard_normal(6)),
        ("picture", lambda codes: codes.mean(axis=0)),  # none was given
        ("density:-1e9", lambda codes: codes.mean(axis=0)),
        ("1797", lambda codes: codes.mean(axis=0)),
    ],
)
def test_the_address_says_where_to_start(
    start: str, expected: Callable[[np.ndarray], np.ndarray]
) -> None:
    app = open_page("dimensions.py", {"start": start})
    assert not app.exception and not app.error
    origin = unpacked(stage_of(app)["panels"][0]["origin"])
    np.testing.assert_allclose(origin, expected(codes_of_small()), atol=1e-5)


def test_codes_from_the_density_have_the_codes_mean_and_spread() -> None:
    side = SimpleNamespace(codes=codes_of_small())
    starts = [start_code.Start("density", seed, "") for seed in range(2_000)]
    drawn = np.stack([start_code.code(start, side) for start in starts])  # type: ignore[arg-type]
    covariance = np.cov(side.codes.T)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.1 * np.abs(covariance).max())
    np.testing.assert_allclose(drawn.mean(axis=0), side.codes.mean(axis=0), atol=0.1)


@pytest.mark.parametrize(
    ("z", "moved"),
    [('{"z1": 2}', {"z1": 2.0}), ("[not json", {}), ('{"z99": 1, "z0": "a"}', {})],
)
def test_the_address_says_where_the_sliders_stand(z: str, moved: dict[str, float]) -> None:
    app = open_page("dimensions.py", {"z": z})
    assert not app.exception and not app.error
    values = {control["id"]: control["value"] for control in stage_of(app)["controls"]}
    assert len(values) == 6
    assert {name: value for name, value in values.items() if value} == moved


def test_the_address_says_which_sliders_there_are() -> None:
    app = open_page("dimensions.py", {"axes": "principal"})
    assert not app.exception and not app.error
    assert [control["id"] for control in stage_of(app)["controls"]] == [f"a{i}" for i in range(6)]
    directions = unpacked(stage_of(app)["panels"][0]["directions"])  # axes, one sigma long
    variances = np.linalg.eigvalsh(np.cov(codes_of_small().T))[::-1]
    np.testing.assert_allclose((directions**2).sum(axis=1), variances, rtol=1e-2)


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


def test_one_number_by_itself_shows_who_has_least_and_most_of_it() -> None:
    app = open_page("dimensions.py", {"number": "z1"})
    assert not app.exception and not app.error
    assert next(box for box in app.selectbox if box.label == "One number by itself").value == "z1"
    codes = codes_of_small()[:, 1]
    shown = components(app)
    order = np.argsort(codes, kind="stable")
    for name, rows in (("dimension_least", order[:8]), ("dimension_most", order[::-1][:8])):
        assert shown[name]["labels"] == [f"Start from item {row}" for row in rows]
    assert len(shown["dimension_traversal"]["labels"]) == 9
    assert len(set(shown["dimension_traversal"]["pictures"])) > 1
    (table,) = app.dataframe
    assert table.value["score"].abs().is_monotonic_decreasing
    assert table.value["goes with"].str.startswith("digit = ").all()


def test_of_principal_axes_too_and_a_name_of_the_other_kind_is_the_first() -> None:
    app = open_page("dimensions.py", {"number": "z1", "axes": "principal"})
    assert not app.exception and not app.error
    assert next(box for box in app.selectbox if box.label == "One number by itself").value == "a0"
