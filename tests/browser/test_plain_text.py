"""What people have written is read as they wrote it, and the browser fetches nothing for it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from benchmarks.serving import Server
from tests.browser.names import NAMES

pytestmark = pytest.mark.browser


def test_a_name_is_shown_as_written(serve: Callable[..., Server], page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(serve("tests/browser/apps/plain_text_page.py").url)
    expect(page.get_by_text("drawn", exact=True)).to_be_visible(timeout=60_000)
    for index, name in enumerate(NAMES):
        block = page.locator(f".st-key-name-{index}")
        for part in ("stButton", "stAlert", "stMetric", "stProgress"):
            expect(block.get_by_test_id(part)).to_be_visible()
        texts = [t.replace("\N{WORD JOINER}", "") for t in block.locator("p").all_text_contents()]
        assert set(texts) - {"1"} == {name, f"{name}, after"}
        assert block.locator("img, .katex, em").count() == 0
        options = page.locator(f".st-key-options-{index}")
        expect(options.get_by_text(name, exact=True)).to_be_visible()
        expect(options.get_by_role("combobox").first).to_have_value(name)
        said = page.locator(f".st-key-message-{index}")
        assert said.locator("img, .katex, em").count() == 0
        assert said.locator("code").first.text_content() == "data"
    assert not [url for url in asked if ".invalid" in url]
