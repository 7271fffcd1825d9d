"""Adding files: the usual layouts come in whole, everything else is refused and leaves nothing."""

import io
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ae_core.data import own_pictures
from ae_core.data.catalogue import list_data_sets, load_data_set, remove_data_set
from ae_core.data.items import Picture
from ae_core.data.own_files import add_arrays, add_file, add_zip
from ae_core.errors import AeCoreError, DataError
from ae_core.locations import data_dir

IMAGES = np.zeros((30, 9, 9), np.uint8)


def picture(index: int, size: tuple[int, int] = (20, 30)) -> bytes:
    """A PNG whose left half is red as its index, whose right half is blue."""
    array = np.zeros((size[1], size[0], 3), np.uint8)
    array[:, : size[0] // 2, 0] = index
    array[:, size[0] // 2 :, 2] = 255
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def make_zip(path: Path, n_pictures: int = 24, extra: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(n_pictures):
            archive.writestr(f"pictures/{index:03}.png", picture(index))
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def metadata(names: list[str], **columns: Sequence[object]) -> bytes:
    return pd.DataFrame({"file_name": names, **columns}).to_csv(index=False).encode()


def nothing_was_stored() -> bool:
    return not data_dir().exists() or not list(data_dir().iterdir())


def test_zip_pictures_and_attributes_belong_together(tmp_path: Path) -> None:
    order = [f"{index:03}.png" for index in reversed(range(24))]
    table = metadata(order, red=list(reversed(range(24))), bright=[1, 0] * 12)
    path = make_zip(tmp_path / "a.zip", extra={"metadata.csv": table})
    data_set = add_zip(path, "mine", size=16)
    assert data_set.items.shape == (24, 3, 16, 16)
    # The square is cut from the middle, so the left edge is still red, the right edge blue.
    np.testing.assert_array_equal(data_set.items[:, 0, 8, 0], data_set.attributes["red"])
    np.testing.assert_array_equal(data_set.items[:, 2, 8, -1], 255)
    assert data_set.attributes["bright"].dtype == bool
    assert data_set.attributes["bright"].sum() == 12


def test_folders_are_labels_without_metadata(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(30):
            archive.writestr(f"all/{'cat' if index % 3 else 'dog'}/{index}.png", picture(index))
    labels = add_zip(tmp_path / "a.zip", "pets", size=16).attributes["label"]
    assert labels.value_counts().to_dict() == {"cat": 20, "dog": 10}


def test_grey_pictures_keep_one_channel(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(20):
            buffer = io.BytesIO()
            Image.new("L", (16, 16), index).save(buffer, "PNG")
            archive.writestr(f"{index:02}.png", buffer.getvalue())
    data_set = add_zip(tmp_path / "a.zip", "grey", size=16)
    np.testing.assert_array_equal(data_set.items[:, 0, 3, 3], np.arange(20))
    assert data_set.about.item == Picture(size=(1, 16, 16))


def test_every_folder_may_have_a_table_of_its_own(tmp_path: Path) -> None:
    """Both folders hold 00.png to 19.png; each table means its own folder's."""
    names = [f"{index:02}.png" for index in range(20)]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index, name in enumerate(names):
            archive.writestr(f"a/{name}", picture(index))
            archive.writestr(f"b/sub/{name}", picture(100 + index))
        of_a = metadata(names, red=range(20), word=["x"] * 20, flag=[0, 1] * 10)
        archive.writestr("a/metadata.csv", of_a)
        in_b = [f"sub/{name}" for name in names]
        archive.writestr("b/metadata.csv", metadata(in_b, red=range(100, 120), size=[2.5] * 20))
    data_set = add_zip(tmp_path / "a.zip", "both", size=16)
    attributes = data_set.attributes
    np.testing.assert_array_equal(data_set.items[:, 0, 8, 0], attributes["red"])
    assert sorted(attributes["red"]) == [*range(20), *range(100, 120)]
    in_a = attributes["red"] < 100
    for name in ("word", "flag", "size"):  # only one of the two tables has it: missing elsewhere
        np.testing.assert_array_equal(attributes[name].isna(), in_a == (name == "size"))
    assert set(attributes["word"].dropna()) == {"x"} and set(attributes["size"].dropna()) == {2.5}


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("all/metadata.csv", "été/{}.png"),  # from the table's own folder
        ("all/metadata.csv", "all/été/{}.png"),  # its path in the zip
        ("metadata.csv", "all/été/{}.png"),  # both
        ("metadata.csv", unicodedata.normalize("NFD", "all/été/{}.png")),  # as a Mac writes it
        ("other/metadata.csv", "{}.png"),  # its bare name, where only one picture has it
    ],
)
def test_a_row_finds_its_picture(tmp_path: Path, table: str, named: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(20):
            archive.writestr(f"all/été/{index}.png", picture(index))
        names = [named.format(index) for index in reversed(range(20))]
        archive.writestr(table, metadata(names, red=list(reversed(range(20)))))
    data_set = add_zip(tmp_path / "a.zip", "mine", size=16)
    np.testing.assert_array_equal(data_set.items[:, 0, 8, 0], data_set.attributes["red"])


def test_the_tables_own_folder_comes_first(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(20):
            archive.writestr(f"sub/{index}.png", picture(200))
            archive.writestr(f"all/sub/{index}.png", picture(index))
        names = [f"sub/{index}.png" for index in range(20)]
        archive.writestr("all/metadata.csv", metadata(names, red=range(20)))
    data_set = add_zip(tmp_path / "a.zip", "mine", size=16)
    np.testing.assert_array_equal(data_set.items[:, 0, 8, 0], data_set.attributes["red"])


def test_a_name_that_several_pictures_have_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(20):
            archive.writestr(f"a/{index}.png", picture(index))
            archive.writestr(f"b/{index}.png", picture(100 + index))
        names = ["a/0.png", *(f"{index}.png" for index in range(1, 20))]
        archive.writestr("metadata.csv", metadata(names))
    words = r"Row 3 of metadata.csv names '1.png'.*a/1.png, b/1.png.*write its whole path"
    with pytest.raises(DataError, match=words):
        add_zip(tmp_path / "a.zip", "bad", size=16)
    assert nothing_was_stored()


def test_a_picture_that_two_tables_name_is_refused(tmp_path: Path) -> None:
    names = [f"{index:03}.png" for index in range(24)]
    tables = {path: metadata(names) for path in ("metadata.csv", "pictures/metadata.csv")}
    path = make_zip(tmp_path / "a.zip", extra=tables)
    words = "metadata.csv and pictures/metadata.csv both name.*pictures/000.png.*leave it out"
    with pytest.raises(DataError, match=words):
        add_zip(path, "bad", size=16)
    assert nothing_was_stored()


def test_16_bits_of_grey_keep_one_channel(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(20):
            buffer = io.BytesIO()
            Image.fromarray(np.full((16, 16), 257 * index, np.uint16)).save(buffer, "PNG")
            archive.writestr(f"{index:02}.png", buffer.getvalue())
    data_set = add_zip(tmp_path / "a.zip", "grey", size=16)
    np.testing.assert_array_equal(data_set.items[:, 0, 3, 3], np.arange(20))
    assert data_set.about.item == Picture(size=(1, 16, 16))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (
            {"pictures/broken.png": picture(1)[:60]},
            "broken.png.*cannot be read.*Nothing was stored",
        ),
        ({"pictures/text.jpg": b"no picture"}, "text.jpg.*cannot be read"),
        ({"metadata.csv": b"name,smile\na,1\n"}, "column `file_name`"),
        ({"metadata.csv": metadata(["000.png", "gone.png"])}, "not in the zip.*gone.png"),
        ({"metadata.csv": b"file_name,x\n,1\n"}, "not in the zip.*''"),
        ({"deep/er/metadata.csv": b"x\n1\n"}, "deep/er/metadata.csv must have"),
        ({"metadata.csv": b""}, "metadata.csv cannot be read"),
        ({"metadata.csv": b"\xff\xfe\x00file_name"}, "metadata.csv"),
    ],
)
def test_a_bad_zip_is_refused_whole(tmp_path: Path, extra: dict[str, bytes], words: str) -> None:
    path = make_zip(tmp_path / "a.zip", extra=extra)
    with pytest.raises(DataError, match=words):
        add_zip(path, "bad", size=16)
    assert nothing_was_stored()


@pytest.mark.parametrize("name", ["pictures/007.png", "metadata.csv"])
def test_a_damaged_file_in_a_zip_is_named(tmp_path: Path, name: str) -> None:
    """Its packed bytes are noise: the zip's list of files is whole, one of them is not."""
    table = metadata([f"{index:03}.png" for index in range(24)])
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(24):
            archive.writestr(f"pictures/{index:03}.png", picture(index))
        archive.writestr("metadata.csv", table)
        start = archive.getinfo(name).header_offset + 30 + len(name)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[start : start + 20] = b"\xff" * 20
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataError, match=f"'{name}' cannot be unpacked"):
        add_zip(tmp_path / "a.zip", "bad", size=16)
    assert nothing_was_stored()


@pytest.mark.parametrize("name", ["bomb.png", "metadata.csv"])
def test_a_file_made_to_explode_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(own_pictures, "MAX_PICTURE_BYTES", 2**20)
    monkeypatch.setattr(own_pictures, "MAX_TABLE_BYTES", 2**20)
    path = make_zip(tmp_path / "a.zip", extra={name: b"file_name\n" * 400_000})
    with pytest.raises(DataError, match=f"'{name}' has more than 1 MiB unpacked"):
        add_zip(path, "bad", size=16)


def test_not_a_zip_no_pictures_too_few(tmp_path: Path) -> None:
    text = tmp_path / "a.zip"
    text.write_bytes(b"PK no zip")
    with pytest.raises(DataError, match="cannot be read as a zip"):
        add_zip(text, "bad")
    with pytest.raises(DataError, match="holds no pictures"):
        add_zip(make_zip(tmp_path / "b.zip", 0, {"readme.txt": b"x"}), "bad")
    with pytest.raises(DataError, match="needs 20 to"):
        add_zip(make_zip(tmp_path / "c.zip", 3), "bad", size=16)
    with pytest.raises(DataError, match="8 to 128"):
        add_zip(make_zip(tmp_path / "d.zip"), "bad", size=4000)
    with pytest.raises(DataError, match="must be a .npz"):
        add_file(tmp_path / "e.tar", "bad")
    assert nothing_was_stored()


def test_arrays_keep_order_labels_and_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    train, test = (
        rng.integers(0, 256, (30, 9, 11), np.uint8),
        rng.integers(0, 256, (20, 9, 11), np.uint8),
    )
    path = tmp_path / "a.npz"
    np.savez(
        path, train_images=train, test_images=test,
        train_labels=np.arange(30) % 3, test_labels=np.arange(20) % 2,
    )  # fmt: skip
    data_set = add_arrays(path, "mine")
    fitted, held_out = data_set.split()
    np.testing.assert_array_equal(data_set.items[fitted][:, 0], train)
    np.testing.assert_array_equal(data_set.items[held_out][:, 0], test)
    assert data_set.attributes["label"].tolist()[:4] == ["0", "1", "2", "0"]
    assert data_set.visible_attributes() == ["label"]


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_colour_arrays_come_in_either_layout(tmp_path: Path, layout: str) -> None:
    items = np.random.default_rng(0).integers(0, 256, (25, 3, 10, 12), np.uint8)
    given = items if layout == "NCHW" else items.transpose(0, 2, 3, 1)
    np.savez(tmp_path / "a.npz", images=given)
    np.testing.assert_array_equal(add_arrays(tmp_path / "a.npz", "mine").items, items)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(30) % 2 == 0,
        np.arange(30, dtype=">i2"),
        np.full(30, 2**64 - 1, np.uint64),
        np.arange(30, dtype=np.float16),
        np.array([np.nan, np.inf, 1.5] * 10),
        np.array(["x" * 100_000, "été"] * 15),
    ],
    ids=lambda values: str(values.dtype),
)
def test_flags_numbers_and_text_become_attributes_unchanged(
    tmp_path: Path, values: np.ndarray
) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES, mine=values)
    kept = add_arrays(tmp_path / "a.npz", "mine").attributes["mine"].to_numpy()
    np.testing.assert_array_equal(kept, values)


def test_what_is_no_array_is_passed_over(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES)
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("readme.txt", "thirty black squares")
    assert add_arrays(tmp_path / "a.npz", "mine").attributes.columns.empty


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"pictures": np.zeros((30, 9, 9), np.uint8)}, "holds pictures"),
        ({"images": np.zeros((30, 9, 9))}, "uint8.*float64.*multiply by 255"),
        ({"images": np.zeros((30, 9), np.uint8)}, "shape"),
        ({"images": np.zeros((30, 400, 9), np.uint8)}, "8 to 128 pixels"),
        ({"images": np.zeros((30, 9, 9), np.uint8), "labels": np.zeros(7)}, "one value a picture"),
        ({"images": np.zeros((2, 9, 9), np.uint8)}, "needs 20"),
        ({"images": np.zeros(())}, "uint8.*float64"),
        ({"images": np.uint8(0)}, "shape"),
        ({"images": np.array([{}] * 30, dtype=object)}, "without Python objects"),
        ({"images": IMAGES, "x": np.array([{}] * 30, dtype=object)}, "without Python objects"),
        ({"images": IMAGES, "labels": np.array(3)}, "one value a picture"),
        ({"images": IMAGES, "labels": np.zeros((30, 2))}, "one value a picture"),
        ({"images": IMAGES, "x": np.zeros(30, complex)}, "`x` must be.*complex128.*leave it out"),
        ({"images": IMAGES, "labels": np.zeros(30, complex)}, "`labels` must be.*complex128"),
        ({"images": IMAGES, "x": np.zeros(30, "i4,f4")}, "`x` must be.*f0.*f1"),
        ({"images": IMAGES, "x": np.zeros(30, "V4")}, "`x` must be.*V4"),
        ({"images": IMAGES, "x": np.zeros(30, np.longdouble)}, "64 bits"),
        ({"images": IMAGES, "x": np.zeros(30, "datetime64[D]")}, r"datetime64\[D\]"),
        ({"images": IMAGES, "x": np.zeros(30, "timedelta64")}, "timedelta64"),
        ({"images": IMAGES, "x": np.array([b"\xff"] * 30)}, r"\|S1.*astype\(str\)"),
        ({"images": IMAGES, "x": np.array(["\ud800"] * 30)}, "`x`.*no Unicode"),
    ],
)
def test_bad_arrays_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], words: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=words):
        add_arrays(tmp_path / "a.npz", "bad")
    assert nothing_was_stored()


def test_truncated_archive_and_missing_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((30, 9, 9), np.uint8))
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "b.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read as a NumPy archive"):
        add_arrays(tmp_path / "b.npz", "bad")
    with pytest.raises(DataError, match="no file"):
        add_arrays(tmp_path / "gone.npz", "bad")


def test_a_lone_array_and_an_array_too_large_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "lone.npz").open("wb") as file:
        np.save(file, IMAGES)
    with pytest.raises(DataError, match="cannot be read as a NumPy archive.*np.savez"):
        add_arrays(tmp_path / "lone.npz", "bad")
    header = io.BytesIO()
    shape = {"descr": "|u1", "fortran_order": False, "shape": (10**13, 9, 9)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("images.npy", header.getvalue())
    with pytest.raises(DataError, match="20 to 1,000,000 items.*has 10,000,000,000,000"):
        add_arrays(tmp_path / "huge.npz", "bad")


def test_damaged_bytes_in_an_archive_are_said(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=IMAGES)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[60:80] = b"\xff" * 20
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as a NumPy archive"):
        add_arrays(tmp_path / "a.npz", "bad")


def test_names_that_are_taken_or_unsafe(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip")
    add_zip(path, "mine", size=16)
    for name in ("mine", "faces", "digits"):
        with pytest.raises(DataError, match="exists already"):
            add_zip(path, name, size=16)
    with pytest.raises(AeCoreError, match="`name`"):
        add_zip(path, "../mine", size=16)


def test_a_set_can_be_removed_but_not_an_embedded_one(tmp_path: Path) -> None:
    add_zip(make_zip(tmp_path / "a.zip"), "mine", size=16)
    assert "mine" in list_data_sets()
    remove_data_set("mine")
    assert "mine" not in list_data_sets()
    with pytest.raises(DataError, match="no data set 'mine'"):
        load_data_set("mine")
    with pytest.raises(DataError, match="only a data set of your own"):
        remove_data_set("digits")


@pytest.mark.shared_data
def test_real_archives_come_in_whole(shared_data: Path) -> None:
    mnist = add_file(shared_data / "mnist.npz", "mnist")
    assert mnist.items.shape == (70_000, 1, 28, 28)
    fitted, held_out = mnist.split()
    assert (len(fitted), len(held_out)) == (60_000, 10_000)
    assert mnist.attributes["label"].nunique() == 10
    celeba = add_file(shared_data / "celeba10k.zip", "celeba", size=64)
    assert celeba.items.shape == (10_000, 3, 64, 64)
    # The counts that the data's own description gives.
    assert celeba.attributes["Eyeglasses"].sum() == 674
    women = ~celeba.attributes["Male"]
    assert (celeba.attributes["Eyeglasses"] & women).sum() == 150
