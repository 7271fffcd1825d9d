"""Training in a real browser: from a file of pictures to a map, through the pages alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from ae_core.codecs.checkpoints import find_checkpoint
from ae_core.codecs.codes import codes_for
from ae_core.codecs.metrics import knn_accuracy
from ae_core.data.catalogue import load_data_set
from ae_core.training import runs
from benchmarks.serving import Server
from tests.browser import steering
from tests.conftest import end_detached
from tests.waiting import wait_on

pytestmark = pytest.mark.browser


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "server-home"
    end_detached(tmp_path / "server-home")


@pytest.fixture
def own_server(serve: Callable[..., Server], own_home: Path) -> Server:
    """A server of its own: these tests add data and train."""
    return serve("app.py", home=own_home)


def add_file(page: Page, server: Server, path: Path, name: str) -> None:
    page.goto(f"{server.url}/data?data=digits")
    page.get_by_role("tab", name="Add your own").click()
    page.get_by_label("Pictures: a .zip or .npz file").set_input_files(path)
    expect(page.get_by_text(f"{path.name}, ").filter(has_text="MiB: there.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Add", exact=True).click()


def train(page: Page, server: Server, data: str, name: str, *, epochs: int) -> None:
    page.goto(f"{server.url}/train?data={data}")
    page.get_by_label("Preset").wait_for(timeout=60_000)
    page.get_by_label("Preset").click()
    page.get_by_role("option", name="Dense autoencoder").click()
    # The rerun has come when it proposes another name.
    field = page.get_by_label("Name", exact=True)
    expect(field).to_have_attribute("placeholder", f"{data}-dense", timeout=30_000)
    field = page.get_by_label("Epochs", exact=True)
    expect(field).to_have_count(1, timeout=30_000)  # the other preset's is gone
    field.fill(str(epochs))
    field.press("Enter")
    field = page.get_by_label("Name", exact=True)
    field.fill(name)
    field.press("Enter")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("combobox", name="Run")).to_have_value(name, timeout=30_000)


@pytest.mark.shared_data
@pytest.mark.timeout(600)
def test_mnist_from_a_file_to_a_map(
    page: Page, own_server: Server, own_home: Path, shared_data: Path
) -> None:
    add_file(page, own_server, shared_data / "mnist.npz", "mnist")
    added = own_home / "data" / "mnist" / "about.json"
    wait_on(page, added.is_file, timeout_s=240)
    train(page, own_server, "mnist", "mnist-dense", epochs=3)
    expect(page.get_by_text("Training, epoch")).to_be_visible(timeout=60_000)
    page.reload()  # the run does not depend on the page
    expect(page.get_by_text("Held-out MSE")).to_be_visible(timeout=120_000)
    explore = page.get_by_role("button", name="Explore this model")
    expect(explore).to_be_visible(timeout=300_000)
    explore.click()
    expect(page.get_by_role("heading", name="Explore")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("PCA of 70,000 items")).to_be_visible(timeout=180_000)
    with steering.home_at(own_home):
        data_set = load_data_set("mnist")
        codes = codes_for(find_checkpoint("mnist-dense"), data_set)
        fitted, held_out = data_set.split()
        labels = data_set.attributes["label"].to_numpy()
        accuracy = knn_accuracy(
            codes[fitted], labels[fitted], codes[held_out], labels[held_out], n_neighbours=15
        )
    print(f"15-nearest-neighbour label accuracy, held-out codes: {accuracy:.4f}")
    assert accuracy > 0.90


def test_a_run_is_cancelled_and_resumed_from_the_page(
    page: Page, own_server: Server, own_home: Path
) -> None:
    train(page, own_server, "digits", "long", epochs=5000)
    expect(page.get_by_text("Held-out MSE")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_text("Cancelled after")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Training, epoch")).to_be_visible(timeout=60_000)
    with steering.home_at(own_home):
        run = runs.find_run("long")
        psutil.Process(run.status.pid).kill()
    expect(page.get_by_text("Lost. Its process ended")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_start_from_far_down_the_form_is_seen(page: Page, own_server: Server, width: int) -> None:
    """All settings unfolded, the button pressed where it stands, the run a screen away."""
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{own_server.url}/train?data=digits")
    page.get_by_text("All settings").click(timeout=60_000)
    page.get_by_role("spinbutton", name="Seconds between saves").scroll_into_view_if_needed()
    page.get_by_role("button", name="Start training").scroll_into_view_if_needed()
    box = page.get_by_role("button", name="Start training").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    run = page.get_by_role("combobox", name="Run")
    expect(run).to_have_value("digits-dense", timeout=60_000)
    expect(run).to_be_in_viewport()


def test_a_run_that_is_removed_while_it_is_watched_is_missed_in_words(
    page: Page, own_server: Server, own_home: Path
) -> None:
    train(page, own_server, "digits", "gone", epochs=5000)
    expect(page.get_by_text("Held-out MSE")).to_be_visible(timeout=60_000)
    (own_home / "checkpoints" / "gone").rename(own_home / "trash")
    expect(page.get_by_text("there is no run 'gone'")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_a_zip_with_a_broken_picture_is_refused_in_words(
    page: Page, own_server: Server, tmp_path: Path
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(buffer, "PNG")
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for index in range(30):
            archive.writestr(f"{index}.png", buffer.getvalue())
        archive.writestr("broken.png", buffer.getvalue()[:40])
    add_file(page, own_server, tmp_path / "bad.zip", "bad")
    message = page.get_by_text("Picture 'broken.png' cannot be read")
    expect(message).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Dismiss").click()
    expect(message).to_have_count(0)
    expect(page.get_by_role("tab", name="Browse")).to_be_visible()  # the page lives on
