"""Archives made to fill memory, to lead out of their folder, or to contradict themselves."""

import errno
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ae_core.data import limits
from ae_core.data.own_files import add_file
from ae_core.data.store import fingerprint_items
from ae_core.errors import DataError
from ae_core.locations import data_dir
from tests.attacks import archives
from tests.attacks.memory import MOST_MIB, outcome_of_adding

MIB = 2**20
IMAGES = archives.npy(np.zeros((30, 9, 9), np.uint8))
PICTURES = {name.encode(): content for name, content in archives.pictures().items()}


def nothing_was_stored() -> bool:
    return not data_dir().exists() or not list(data_dir().iterdir())


# --- Memory: each of these files is small, and was made to fill gigabytes --------------------


def declared_but_absent(path: Path) -> Path:
    """An array that says it has 240 MB, of which nothing follows."""
    return archives.write_zip(path, {"images.npy": archives.npy_header((1_000_000, 16, 15))})


def array_of_zeros(path: Path) -> Path:
    head = archives.npy_header((250_000, 40, 40))
    return archives.write_zip(path, {"images.npy": archives.zeros(400_000_000, head)})


def header_of_gigabytes(path: Path) -> Path:
    """Version 2 of the format has 32 bits for the length of its header."""
    head = b"\x93NUMPY\x02\x00" + struct.pack("<L", 2**32 - 1)
    return archives.write_zip(path, {"images.npy": archives.zeros(400 * MIB, head)})


def wide_texts(path: Path) -> Path:
    """30 empty texts in an array that keeps each as a million characters."""
    head = archives.npy_header((30,), "<U1000000")
    texts = archives.zeros(120_000_000, head)
    return archives.write_zip(path, {"images.npy": IMAGES, "word.npy": texts})


def many_texts(path: Path) -> Path:
    """A million different texts."""
    head = archives.npy_header((1_000_000,), "<U70")
    images = archives.zeros(64_000_000, archives.npy_header((1_000_000, 8, 8)))

    def texts() -> Iterator[bytes]:
        yield head
        for start in range(0, 1_000_000, 1000):
            block = [f"{number:070}" for number in range(start, start + 1000)]
            yield np.array(block, "<U70").tobytes()

    return archives.write_zip(path, {"images.npy": images, "word.npy": texts()})


def huge_picture_file(path: Path) -> Path:
    files: dict[str, bytes | Iterable[bytes]] = {**archives.pictures()}
    return archives.write_zip(path, {**files, "000.png": archives.zeros(400 * MIB)})


def table(content: Iterable[bytes]) -> dict[str, bytes | Iterable[bytes]]:
    return {**archives.pictures(), "metadata.csv": content}


def table_of_commas(path: Path) -> Path:
    return archives.write_zip(path, table([b"," * MIB] * 400))


def table_of_cells(path: Path) -> Path:
    head = b"file_name" + b",x" * 900 + b"\n"
    row = b"000.png" + b"," * 900 + b"\n"
    return archives.write_zip(path, table([head, *([row * 1000] * 140)]))


def table_of_texts(path: Path) -> Path:
    rows = (
        "".join(f"none.png,{n:09},{n:09}x,{n:09}y\n" for n in range(start, start + 10_000)).encode()
        for start in range(0, 990_000, 10_000)
    )
    return archives.write_zip(path, table([b"file_name,a,b,c\n", *rows]))


def table_with_an_open_quote(path: Path) -> Path:
    return archives.write_zip(path, table([b'file_name\n"', *([b"abcdefg\n" * 131_072] * 120)]))


def table_of_one_row(path: Path) -> Path:
    """One row over millions of lines: each cell ends on the next."""
    return archives.write_zip(path, table([b'file_name\n"', *([b'","\n' * 262_144] * 60)]))


def many_names(path: Path) -> Path:
    """A list of 700,000 files with long names that all lie nowhere."""
    name = b"%07d" + b"x" * 93 + b".png"
    entries = [archives.entry(name % number, b"", 0) for number in range(700_000)]
    return archives.by_hand(path, archives.local(b"a", b"x" * 60), entries)


def many_files(path: Path) -> Path:
    return archives.long_list(path, limits.MAX_LIST_BYTES - 100)


@pytest.mark.parametrize(
    ("make", "ending", "words"),
    [
        (declared_but_absent, "npz", "`images` is shorter than its header says"),
        (array_of_zeros, "npz", "over 200 times as much"),
        (header_of_gigabytes, "npz", "header of 'images' is not of NumPy's usual form"),
        (wide_texts, "npz", ""),
        (many_texts, "npz", "attributes take more than 128 MiB"),
        (huge_picture_file, "zip", "'000.png' has more than 64 MiB unpacked"),
        (table_of_commas, "zip", "a row of over 1,048,576 characters"),
        (table_of_cells, "zip", "more than 10,000,000 cells"),
        (table_of_texts, "zip", "names 990000 pictures that are not in the zip"),
        (table_with_an_open_quote, "zip", "metadata.csv cannot be read"),
        (table_of_one_row, "zip", "a row of over 1,048,576 characters"),
        (many_names, "zip", "list of files takes more than 16 MiB"),
        (many_files, "zip", "method 300, not by deflate"),
    ],
)
def test_a_bomb_takes_little_memory(
    tmp_path: Path, make: Callable[[Path], Path], ending: str, words: str
) -> None:
    path = make(tmp_path / f"bomb.{ending}")
    outcome = outcome_of_adding(path, size=16)
    print(f"\n{make.__name__}: {path.stat().st_size >> 10:,} KiB, {outcome.mib:.0f} MiB")
    assert outcome.mib < MOST_MIB
    assert words in outcome.said and bool(words) == bool(outcome.said)
    assert nothing_was_stored() == bool(words)


# --- Lies: what an archive says of itself and what is in it -----------------------------------


def refusal(path: Path) -> str:
    """The words in which a file is refused; nothing is stored then."""
    with pytest.raises(DataError) as caught:
        add_file(path, "bad", size=16)
    assert nothing_was_stored()
    return str(caught.value)


def test_an_honest_archive_written_by_hand_is_read(tmp_path: Path) -> None:
    """The lies below differ from this one in one number each."""
    made = add_file(archives.honest(tmp_path / "a.zip", PICTURES), "good", size=16)
    assert made.items.shape == (24, 1, 16, 16)


@pytest.mark.parametrize(
    ("lies", "words"),
    [
        ({"flags": 1}, "it is encrypted"),
        ({"method": 12}, "method 12, not by deflate"),
        ({"method": 14}, "method 14, not by deflate"),
        ({"method": 8}, "cannot be unpacked"),
        ({"size": 10}, "not 10 as declared"),
        ({"size": 2**31}, "not 2,147,483,648 as declared"),
        ({"size": 2**32 - 1}, "not 4,294,967,295 as declared"),
        ({"size": 10, "checksum": zlib.crc32(PICTURES[b"003.png"][:10])}, "Bad CRC-32"),
        ({"packed": 10}, "Bad CRC-32"),
        ({"packed": 10, "checksum": zlib.crc32(PICTURES[b"003.png"][:10])}, "it has 10 bytes, not"),
        ({"packed": 2**31}, "names places outside of it"),
        ({"packed": 400}, "share bytes"),
        ({"checksum": 1}, "Bad CRC-32"),
        ({"offset": 2**31}, "names places outside of it"),
        ({"offset": 3}, "share bytes"),
        ({"offset": 0}, "share bytes"),
    ],
    ids=str,
)
def test_a_file_that_is_not_as_declared_is_refused(
    tmp_path: Path, lies: dict[str, int], words: str
) -> None:
    path = archives.honest(tmp_path / "a.zip", PICTURES, lying=b"003.png", **lies)
    assert words in refusal(path)


@pytest.mark.parametrize(
    "lies",
    [
        {"n_bytes": 2**31},
        {"n_bytes": 10**6},
        {"n_bytes": 5},
        {"offset": 2**31},
        {"n_bytes": 2**32 - 1, "offset": 2**32 - 1},
    ],
    ids=str,
)
def test_a_list_of_files_that_is_elsewhere_is_refused(tmp_path: Path, lies: dict[str, int]) -> None:
    body = b"".join(archives.local(name, content) for name, content in PICTURES.items())
    entries = [archives.entry(b"000.png", PICTURES[b"000.png"], 0)]
    assert "cannot be read as a zip" in refusal(
        archives.by_hand(tmp_path / "a.zip", body, entries, **lies)
    )


def test_files_that_overlap_are_refused(tmp_path: Path) -> None:
    """Each file's content is the next file with its header, and so on: quadratic growth."""
    names = [b"%03d.png" % number for number in range(24)]
    content, places, body = b"x" * 1000, [], b""
    for name in reversed(names):
        body = archives.local(name, content + body)
    at = 0
    for name in names:
        places.append(at)
        at += 30 + len(name) + 1000
    entries = [
        archives.entry(name, body[place + 30 + len(name) :], place)
        for name, place in zip(names, places, strict=True)
    ]
    assert "share bytes" in refusal(archives.by_hand(tmp_path / "a.zip", body, entries))


def test_many_names_for_the_same_bytes_are_refused(tmp_path: Path) -> None:
    body = archives.local(b"000.png", PICTURES[b"000.png"])
    entries = [archives.entry(name, PICTURES[b"000.png"], 0) for name in PICTURES]
    assert "share bytes" in refusal(archives.by_hand(tmp_path / "a.zip", body, entries))


@pytest.mark.parametrize(
    "name",
    [
        "../out.png",
        "a/../../out.png",
        "/etc/out.png",
        "..\\out.png",
        "C:\\out.png",
        "\\\\host\\out.png",
        "a\0.png",
        "x" * 2000 + ".png",
    ],
)
def test_names_that_lead_out_or_are_none_are_refused(tmp_path: Path, name: str) -> None:
    files = {**PICTURES, name.encode(): PICTURES[b"000.png"]}
    said = refusal(archives.honest(tmp_path / "a.zip", files))
    assert "leads out of it" in said or "at most 1,024 bytes" in said
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".png"] == []


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    body, entries = b"", []
    for name, content in [*PICTURES.items(), (b"003.png", PICTURES[b"004.png"])]:
        entries.append(archives.entry(name, content, len(body)))
        body += archives.local(name, content)
    assert "'003.png' twice" in refusal(archives.by_hand(tmp_path / "a.zip", body, entries))


def test_a_zip_in_a_zip_is_not_opened(tmp_path: Path) -> None:
    inner = archives.write_zip(tmp_path / "inner.zip", {**archives.pictures()}).read_bytes()
    outer = archives.write_zip(tmp_path / "outer.zip", {"inner.zip": inner})
    assert "holds no pictures" in refusal(outer)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_gigabytes_at_a_step_are_refused(tmp_path: Path, method: int) -> None:
    path = archives.write_zip(tmp_path / "a.zip", {**archives.pictures()}, method)
    assert "not by deflate" in refusal(path)


def test_a_zip_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    whole = archives.write_zip(tmp_path / "a.zip", {**archives.pictures()}).read_bytes()
    for n_bytes in range(0, len(whole), 97):
        (tmp_path / "a.zip").write_bytes(whole[:n_bytes])
        refusal(tmp_path / "a.zip")


def test_any_byte_changed_is_refused_or_changes_no_picture(tmp_path: Path) -> None:
    """Checksums: a picture that comes in is the one that was packed."""
    whole = archives.write_zip(tmp_path / "a.zip", {**archives.pictures()}).read_bytes()
    rng = np.random.default_rng(0)
    n_stored = 0
    for number in range(60):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        (tmp_path / "a.zip").write_bytes(changed)
        try:
            made = add_file(tmp_path / "a.zip", f"set-{number}", size=16)
        except DataError:
            continue
        n_stored += 1
        greys = made.items[:, 0, 5, 5]  # a name may have changed, and with it the order
        assert len(set(greys)) == len(greys) and max(greys) < 24
        assert (made.items == greys[:, None, None, None]).all()
    assert n_stored < 60


# --- Arrays ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\x93NUMPY\x01\x00\x00\x00", "not of NumPy's usual form"),
        (b"\x93NUMPY\x03\x00\x10\x00\x00\x00" + b"{}" + b" " * 14, "not of NumPy's usual form"),
        (b"\x93NUMPY\x01\x00\x10\x27" + b"(" * 10_000, "header of 'images' cannot be read"),
        (b"\x93NUMPY\x01\x00\x10\x27" + b"-" * 10_000, "header of 'images' cannot be read"),
        (archives.npy_header((-5, 9, 9)), "below 0"),
        (archives.npy_header((2**62, 2**62, 2**62)), "8 to 128 pixels"),
        (archives.npy_header((30, 9, 9), "|O"), "Python objects"),
        (archives.npy_header((31, 9, 9)), "shorter than its header says"),
        (archives.npy_header((29, 9, 9)), "longer than its header says"),
    ],
)
def test_headers_that_lie_are_refused(tmp_path: Path, head: bytes, words: str) -> None:
    path = archives.write_zip(tmp_path / "a.npz", {"images.npy": head + bytes(30 * 81)})
    assert words in refusal(path)


def test_only_arrays_that_are_used_are_unpacked(tmp_path: Path) -> None:
    """The other one's bytes are damaged: whoever read it would say so."""
    other = archives.npy(np.arange(100_000.0))
    files = {b"images.npy": IMAGES, b"other.npy": other}
    path = archives.honest(tmp_path / "a.npz", files, lying=b"other.npy", checksum=1)
    assert add_file(path, "good").visible_attributes() == []


def test_too_many_arrays_are_refused(tmp_path: Path) -> None:
    names = {f"column-{number}.npy": archives.npy(np.zeros(30)) for number in range(1001)}
    assert "at most 1,000" in refusal(
        archives.write_zip(tmp_path / "a.npz", {"images.npy": IMAGES, **names})
    )


@pytest.mark.parametrize("layout", ["(N, H, W)", "(N, H, W, 3)", "(N, 3, H, W)"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_pictures_read_in_pieces_are_those_of_the_array(
    tmp_path: Path, layout: str, order: str
) -> None:
    """More than one block, in both orders that NumPy writes."""
    items = np.random.default_rng(0).integers(0, 256, (2000, 3, 40, 50), np.uint8)
    given = items[:, 0] if layout == "(N, H, W)" else items
    given = items.transpose(0, 2, 3, 1) if layout == "(N, H, W, 3)" else given
    np.savez(tmp_path / "a.npz", images=np.asarray(given, order=order))  # type: ignore[call-overload]
    made = add_file(tmp_path / "a.npz", "mine")
    np.testing.assert_array_equal(made.items, items if given.ndim == 4 else items[:, :1])
    assert made.about.fingerprint == fingerprint_items(made.items)


# --- The disk --------------------------------------------------------------------------------


def test_what_the_disk_has_no_room_for_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = "ae_core.data.new_sets.shutil.disk_usage"
    monkeypatch.setattr(free, lambda _: type("Usage", (), {"free": 300 * MIB}))
    head = archives.npy_header((20_000, 64, 64))
    path = archives.write_zip(tmp_path / "a.npz", {"images.npy": head})
    assert "needs 78 MiB of disk" in refusal(path)


@pytest.mark.parametrize("ending", ["zip", "npz"])
def test_a_disk_that_fills_on_the_way_is_not_taken_for_a_bad_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    files = {**archives.pictures()} if ending == "zip" else {"images.npy": IMAGES}
    path = archives.write_zip(tmp_path / f"a.{ending}", files)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ae_core.data.new_sets.np.lib.format.write_array_header_1_0", full)
    with pytest.raises(OSError, match="No space left"):
        add_file(path, "bad", size=16)
    assert nothing_was_stored()


def test_a_data_set_of_tens_of_gigabytes_is_refused(tmp_path: Path) -> None:
    head = archives.npy_header((1_000_001, 8, 8))
    path = archives.write_zip(tmp_path / "a.npz", {"images.npy": head})
    assert "20 to 1,000,000 items" in refusal(path)


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    """Ten times the pictures, 370 MB of them instead of 37, take hardly more memory."""
    peaks = []
    for n in (3_000, 30_000):
        head = archives.npy_header((n, 64, 64, 3))
        rows = np.random.default_rng(0).integers(0, 256, (100, 64, 64, 3), np.uint8).tobytes()
        files = {"images.npy": [head, *([rows] * (n // 100))]}
        path = archives.write_zip(tmp_path / f"{n}.npz", files, zipfile.ZIP_STORED)
        peaks.append(outcome_of_adding(path).mib)
    print(f"\n3,000 pictures: {peaks[0]:.0f} MiB, 30,000 pictures: {peaks[1]:.0f} MiB")
    assert peaks[1] < peaks[0] + 30
