"""Whose work it is, in real browsers: told by a cookie, kept over a reload, told to nobody else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.serving import Server
from tests.browser.test_train import add_file

pytestmark = pytest.mark.browser


def broken_zip(path: Path) -> Path:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(buffer, "PNG")
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(30):
            archive.writestr(f"{index}.png", buffer.getvalue())
        archive.writestr("private.png", buffer.getvalue()[:40])
    return path


def test_how_work_failed_is_shown_to_who_asked_also_after_a_reload_and_to_nobody_else(
    browser: Browser, page: Page, serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve("app.py", home=tmp_path / "server-home")
    add_file(page, server, broken_zip(tmp_path / "bad.zip"), "bad")
    message = "Picture 'private.png' cannot be read"
    expect(page.get_by_text(message)).to_be_visible(timeout=60_000)
    page.reload()
    expect(page.get_by_text(message)).to_be_visible(timeout=60_000)
    second_tab = page.context.new_page()
    second_tab.goto(f"{server.url}/train?data=digits")
    expect(second_tab.get_by_text(message)).to_be_visible(timeout=60_000)
    stranger = browser.new_context()
    others = stranger.new_page()
    others.goto(f"{server.url}/data?data=digits")
    expect(others.get_by_role("tab", name="Browse")).to_be_visible(timeout=60_000)
    expect(others.get_by_text(message)).to_have_count(0)
    stranger.close()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text(message)).to_have_count(0)
