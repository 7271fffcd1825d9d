"""Contact sheets of runs as anybody can leave them."""

import struct
from pathlib import Path

import pytest

from ae_core.errors import DataError
from ae_core.training import watch


def lossless_webp(width: int, height: int) -> bytes:
    """The head of a WebP file that claims a size, and nothing behind it."""
    bits = (width - 1) | (height - 1) << 14
    chunk = b"VP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", bits) + b"\0"
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


@pytest.mark.parametrize("size", [(16_384, 16_384), (9_000, 9_000), (64, 64)])
def test_a_sheet_that_claims_a_size_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    """Above Pillow's own limit, above ours, and with no pixels behind its head."""
    path = tmp_path / "items.webp"
    path.write_bytes(lossless_webp(*size))
    with pytest.raises(DataError, match="cannot be read"):
        watch.read_sheet(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_is_no_sheet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "items.webp"
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        watch.read_sheet(path)
