"""Bookmarks: a view and its short id, found again, bounded, and nothing else opened."""

import base64
import os
import time

import numpy as np
import pytest
from pydantic import ValidationError

from ae_core import cleaning
from ae_core.data import bookmarks
from ae_core.data.bookmarks import (
    BookmarkError,
    View,
    bookmark_files,
    bookmarks_dir,
    keep_view,
    open_view,
)


def view_of(seed: int = 0) -> View:
    bits = np.random.default_rng(seed).integers(0, 256, 25, np.uint8)
    return View(
        data="faces",
        data_fingerprint="f" * 32,
        group=base64.b64encode(bits.tobytes()).decode(),
        map_key="m" * 32,
        ranges=(-1.5, 2.0, 0.25, 0.75),
    )


def test_a_view_comes_back_as_it_was_kept() -> None:
    bookmark = keep_view(view_of())
    assert open_view(bookmark) == view_of() and len(bookmark) == 12


def test_the_same_view_has_one_id_and_another_has_another() -> None:
    assert keep_view(view_of()) == keep_view(view_of()) != keep_view(view_of(1))
    assert len(bookmark_files()) == 2


@pytest.mark.parametrize("bookmark", ["", "0" * 12, "../../etc/passwd", "é" * 12, "0" * 5_000])
def test_what_is_not_kept_is_said(bookmark: str) -> None:
    keep_view(view_of())
    with pytest.raises(BookmarkError, match="not kept here"):
        open_view(bookmark)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"data": "x", "more": 1}'])
def test_a_damaged_file_is_said(content: bytes) -> None:
    bookmark = keep_view(view_of())
    (bookmarks_dir() / f"{bookmark}.json").write_bytes(content)
    with pytest.raises(BookmarkError, match="not kept here"):
        open_view(bookmark)


def test_a_file_under_anothers_id_is_found_out() -> None:
    bookmark = keep_view(view_of())
    other = keep_view(view_of(1))
    (bookmarks_dir() / f"{other}.json").replace(bookmarks_dir() / f"{bookmark}.json")
    with pytest.raises(BookmarkError, match="not kept here"):
        open_view(bookmark)


def test_a_view_that_is_too_large_is_refused() -> None:
    large = view_of().model_copy(update={"group": "A" * (bookmarks.MAX_BYTES + 1)})
    with pytest.raises(BookmarkError, match="keep its group under a name"):
        keep_view(large)
    assert not bookmark_files()


def test_beyond_the_number_the_one_unused_for_longest_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bookmarks, "MOST_BOOKMARKS", 3)
    kept = [keep_view(view_of(seed)) for seed in range(3)]
    for age, bookmark in enumerate(kept):
        os.utime(bookmarks_dir() / f"{bookmark}.json", (0, 1_000 - age))
    open_view(kept[2])  # the oldest is used
    keep_view(view_of(3))
    assert {path.stem for path in bookmark_files()} == {kept[0], kept[2], view_of(3).bookmark}


def test_what_nobody_opened_for_a_year_is_swept() -> None:
    old, new = keep_view(view_of()), keep_view(view_of(1))
    past = time.time() - cleaning.UNUSED_BOOKMARK_S - 60
    os.utime(bookmarks_dir() / f"{old}.json", (past, past))
    (swept,) = cleaning.clean()
    assert swept.path.stem == old and [path.stem for path in bookmark_files()] == [new]


@pytest.mark.parametrize("ranges", [(1.0,), (0.0, 1.0, 2.0), (0.0, 1.0, 0.0, float("inf"))])
def test_a_part_has_four_finite_ends(ranges: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError):
        View.model_validate({**view_of().model_dump(), "ranges": ranges})


def test_a_group_among_other_numbers_of_items_does_not_fit() -> None:
    assert view_of().group_fits(200) and view_of().group_fits(193)
    assert not view_of().group_fits(201) and not view_of().group_fits(192)
    assert not view_of().model_copy(update={"group": "no base64"}).group_fits(56)
