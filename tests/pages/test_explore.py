"""Explore opens at once with PCA, and says what is wrong."""

import re
import shutil

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from ae_core.codecs.checkpoints import load_codec, save_checkpoint
from ae_core.codecs.codes import cached_codes, codes_for
from ae_core.data.catalogue import load_data_set
from ae_core.data.groups import load_groups, make_group, save_group
from ae_core.locations import cache_dir, checkpoints_dir
from ae_core.maps.map import Map, save_map
from ae_core.processes.worker_client import RequestState
from ae_core.training import watch
from benchmarks.pca_world import add_pca
from tests.pages.steering_world import components, open_page, save_digits_vae, words
from zoetrope.live.components.map import ItemSource
from zoetrope.live.components.map_group import GROUP, pack_rows, unpack_rows
from zoetrope.live.projections import service
from zoetrope.ui.explore.map_words import job_words


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


@pytest.mark.parametrize(("asked", "perplexity"), [("50", 50), ("1e9", 30), ("many", 30)])
def test_the_address_holds_settings(asked: str, perplexity: float) -> None:
    app = open_page("explore.py", {"perplexity": asked, "axes": "3", "of": "pixels"})
    app.segmented_control(key="map_method").set_value("tsne").run()
    try:
        assert not app.exception
        assert app.segmented_control(key="map_axes").value == 3
        assert app.segmented_control(key="map_source").value == "pixels"
        widget = app.number_input(key="map-tsne-perplexity")
        assert widget.value == perplexity
        widget.set_value(20.0).run()
        assert app.query_params["perplexity"] == "20"
    finally:
        service().close()


def test_a_question_that_cannot_be_read_is_explained() -> None:
    app = open_page("explore.py", {"find": "glasses and"})
    assert not app.exception and app.warning


def test_pca_stays_where_the_map_asked_for_cannot_be_made() -> None:
    checkpoint = save_digits_vae()
    codec = load_codec(checkpoint)
    with torch.no_grad():
        for parameter in codec.parameters():
            parameter.zero_()  # every item gets the same code
    save_checkpoint(
        checkpoints_dir() / "collapsed",
        checkpoint.config.model_copy(update={"name": "collapsed"}),
        codec,
    )
    app = open_page("explore.py", {"checkpoint": "collapsed", "method": "umap"})
    assert not app.exception
    assert "All 1,797 codes are equal" in app.error[0].value
    assert newest_map().shape == (1797, 2)
    assert service().pid is None


def test_a_deleted_cache_is_made_again() -> None:
    data, checkpoint = load_data_set("digits"), save_digits_vae()
    open_page("explore.py")
    before = np.array(cached_codes(checkpoint, data))
    for folder in ("codes", "points", "derived"):
        shutil.rmtree(cache_dir() / folder, ignore_errors=True)
    app = open_page("explore.py")
    assert not app.exception and not app.error
    np.testing.assert_array_equal(cached_codes(checkpoint, data), before)
    assert newest_map().shape == (1797, 2)


def test_kept_groups_are_offered() -> None:
    data = load_data_set("digits")
    where = (data.name, data.about.fingerprint, len(data.items))
    save_group(make_group("threes", [3, 13, 23], len(data.items), source="lasso"), *where)
    app = open_page("explore.py")
    app.button(key="use-threes").click().run()
    assert not app.exception
    kept = app.session_state[GROUP.format(ItemSource.of(data).place)]
    np.testing.assert_array_equal(unpack_rows(kept["bits"], len(data.items)), [3, 13, 23])
    app.button(key="drop-threes").click().run()
    assert not load_groups(*where)


def test_a_kept_group_is_called_what_it_was_called() -> None:
    data, name = load_data_set("digits"), "![i](http://x/y.png) $x^2$ :red[a]"
    where = (data.name, data.about.fingerprint, len(data.items))
    save_group(make_group(name, [3, 13, 23], len(data.items), source="lasso"), *where)
    label = open_page("explore.py").button(key=f"use-{name}").label
    assert re.sub(r"\\(?=\W)", "", label) == f"{name} (3)"
    assert not re.search(r"(?<!\\)[\[\]$]|(?<!\\):red", label)


def test_twenty_thousand_rows_survive_packing() -> None:
    rows = np.sort(np.random.default_rng(0).choice(70_000, 20_000, replace=False))
    packed = pack_rows(rows, 70_000)
    np.testing.assert_array_equal(unpack_rows(packed, 70_000), rows)
    assert len(packed) < 12_000


N_WATCHED = 200


@pytest.fixture
def epochs() -> np.ndarray:
    """Two epochs of a run: noise, and then the checkpoint's own codes; gives the watched rows."""
    checkpoint, data = save_digits_vae("small"), load_data_set("digits")
    rows = np.arange(0, 3 * N_WATCHED, 3)
    final = codes_for(checkpoint, data)[rows]
    noise = np.random.default_rng(0).normal(size=final.shape).astype(np.float32)
    watch.begin(checkpoint.folder, data.items[rows], rows)
    for epoch, codes in [(1, noise), (4, final)]:
        watch.add_frame(checkpoint.folder, epoch, data.items[rows[:16]], codes)
    return rows


def newest_map() -> np.ndarray:
    """Points of the map written last."""
    paths = sorted((cache_dir() / "points").glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
    points: np.ndarray = np.load(paths[-1], allow_pickle=False)
    return points


def test_an_epoch_stands_beside_the_finished_model(epochs: np.ndarray) -> None:
    app = open_page("explore.py", {"beside": "PCA of an epoch"})
    assert not app.exception and not app.error
    slider = app.select_slider(key="map_beside_epoch")
    assert slider.options == ["1", "4"] and slider.value == 1
    assert f"among the {N_WATCHED:,} items on both maps" in words(app)
    beside = newest_map()
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(beside).all(axis=1)), epochs)
    slider.set_value(4).run()
    assert not app.exception
    assert app.query_params["beside_epoch"] == "4"


def test_an_epoch_can_be_the_first_map(epochs: np.ndarray) -> None:
    query = {"of": "an epoch", "epoch": "4", "beside": "PCA of codes"}
    app = open_page("explore.py", query)
    assert not app.exception and not app.error
    assert app.select_slider(key="map_epoch").value == 4
    # The last epoch is the model itself: both maps are planes of the same codes.
    changed = float(words(app).split("changed:** ")[1].split("%")[0])
    assert changed < 40
    first = open_page("explore.py", {**query, "epoch": "1"})
    assert float(words(first).split("changed:** ")[1].split("%")[0]) > 80


def test_epochs_of_other_data_are_not_offered() -> None:
    app = open_page("explore.py", {"of": "an epoch", "beside": "PCA of an epoch"})
    assert not app.exception and not app.error
    assert app.selectbox(key="map_beside").value == "nothing"
    assert not app.select_slider


def test_a_damaged_epoch_is_explained(epochs: np.ndarray) -> None:
    for frame in watch.frames(checkpoints_dir() / "small"):
        frame.codes_path.write_bytes(frame.codes_path.read_bytes()[:50])
    app = open_page("explore.py", {"of": "an epoch"})
    assert not app.exception
    assert "choose another epoch" in app.error[0].value


@pytest.mark.parametrize("is_preview", [True, False])
def test_a_wish_waits_for_the_whole_data(is_preview: bool) -> None:
    def script(is_preview: bool) -> None:
        import streamlit as st

        from zoetrope.ui.url_choice import UrlChoice

        choice = UrlChoice("beside", ["nothing", "PCA of codes"], is_preview=is_preview)
        st.text(choice.start)
        choice.keep(choice.start)

    app = AppTest.from_function(script, kwargs={"is_preview": is_preview})
    app.query_params["beside"] = "PCA of pixels"
    app.run()
    assert app.text[0].value == "nothing"
    assert ("beside" in app.query_params) == is_preview


@pytest.mark.parametrize(("n_fitted", "said"), [(150, True), (200, False)])
def test_a_map_fitted_on_a_part_says_so(n_fitted: int, said: bool) -> None:
    key = f"{n_fitted:032x}"
    save_map(key, Map(np.zeros((200, 2), np.float32), {"n_fitted": n_fitted}))
    text = job_words(RequestState(key, "done"), "200 items", "UMAP").text
    assert text.startswith("UMAP of 200 items")
    assert ("fitted on 150; the rest joined" in text) == said


@pytest.mark.parametrize("beside", ["nothing", "PCA of pixels"])
@pytest.mark.parametrize("axes", ["2", "3"])
@pytest.mark.parametrize("kind", ["autoencoder", "pca"])
def test_codes_of_one_number_are_mapped(kind: str, axes: str, beside: str) -> None:
    if kind == "pca":
        add_pca("one", "digits", 1)
    else:
        save_digits_vae("one", latent_dim=1)
    app = open_page("explore.py", {"checkpoint": "one", "axes": axes, "beside": beside})
    assert not app.exception and not app.error
    drawn = components(app)["explore_map"]
    assert drawn["points"]["dims"] == int(axes)
    assert drawn["codes"]["latentDim"] == 1
    if axes == "2":
        assert drawn["plane"]["axes"]["shape"] == [2, 1]
        assert drawn["points"]["axes"] == ["the code's one number", "thick where items are many"]


def test_dots_instead_of_pictures_are_remembered_in_the_address() -> None:
    assert components(open_page("explore.py"))["explore_map"]["pictures"] is True
    assert components(open_page("explore.py", {"dots": "1"}))["explore_map"]["pictures"] is False


@pytest.mark.parametrize("beside", ["nothing", "PCA of columns"])
def test_rows_of_a_table_are_mapped(beside: str) -> None:
    add_pca("wine-pca", "wine", 4)
    app = open_page("explore.py", {"data": "wine", "checkpoint": "wine-pca", "beside": beside})
    assert not app.exception and not app.error
    assert app.segmented_control(key="map_source").options[:2] == ["codes", "columns"]
    assert app.selectbox(key="map_beside").value == beside
    drawn = components(app)["explore_map"]
    assert drawn["points"]["n"] == 178
    assert drawn["items"]["facts"].startswith("api/item/wine/")
