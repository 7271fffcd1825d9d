"""No address shows a traceback: what cannot be read counts as not asked."""

import pytest

from tests.pages.steering_world import components, open_page, save_digits_vae, words
from zoetrope.ui import state

PARAMETERS = {
    "morph.py": ["items", "at", "way", "present"],
    "algebra.py": ["sum", "weights", "matched", "direction", "fixed"],
    "dimensions.py": ["start", "z", "axes"],
    "versus_pca.py": ["sheet"],
    "train.py": ["run"],
    "explore.py": [
        *("method", "axes", "of", "epoch", "beside", "beside_epoch", "colour", "find"),
        *("perplexity", "n_iterations", "n_neighbours", "min_dist", "max_fitted"),
    ],
}
# The page's title, and text or component at its end: nothing was left out.
SEEN = {
    "morph.py": ("Morph", "Nearest real items"),
    "algebra.py": ("Algebra", "Nearest real items"),
    "dimensions.py": ("Dimensions", "Nearest real items"),
    "versus_pca.py": ("Versus PCA", "Measuring on held-out items"),
    "train.py": ("Train", "No run on this data yet"),
    "explore.py": ("Explore", "explore_map"),
}
HOSTILE = {
    "superscript": "²,3",
    "digits": "7" * 5_000,
    "brackets": "[" * 20_000,
    "long": "../" + "a" * 20_000 + "\0",
    "numbers": '{"t": 1e999, "w0": NaN, "z0": -999999, "z1": [1], "z2": true, "": null}',
    "start": "prior:" + "7" * 5_000,
    "items": "+item:" + "7" * 5_000,
}


@pytest.fixture(autouse=True)
def world() -> None:
    save_digits_vae()


@pytest.mark.parametrize("page", PARAMETERS)
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_any_value_of_any_parameter_opens(page: str, value: str) -> None:
    app = open_page(page, dict.fromkeys(["checkpoint", *PARAMETERS[page]], value))
    assert not app.exception and not app.error
    title, text = SEEN[page]
    assert [element.value for element in app.title] == [title]
    infos = [element.value for element in app.info]
    assert text in " ".join([words(app), *infos, *components(app)])


@pytest.mark.parametrize("sheet", ["abc", "²", "7" * 5_000, "-1"])
def test_nonsense_is_the_first_sheet(sheet: str) -> None:
    app = open_page("versus_pca.py", {"sheet": sheet})
    next(button for button in app.button if button.label == "Other items").click().run()
    assert app.query_params["sheet"] in ("1", ["1"])


def test_what_can_be_read_of_a_list_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "recall", lambda name: "²,3, 17 ,40," + "7" * 5_000)
    assert state.recall_integers("items", n_items=40) == [3, 17]
