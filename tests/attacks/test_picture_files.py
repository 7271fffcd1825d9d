"""Picture files made to fill memory or to reach readers that nobody meant to call."""

import io
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ae_core.data.pictures import read_picture
from ae_core.errors import DataError
from tests.attacks.memory import MOST_MIB, Outcome, outcome_of
from tests.core.data.test_pictures import chunk, header_only, saved

LARGE = (7_000, 7_000)


def outcome_of_reading(path: Path) -> Outcome:
    return outcome_of(
        "read_picture(Path(sys.argv[1]).read_bytes(), 'bomb', item_shape=(3, 64, 64))",
        str(path),
        imports="from ae_core.data.pictures import read_picture",
    )


def png_with(*chunks: bytes) -> bytes:
    """A small PNG with these chunks before its pixels."""
    plain = saved(Image.new("RGB", (16, 16)))
    after_header = 8 + 25
    return plain[:after_header] + b"".join(chunks) + plain[after_header:]


def packed_zeros(n_bytes: int) -> bytes:
    return zlib.compress(bytes(n_bytes), 9)


def many_texts() -> bytes:
    text = chunk(b"zTXt", b"word\0\0" + packed_zeros(900_000))
    return png_with(*([text] * 400))


def large(mode: str, kind: str, size: tuple[int, int] = LARGE, **options: object) -> bytes:
    return saved(Image.new(mode, size, 7), kind, **options)


def animation(kind: str) -> bytes:
    frames = [Image.new("RGB", (256, 256), (0, index % 256, index // 256)) for index in range(3000)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def rle_bitmap() -> bytes:
    """Few bytes of run lengths for 49 million pixels, which Python would unpack one by one."""
    header = struct.pack("<LllHHLLllLL", 40, *LARGE, 1, 8, 1, 0, 0, 0, 256, 0)
    start = 14 + 40 + 1024
    body = bytes(1024) + b"\x01\x05\x00\x00" * 4000
    return b"BM" + struct.pack("<LHHL", start + len(body), 0, 0, start) + header + body


def many_passes() -> bytes:
    """A progressive JPEG of a few KB whose last pass comes 500 times."""
    whole = large("RGB", "JPEG", (3_000, 3_000), progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * 500 + whole[-2:]


# What each kind of file takes, and how it ends: "" is read, else words of the refusal.
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "PNG of a gigapixel": (lambda: header_only(40_000, 40_000), "at most 50,000,000"),
    "PNG, 50 million pixels": (lambda: large("RGB", "PNG"), ""),
    "PNG, transparent": (lambda: large("RGBA", "PNG"), ""),
    "PNG, palette": (lambda: large("P", "PNG"), ""),
    "PNG, 16 bits": (lambda: large("I;16", "PNG"), ""),
    "PNG, one text": (
        lambda: png_with(chunk(b"zTXt", b"word\0\0" + packed_zeros(300_000_000))),
        "cannot be read",
    ),
    "PNG, many texts": (many_texts, "cannot be read"),
    "PNG, colour profile": (
        lambda: png_with(chunk(b"iCCP", b"icc\0\0" + packed_zeros(300_000_000))),
        "cannot be read",
    ),
    "JPEG, 50 million pixels": (lambda: large("RGB", "JPEG"), ""),
    "JPEG, progressive": (
        lambda: large("RGB", "JPEG", progressive=True, subsampling=0),
        "takes 327 MiB to read as JPEG",
    ),
    "JPEG, 500 passes": (many_passes, "passes; of its size at most 111"),
    "WebP, 50 million pixels": (lambda: large("RGB", "WEBP"), "to read as WEBP"),
    "WebP, 16 million pixels": (lambda: large("RGB", "WEBP", (4_000, 4_000)), ""),
    "WebP, 3,000 frames": (lambda: animation("WEBP"), ""),
    "GIF, 50 million pixels": (lambda: large("L", "GIF"), ""),
    "GIF, 3,000 frames": (lambda: animation("GIF"), ""),
    "BMP, 50 million pixels": (lambda: large("L", "BMP"), ""),
    "BMP, run lengths": (rle_bitmap, "to read as BMP"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_picture_takes_little_memory_whatever_it_is(tmp_path: Path, name: str) -> None:
    make, words = BOMBS[name]
    (tmp_path / "bomb").write_bytes(make())
    outcome = outcome_of_reading(tmp_path / "bomb")
    size = (tmp_path / "bomb").stat().st_size >> 10
    print(f"\n{name}: {size:,} KiB, {outcome.mib:.0f} MiB, {outcome.said[:60]!r}")
    assert outcome.mib < MOST_MIB
    assert words in outcome.said and bool(words) == bool(outcome.said)


@pytest.mark.parametrize("kind", ["EPS", "TIFF", "PPM", "PDF", "TGA", "ICO", "PCX", "SGI"])
def test_readers_of_other_formats_are_never_called(kind: str) -> None:
    """Whatever the name says: Pillow knows dozens of formats, some with programs behind them."""
    content = saved(Image.new("RGB", (16, 16)), kind)
    with pytest.raises(DataError, match="it is no picture|cannot be read"):
        read_picture(content, "x.png", item_shape=(3, 16, 16))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_a_picture_under_another_format_s_name_is_read_for_what_it_is(kind: str) -> None:
    content = saved(Image.new("L", (16, 16), 200), kind)
    seen = read_picture(content, "x.png", item_shape=(1, 16, 16))
    np.testing.assert_allclose(seen, 200, atol=2)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_a_picture_cut_short_or_changed_is_refused_in_words_or_read(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    whole = saved(Image.fromarray(noise), kind)
    rng = np.random.default_rng(1)
    mutants = [whole[:n] for n in range(0, len(whole), 29)]
    for _ in range(300):
        changed = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            changed[place] = rng.integers(256)
        mutants.append(bytes(changed))
    for mutant in mutants:
        try:
            seen = read_picture(mutant, "mutant", item_shape=(3, 8, 8))
        except DataError as error:
            assert "mutant" in str(error)
        else:
            assert seen.shape == (3, 8, 8)


def test_of_an_animation_the_first_picture_is_taken() -> None:
    frames = [Image.new("L", (16, 16), grey) for grey in (10, 100, 200)]
    for kind in ("GIF", "PNG"):
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert (read_picture(content, "x", item_shape=(1, 16, 16)) == 10).all()


def test_pillow_s_settings_are_nobody_s_to_change() -> None:
    """Readers in several threads, as sessions of a server are: the limit was off for the others."""
    limit, seen = Image.MAX_IMAGE_PIXELS, set()
    contents = [header_only(20_000, 10_000), saved(Image.new("L", (64, 64)))]
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(Image.MAX_IMAGE_PIXELS)

    def read() -> None:
        for content in contents * 50:
            try:
                read_picture(content, "x", item_shape=(1, 16, 16))
            except DataError:
                continue

    watcher = threading.Thread(target=look)
    watcher.start()
    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    done.set()
    watcher.join()
    assert seen == {limit}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_picture_looks_like_the_same_one_read_whole(orientation: int) -> None:
    """Averaged down first, cut before it is turned: as Pillow turns, cuts and resizes the whole."""
    ramp = np.linspace(0, 255, 3000)
    array = np.stack(
        [np.tile(ramp, (2000, 1)), np.tile(ramp[:2000, None], (1, 3000)), np.zeros((2000, 3000))],
        axis=2,
    ).astype(np.uint8)
    array[300:900, 500:1100] = (200, 30, 90)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(Image.fromarray(array), exif=exif)
    seen = read_picture(content, "large", item_shape=(3, 32, 24))
    with Image.open(io.BytesIO(content)) as picture:
        upright = ImageOps.exif_transpose(picture)
    scale = min(upright.width / 24, upright.height / 32)
    width, height = round(24 * scale), round(32 * scale)
    left, top = (upright.width - width) // 2, (upright.height - height) // 2
    cut = upright.crop((left, top, left + width, top + height))
    expected = np.asarray(cut.resize((24, 32), Image.Resampling.LANCZOS)).transpose(2, 0, 1)
    assert np.abs(seen.astype(int) - expected).max() <= 8
    assert np.abs(seen.astype(int) - expected).mean() < 0.5
