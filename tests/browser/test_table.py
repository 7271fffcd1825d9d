"""A table end to end in a real browser: trained from the page, mapped, steered, PCA beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sklearn.datasets import load_wine

from benchmarks.serving import Server
from tests.browser.test_live import HASHES, WATCH, wait_for_paint
from tests.browser.test_live_columns import wait_for_words
from tests.conftest import end_detached

pytestmark = pytest.mark.browser
WAIT_MS = 120_000


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "server-home"
    end_detached(tmp_path / "server-home")


@pytest.fixture
def table_server(serve: Callable[..., Server], home: Path) -> Server:
    return serve("app.py", home=home)


def train(page: Page, url: str) -> None:
    page.goto(f"{url}/train?data=wine")
    expect(page.get_by_role("combobox", name="Preset")).to_have_value(
        "Table autoencoder", timeout=WAIT_MS
    )
    epochs = page.get_by_label("Epochs", exact=True)
    epochs.fill("30")
    epochs.press("Enter")
    name = page.get_by_label("Name", exact=True)
    name.fill("wine-net")
    name.press("Enter")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("button", name="Explore this model")).to_be_visible(timeout=WAIT_MS)


def hover_an_item(page: Page) -> int:
    """Move the mouse over the map until it points at an item; which."""
    box = page.locator(".zmap-surface").bounding_box()
    assert box is not None
    for row in range(1, 12):
        y = box["y"] + box["height"] * row / 12
        page.mouse.move(box["x"] + 4, y)
        page.mouse.move(box["x"] + box["width"] - 4, y, steps=40)
        item = page.locator(".zmap").get_attribute("data-item")
        if item is not None:
            return int(item)
    raise AssertionError("the mouse met no item")


def words_of(name: str) -> str:
    """A name as the map's card writes it."""
    return str(name).replace("_", " ")


@pytest.mark.timeout(400)
def test_a_table_from_training_to_bars_beside_pca(page: Page, table_server: Server) -> None:
    train(page, table_server.url)
    page.get_by_role("button", name="Explore this model").click()
    expect(page.get_by_text("PCA of 178 items")).to_be_visible(timeout=WAIT_MS)
    page.wait_for_selector(".zmap[data-live=ready]", timeout=WAIT_MS)

    item = hover_an_item(page)
    page.wait_for_selector(".zmap-facts dd", timeout=WAIT_MS)
    facts = page.locator(".zmap-facts").inner_text()
    wine = load_wine()
    assert words_of(wine.target_names[wine.target[item]]) in facts
    for name, value in zip(wine.feature_names, wine.data[item], strict=True):
        assert words_of(name) in facts
        assert f"{value:.6g}" in facts.replace(",", "")

    page.get_by_role("link", name="Dimensions").click()
    expect(page.locator(".panel:not(.empty)")).to_have_count(2, timeout=WAIT_MS)
    expect(page.get_by_text("PCA, 4 axes").first).to_be_visible(timeout=WAIT_MS)
    page.evaluate(WATCH)
    slider = page.get_by_role("slider").first
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    seen = [page.evaluate(HASHES)]
    for step in range(1, 9):
        n_before = page.evaluate("window.painted.length")
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.05 * step), y)
        wait_for_paint(page, n_before)
        seen.append(page.evaluate(HASHES))
    page.mouse.up()
    for before, after in pairwise(seen):  # the model's bars and PCA's, both at every move
        assert before[0] != after[0]
        assert before[1] != after[1]
    for name in wine.feature_names:
        wait_for_words(page, name)
