"""A picture file comes in as a person sees it, or is refused in words."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ae_core.data.pictures import read_picture
from ae_core.errors import DataError


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def header_only(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and ends where its pixels should begin."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def test_16_bits_of_grey_are_scaled_as_a_whole_not_cut() -> None:
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16).repeat(256).reshape(256, 256).T
    seen = read_picture(saved(Image.fromarray(ramp)), "ramp", size=256)
    expected = np.round(ramp / 257).astype(np.uint8)
    np.testing.assert_array_equal(seen, np.stack([expected] * 3))


def test_a_dark_16_bit_picture_stays_dark() -> None:
    dark = Image.fromarray(np.full((16, 16), 2570, np.uint16))
    assert (read_picture(saved(dark), "dark", size=16) == 10).all()


@pytest.mark.parametrize(
    ("mode", "hidden", "opaque"),
    [("RGBA", (200, 0, 0, 0), (10, 20, 30, 255)), ("LA", (200, 0), (10, 255))],
)
def test_what_is_transparent_is_laid_on_white(
    mode: str, hidden: tuple[int, ...], opaque: tuple[int, ...]
) -> None:
    picture = Image.new(mode, (16, 16), hidden)
    picture.paste(opaque, (0, 0, 16, 8))
    expected = Image.new(mode, (1, 1), opaque).convert("RGB").getpixel((0, 0))
    seen = read_picture(saved(picture), "cut-out", size=16)
    np.testing.assert_array_equal(seen[:, 2, 2], expected)
    assert (seen[:, 13, 13] == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_is_white(kind: str) -> None:
    picture = Image.new("P", (16, 16), 1)
    picture.putpalette([10, 20, 30, 200, 0, 0])
    picture.paste(0, (0, 0, 16, 8))
    seen = read_picture(saved(picture, kind, transparency=1), "cut-out", size=16)
    np.testing.assert_array_equal(seen[:, 2, 2], (10, 20, 30))
    assert (seen[:, 13, 13] == 255).all()


def test_half_transparent_is_half_white() -> None:
    seen = read_picture(saved(Image.new("RGBA", (16, 16), (55, 55, 55, 128))), "half", size=16)
    np.testing.assert_allclose(seen, 55 * 128 / 255 + 255 * 127 / 255, atol=1)


def test_a_camera_held_sideways_does_not_tilt_the_picture() -> None:
    """Orientation 6: the first row of the file is the right edge of what was photographed."""
    array = np.zeros((30, 20, 3), np.uint8)
    array[:15] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind, options in (("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {"lossless": True})):
        content = saved(Image.fromarray(array), kind, exif=exif, **options)
        seen = read_picture(content, "photo", size=20)
        assert seen[:, :, :8].max() < 10 and seen[:, :, -8:].min() > 245, kind


def test_damaged_camera_data_costs_no_picture() -> None:
    content = saved(Image.new("RGB", (16, 16), "white"), "JPEG", exif=b"Exif\0\0no such thing")
    assert read_picture(content, "photo", size=16).min() > 250


# Below and above the limits at which Pillow itself warns, and refuses.
@pytest.mark.parametrize(
    ("width", "height"), [(8_000, 7_000), (12_000, 9_000), (20_000, 10_000), (2**31 - 1,) * 2]
)
def test_a_picture_too_large_is_refused_by_its_size(width: int, height: int) -> None:
    words = f"'huge.png' has {width:,} x {height:,} pixels; at most 50,000,000.*make it smaller"
    with pytest.raises(DataError, match=words):
        read_picture(header_only(width, height), "huge.png", size=16)


@pytest.mark.parametrize("content", [b"", b"no picture", header_only(16, 16)])
def test_what_is_no_picture_is_named(content: bytes) -> None:
    with pytest.raises(DataError, match="'odd.png' cannot be read.*Nothing was stored"):
        read_picture(content, "odd.png", size=16)
