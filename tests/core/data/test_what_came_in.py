"""What is said of a file that was added: what came in, what did not, and by the person's words."""

from pathlib import Path

import numpy as np
import pytest

from ae_core.data import own_files
from ae_core.data.new_sets import check_new_name, free_name
from ae_core.data.own_files import add_arrays, add_upload, add_zip
from ae_core.data.uploads import uploads_dir
from ae_core.errors import DataError
from ae_core.processes.progress import silent
from tests.core.data.test_own_files import IMAGES, make_zip, metadata


def test_what_came_in_of_a_zip_and_what_did_not_is_said(tmp_path: Path) -> None:
    table = metadata([f"{index:03}.png" for index in range(22)], red=range(22))
    extra = {"metadata.csv": table, "notes.txt": b"", "a/.DS_Store": b"", "__MACOSX/x.png": b""}
    made = add_zip(make_zip(tmp_path / "a.zip", extra=extra), "mine", size=16)
    assert made.about.description == (
        "22 pictures came in. Left out: 2 pictures without a row in metadata.csv "
        "(pictures/022.png, pictures/023.png), 1 file of another kind (notes.txt)."
    )
    whole = add_zip(make_zip(tmp_path / "b.zip"), "whole", size=16)
    assert whole.about.description == "24 pictures came in."


def test_what_came_in_of_an_archive_and_what_did_not_is_said(tmp_path: Path) -> None:
    halves = {"train_images": IMAGES[:20], "test_images": IMAGES[20:]}
    labels = {
        "train_labels": np.arange(20),
        "test_labels": np.arange(10),
        "test_size": np.arange(3),
    }
    np.savez(tmp_path / "a.npz", **halves, **labels, weights=np.zeros(7))
    assert add_arrays(tmp_path / "a.npz", "mine").about.description == (
        "30 pictures came in. Left out: 2 arrays of another shape (test_size, weights)."
    )


@pytest.mark.parametrize("content", [None, b"rubbish"], ids=["gone", "rubbish"])
def test_a_failure_names_the_persons_file_and_not_the_servers(
    tmp_path: Path, content: bytes | None
) -> None:
    stored = uploads_dir() / f"taken-{'0' * 16}-{'1' * 32}.zip"
    stored.parent.mkdir(parents=True)
    if content is not None:
        stored.write_bytes(content)
    with pytest.raises(DataError, match=r"'my holidays\.zip'") as raised:
        add_upload(silent, path=str(stored), name="mine", size=16, source="my holidays.zip")
    assert stored.name not in str(raised.value)


def test_a_refused_access_names_the_persons_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = make_zip(tmp_path / "taken-0.zip")

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(own_files, "add_file", refuse)
    with pytest.raises(PermissionError, match="'my holidays.zip'"):
        add_upload(silent, path=str(stored), name="mine", size=16, source="my holidays.zip")


@pytest.mark.parametrize(
    ("stem", "name"),
    [("My Holidays (2)", "my-holidays-2"), ("été", "t"), ("..", "pictures"), ("Faces", "faces-2")],
)
def test_a_name_is_proposed_that_can_be_used(stem: str, name: str) -> None:
    assert free_name(stem) == name
    check_new_name(name)


def test_a_proposed_name_is_not_taken(tmp_path: Path) -> None:
    add_zip(make_zip(tmp_path / "a.zip"), "mine", size=16)
    assert free_name("mine") == "mine-2"
