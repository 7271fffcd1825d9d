"""Data sets on disk and in the catalogue."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ae_core.data import catalogue
from ae_core.data.items import Picture
from ae_core.data.store import make_data_set, read_data_set, write_data_set
from ae_core.errors import DataError


def small_set(n_items: int = 30, **columns: object) -> catalogue.DataSet:
    items = np.random.default_rng(1).integers(0, 256, (n_items, 1, 8, 8), np.uint8)
    return make_data_set(
        "small",
        items,
        Picture.of(items),
        pd.DataFrame(columns, index=range(n_items)),
        title="Small",
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = small_set(size=np.linspace(0, 1, 30), kind=["a", "b"] * 15)
    write_data_set(tmp_path / "small", made)
    read = read_data_set(tmp_path / "small")
    np.testing.assert_array_equal(read.items, made.items)
    pd.testing.assert_frame_equal(read.attributes, made.attributes)
    assert read.about == made.about


def test_items_cannot_be_written_through(tmp_path: Path) -> None:
    write_data_set(tmp_path / "small", small_set())
    with pytest.raises(ValueError, match="read-only"):
        read_data_set(tmp_path / "small").items[0] = 0


def test_a_set_is_never_overwritten(tmp_path: Path) -> None:
    write_data_set(tmp_path / "small", small_set())
    with pytest.raises(DataError, match="exists already"):
        write_data_set(tmp_path / "small", small_set())


def test_a_set_that_somebody_else_just_wrote_is_not_overwritten(
    tmp_path: Path, overtaken: list[Path]
) -> None:
    with pytest.raises(DataError, match="exists already"):
        write_data_set(tmp_path / "data" / "small", small_set())
    assert [folder.name for folder in (tmp_path / "data").iterdir()] == ["small"]


@pytest.mark.parametrize("name", ["faces", "digits"])
def test_two_that_make_an_embedded_set_at_once_both_have_it(
    name: str, home: Path, overtaken: list[Path]
) -> None:
    """The first pages of a first start do."""
    preview = catalogue.preview_data_set(name)
    assert len(overtaken) == 1 and len(preview.items) == catalogue.N_PREVIEW
    assert [folder.name for folder in (home / ".cache" / "data").iterdir()] == [overtaken[0].name]


@pytest.mark.parametrize("file", ["items.npy", "attributes.parquet", "about.json"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut"])
def test_a_damaged_file_is_named_with_a_remedy(tmp_path: Path, file: str, damage: str) -> None:
    write_data_set(tmp_path / "small", small_set(kind=["a", "b"] * 15))
    path = tmp_path / "small" / file
    whole = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(
        b"" if damage == "empty" else whole[: len(whole) // 2]
    )
    with pytest.raises(DataError, match=r"[Aa]dd (it|the data) again"):
        len(read_data_set(tmp_path / "small").attributes)


def test_files_that_contradict_each_other(tmp_path: Path) -> None:
    write_data_set(tmp_path / "small", small_set())
    np.save(tmp_path / "small" / "items.npy", np.zeros((30, 1, 8, 9), np.uint8))
    with pytest.raises(DataError, match=r"must be uint8 of shape \(30, 1, 8, 8\)"):
        len(read_data_set(tmp_path / "small").attributes)


def test_the_split_is_a_partition_and_always_the_same() -> None:
    fitted, held_out = small_set(200).split()
    assert len(held_out) == 20
    assert sorted([*fitted, *held_out]) == list(range(200))
    np.testing.assert_array_equal(held_out, small_set(200).split()[1])


def test_a_split_column_decides() -> None:
    data_set = small_set(split=["train"] * 10 + ["held_out"] * 20)
    fitted, held_out = data_set.split()
    assert fitted.tolist() == list(range(10)) and held_out.tolist() == list(range(10, 30))
    assert data_set.visible_attributes() == []


@pytest.mark.parametrize("part", ["train", "held_out"])
def test_a_split_column_that_leaves_one_part_empty_does_not_decide(part: str) -> None:
    fitted, held_out = small_set(40, split=[part] * 40).split()
    assert len(held_out) == 4 and len(fitted) == 36


def test_the_fingerprint_sees_every_pixel_and_the_shape() -> None:
    items = np.zeros((20, 1, 8, 8), np.uint8)
    changed = items.copy()
    changed[19, 0, 7, 7] = 1
    prints = {
        make_data_set(
            "x", array, Picture.of(array), pd.DataFrame(index=range(len(array))), title="x"
        ).about.fingerprint
        for array in (items, changed, items.reshape(20, 1, 4, 16), items[:10])
    }
    assert len(prints) == 4


def test_digits_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits

    digits = catalogue.load_data_set("digits")
    np.testing.assert_allclose(digits.items[:, 0] * (16 / 255), load_digits().images, atol=0.04)
    assert digits.attributes["digit"].astype(int).tolist() == load_digits().target.tolist()


def test_a_broken_cache_of_an_embedded_set_is_made_anew(home: Path) -> None:
    whole = np.array(catalogue.load_data_set("digits").items)
    (home / ".cache" / "data" / "digits" / "items.npy").write_bytes(b"broken")
    np.testing.assert_array_equal(catalogue.load_data_set("digits").items, whole)


def test_the_preview_is_the_beginning_of_the_whole() -> None:
    preview = catalogue.preview_data_set("digits")
    whole = catalogue.load_data_set("digits")
    np.testing.assert_array_equal(preview.items, whole.items[: catalogue.N_PREVIEW])
    assert preview.about.fingerprint != whole.about.fingerprint


def test_an_unknown_set_names_those_there_are() -> None:
    with pytest.raises(DataError, match="no data set 'cats'; there are faces, digits"):
        catalogue.load_data_set("cats")
