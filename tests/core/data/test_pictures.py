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


def test_a_picture_of_the_data_comes_back_as_it_was() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    seen = read_picture(saved(Image.fromarray(picture)), "item", item_shape=(3, 16, 24))
    np.testing.assert_array_equal(seen, picture.transpose(2, 0, 1))


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 8, 8), (3, 8, 8), (1, 40, 40)])
def test_a_wide_picture_is_cut_from_the_middle(channels: int, height: int, width: int) -> None:
    """Nothing of what is cut off is left, not even in the filter's margin."""
    wide = np.zeros((40, 80), np.uint8)
    wide[:, 20:60] = 255  # the square in the middle
    shape = (channels, height, width)
    seen = read_picture(saved(Image.fromarray(wide)), "wide", item_shape=shape)
    assert seen.shape == shape and (seen == 255).all()


def test_the_item_s_proportions_are_kept_of_a_narrow_picture() -> None:
    narrow = Image.new("L", (20, 100), 0)
    narrow.paste(255, (0, 45, 20, 55))
    assert (read_picture(saved(narrow), "narrow", item_shape=(1, 8, 16)) == 255).all()


def test_a_picture_one_pixel_high_is_read() -> None:
    seen = read_picture(saved(Image.new("L", (50, 1), 7)), "line", item_shape=(1, 4, 40))
    assert (seen == 7).all()


def test_16_bits_of_grey_are_scaled_as_a_whole_not_cut() -> None:
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16).repeat(256).reshape(256, 256).T
    seen = read_picture(saved(Image.fromarray(ramp)), "ramp", item_shape=(3, 256, 256))
    expected = np.round(ramp / 257).astype(np.uint8)
    np.testing.assert_array_equal(seen, np.stack([expected] * 3))


def test_a_dark_16_bit_picture_stays_dark() -> None:
    dark = Image.fromarray(np.full((16, 16), 2570, np.uint16))
    assert (read_picture(saved(dark), "dark", item_shape=(3, 16, 16)) == 10).all()


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
    seen = read_picture(saved(picture), "cut-out", item_shape=(3, 16, 16))
    np.testing.assert_array_equal(seen[:, 2, 2], expected)
    assert (seen[:, 13, 13] == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_is_white(kind: str) -> None:
    picture = Image.new("P", (16, 16), 1)
    picture.putpalette([10, 20, 30, 200, 0, 0])
    picture.paste(0, (0, 0, 16, 8))
    seen = read_picture(saved(picture, kind, transparency=1), "cut-out", item_shape=(3, 16, 16))
    np.testing.assert_array_equal(seen[:, 2, 2], (10, 20, 30))
    assert (seen[:, 13, 13] == 255).all()


def test_half_transparent_is_half_white() -> None:
    seen = read_picture(
        saved(Image.new("RGBA", (16, 16), (55, 55, 55, 128))), "half", item_shape=(3, 16, 16)
    )
    np.testing.assert_allclose(seen, 55 * 128 / 255 + 255 * 127 / 255, atol=1)


def test_a_camera_held_sideways_does_not_tilt_the_picture() -> None:
    """Orientation 6: the first row of the file is the right edge of what was photographed."""
    array = np.zeros((30, 20, 3), np.uint8)
    array[:15] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind, options in (("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {"lossless": True})):
        content = saved(Image.fromarray(array), kind, exif=exif, **options)
        seen = read_picture(content, "photo", item_shape=(3, 20, 20))
        assert seen[:, :, :8].max() < 10 and seen[:, :, -8:].min() > 245, kind


def test_damaged_camera_data_costs_no_picture() -> None:
    content = saved(Image.new("RGB", (16, 16), "white"), "JPEG", exif=b"Exif\0\0no such thing")
    assert read_picture(content, "photo", item_shape=(3, 16, 16)).min() > 250


# Below and above the limits at which Pillow itself warns, and refuses.
@pytest.mark.parametrize(
    ("width", "height"), [(8_000, 7_000), (12_000, 9_000), (20_000, 10_000), (2**31 - 1,) * 2]
)
def test_a_picture_too_large_is_refused_by_its_size(width: int, height: int) -> None:
    words = f"'huge.png' has {width:,} x {height:,} pixels; at most 50,000,000.*make it smaller"
    with pytest.raises(DataError, match=words):
        read_picture(header_only(width, height), "huge.png", item_shape=(3, 16, 16))


@pytest.mark.parametrize("content", [b"", b"no picture", header_only(16, 16)])
def test_what_is_no_picture_is_named(content: bytes) -> None:
    with pytest.raises(DataError, match="'odd.png' cannot be read.*PNG or a JPEG"):
        read_picture(content, "odd.png", item_shape=(3, 16, 16))
