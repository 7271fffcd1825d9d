"""What `docs/formats.md` says of files that are added, and of cleaning, is what the code does."""

import re

from ae_core import cleaning
from ae_core.data import limits, trash
from ae_core.locations import project_root

MIB, GIB = 2**20, 2**30


def test_the_documented_limits_are_those_of_the_code() -> None:
    text = (project_root() / "docs" / "formats.md").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", text)
    hour = 3600
    sentences = [
        f"| {limits.MAX_UPLOAD_BYTES // MIB:,} MiB, {limits.MAX_UPLOADS_AT_ONCE} people at once",
        f"| {limits.MAX_ITEMS:,} items, {limits.MAX_DATA_SET_BYTES // GIB} GiB, and what the disk "
        f"has but for {limits.RESERVE_BYTES // MIB} MiB |",
        f"| list of files in the archive | {limits.MAX_LIST_BYTES // MIB} MiB",
        f"| name of a file | {limits.MAX_NAME_BYTES:,} bytes |",
        f"| {limits.MAX_UNPACKED_BYTES // GIB} GiB; above {limits.RATIO_FROM_BYTES // MIB} MiB, "
        f"{limits.MAX_RATIO} times the archive's size |",
        f"| {limits.MAX_PICTURE_PIXELS:,} pixels, {limits.MAX_PICTURE_BYTES // MIB} MiB packed |",
        f"| memory to read a picture | {limits.MAX_DECODING_BYTES // MIB} MiB",
        f"| passes of a progressive JPEG | {limits.MAX_JPEG_PASSES_X_PIXELS:,} pixels, all passes",
        f"| {limits.MAX_TABLE_BYTES // MIB} MiB, {limits.MAX_COLUMNS:,} columns, "
        f"{limits.MAX_CELLS:,} cells, {limits.MAX_ROW_CHARACTERS:,} characters a row |",
        f"| {limits.MAX_ARRAYS:,}; {limits.MAX_HEADER_BYTES:,} bytes |",
        f"| a text in an array | {limits.MAX_TEXT_CHARACTERS:,} characters |",
        f"| all attributes in memory | {limits.MAX_ATTRIBUTE_BYTES // MIB} MiB |",
        f"{limits.SMALLEST_SIDE} to {limits.LARGEST_SIDE} pixels a side",
        f"| trash | {trash.KEPT_S / hour:.0f} hours |",
        f"| uploads that nobody added | {cleaning.UPLOADS_S / hour:.0f} hours |",
        f"is done | {cleaning.NEVER_YOUNGER_S / hour:.0f} hour |",
        f"| projection inputs | {cleaning.PROJECTION_INPUTS_S / hour:.0f} hours unused |",
        f"| {cleaning.UNUSED_CACHE_S / hour / 24:.0f} days unused",
        f"`{cleaning.CACHE_VARIABLE}` ({cleaning.USUAL_CACHE_GB:.0f})",
    ]
    assert [sentence for sentence in sentences if sentence not in text] == []
