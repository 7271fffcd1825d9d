"""A file of one's own: sent to the server's disk, added, removed, brought back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from benchmarks.serving import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Forty small pictures."""
    path = tmp_path / "my pictures.npz"
    np.savez(path, images=np.random.default_rng(0).integers(0, 256, (40, 16, 16), np.uint8))
    return path


def open_form(page: Page, url: str, *, data: str = "digits") -> Locator:
    """The Data page's form; the field for the file."""
    page.goto(f"{url}/data?data={data}")
    page.get_by_role("tab", name="Add your own").click(timeout=60_000)
    field = page.get_by_label("Pictures: a .zip or .npz file")
    expect(field).to_be_visible()
    return field


def name_it(page: Page, name: str) -> None:
    field = page.get_by_role("tabpanel").get_by_label("Name", exact=True)
    expect(field).not_to_have_value("")  # the file's name is proposed first
    field.fill(name)
    page.keyboard.press("Enter")


def add(page: Page) -> None:
    page.get_by_role("button", name="Add", exact=True).click()


def test_a_file_is_uploaded_added_removed_and_brought_back(
    page: Page, server: str, archive: Path
) -> None:
    field = open_form(page, server)
    field.set_input_files(archive)
    expect(page.get_by_text("my pictures.npz, 0 MiB: there.")).to_be_visible()
    name_it(page, "browser-set")
    add(page)
    expect(page.get_by_text("my pictures.npz is being added")).to_be_visible()
    expect(page.get_by_text("my pictures.npz, 0 MiB: there.")).to_have_count(0)
    in_tray = page.get_by_test_id("stSidebar").get_by_text("Adding my pictures.npz")
    expect(in_tray).to_be_visible()
    expect(in_tray).to_have_count(0, timeout=60_000)
    # it is shown at once, and said; the form is empty
    expect(page.get_by_text("browser-set was added. 40 pictures came in.")).to_be_visible()
    expect(page).to_have_url(re.compile("data=browser-set"))
    expect(page.get_by_text("40 of 40 items")).to_be_visible()
    page.get_by_role("tab", name="Add your own").click()
    expect(page.get_by_role("tabpanel").get_by_label("Name", exact=True)).to_have_value("")
    page.get_by_role("tab", name="Browse").click()
    expect(page.get_by_text("Source: my pictures.npz")).to_be_visible()
    page.get_by_text("Remove this data set").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Removed within the last hour: browser-set")).to_be_visible()
    assert "data=browser-set" not in page.url
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("40 of 40 items")).to_be_visible()
    expect(page.get_by_text("Removed within the last hour")).to_have_count(0)


def test_what_is_refused_is_said_beside_the_field(
    page: Page, server: str, archive: Path, tmp_path: Path
) -> None:
    field = open_form(page, server)
    add(page)
    expect(page.get_by_text("Choose a .zip or .npz file first")).to_be_visible()
    text = tmp_path / "notes.txt"
    text.write_text("no pictures")
    field.set_input_files(text)
    expect(page.get_by_text("notes.txt cannot be added")).to_be_visible()
    field.set_input_files(archive)
    expect(page.get_by_text("my pictures.npz, 0 MiB: there.")).to_be_visible()
    name_it(page, "digits")
    add(page)
    expect(page.get_by_text("exists already: choose another name")).to_be_visible()
    # the file is still there: another name is all that is needed
    name_it(page, "second-try")
    add(page)
    expect(page.get_by_text("my pictures.npz is being added")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_field(
    page: Page, server: str, archive: Path, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    field = open_form(page, server)
    for there in (False, True):
        if there:
            field.set_input_files(archive)
            expect(page.get_by_text("my pictures.npz, 0 MiB: there.")).to_be_visible()
        fields = {"include": [["[role=tabpanel] [data-testid=stBidiComponentIsolated]"]]}
        violations = Axe().run(page, context=fields).response["violations"]
        assert not violations, json.dumps(violations, indent=1)


def test_an_upload_is_cancelled_by_keyboard_and_leaves_nothing(
    page: Page, app_server: Server, tmp_path: Path
) -> None:
    large = tmp_path / "large.zip"
    with large.open("wb") as file:
        file.truncate(40 << 20)
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2 << 20},
    )
    field = open_form(page, app_server.url)
    field.set_input_files(large)
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    expect(page.get_by_text("Uploading large.zip.")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Uploaded")).to_be_visible()
    field.focus()
    page.keyboard.press("Tab")
    expect(cancel).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Cancelled.")).to_be_visible()
    expect(cancel).to_be_hidden()
    expect(field).to_be_focused()
