"""Lists skip what cannot be opened and say why: one bad folder takes nothing from anybody."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ae_core.__main__ import main
from ae_core.codecs.checkpoints import find_checkpoint, list_broken, list_checkpoints, load_codec
from ae_core.data import catalogue
from ae_core.data.catalogue import list_broken_data_sets, list_data_sets, load_data_set
from ae_core.data.items import Picture
from ae_core.data.store import make_data_set, write_data_set
from ae_core.errors import CheckpointError, DataError
from ae_core.locations import checkpoints_dir, data_dir
from ae_core.training import runs
from benchmarks.mutants import make_cases

PAGES = Path(__file__).resolve().parents[2] / "zoetrope" / "pages"


@pytest.fixture
def two(home: Path) -> Path:
    """A home with two of everything, "sound" and "second"."""
    make_cases(home)
    return home


def config_file(name: str = "second") -> Path:
    return checkpoints_dir() / name / "config.json"


def changed(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_checkpoint_whose_settings_have_a_bad_name(two: Path) -> None:
    changed(config_file(), name="My Faces")
    assert "second" not in {one.name for one in list_checkpoints()}
    assert "sound" in {one.name for one in list_checkpoints()}
    assert "'My Faces'" in list_broken()["second"]


def test_settings_nested_a_thousand_deep(two: Path) -> None:
    config_file().write_text('{"a":' * 1000 + "1" + "}" * 1000)
    assert "sound" in {one.name for one in list_checkpoints()}
    assert "nested" in list_broken()["second"]


def test_a_thousand_million_units_are_no_settings(two: Path) -> None:
    changed(config_file(), codec="autoencoder", model={"widths": [10**9], "latent_dim": 4})
    assert "1 to 65,536" in list_broken()["second"]


def test_a_model_of_260_gigabytes_is_refused_before_memory_is_taken(two: Path) -> None:
    model = {"widths": [65_536] * 16, "latent_dim": 4}
    changed(config_file(), codec="autoencoder", model=model)
    with pytest.raises(CheckpointError, match="does not fit its config"):
        load_codec(find_checkpoint("second"))


def test_a_code_of_a_thousand_million_numbers(two: Path) -> None:
    changed(config_file(), latent_dim=10**9)
    with pytest.raises(CheckpointError, match="1 to 64, the numbers of an item"):
        load_codec(find_checkpoint("second"))


def test_one_number_of_the_weights_is_another(two: Path) -> None:
    """NaN at the end, and any other number too: the checksum is kept with the settings."""
    path = checkpoints_dir() / "second" / "model.safetensors"
    content = bytearray(path.read_bytes())
    for value in (np.float32("nan"), np.float32(0.25)):
        content[-4:] = value.tobytes()
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="checksum"):
            load_codec(find_checkpoint("second"))


def test_nan_is_found_without_a_checksum_too(two: Path) -> None:
    changed(config_file(), weights_checksum="", schema_version=2)
    path = checkpoints_dir() / "second" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + np.float32("nan").tobytes())
    with pytest.raises(CheckpointError, match="NaN"):
        load_codec(find_checkpoint("second"))


def test_a_header_of_weights_that_claims_a_terabyte(two: Path) -> None:
    path = checkpoints_dir() / "second" / "model.safetensors"
    header = json.dumps({"x": {"dtype": "F32", "shape": [2**38], "data_offsets": [0, 2**40]}})
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header.encode())
        file.truncate(1 << 40)
    with pytest.raises(CheckpointError, match="does not fit"):
        load_codec(find_checkpoint("second"))
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with pytest.raises(CheckpointError, match="header"):
        load_codec(find_checkpoint("second"))


def test_weights_that_are_a_link_to_elsewhere(two: Path) -> None:
    path = checkpoints_dir() / "second" / "model.safetensors"
    path.unlink()
    path.symlink_to(checkpoints_dir() / "sound" / "model.safetensors")
    assert "link to another folder" in list_broken()["second"]


@pytest.mark.parametrize("name", [b"\xff\xfe", b"a\nb", "\u202ename".encode()])
def test_a_folder_whose_name_cannot_be_shown(two: Path, name: bytes) -> None:
    strange = os.fsencode(checkpoints_dir()) + b"/" + name
    shutil.copytree(os.fsencode(checkpoints_dir() / "second"), strange)
    shutil.copytree(os.fsencode(data_dir() / "second"), os.fsencode(data_dir()) + b"/" + name)
    assert {"sound", "second"} <= {one.name for one in list_checkpoints()}
    assert {"sound", "second"} <= set(list_data_sets())
    reasons = [*list_broken().values(), *list_broken_data_sets().values()]
    assert sum("cannot be shown" in reason for reason in reasons) == 2
    for reason in reasons:
        reason.encode("utf-8")


def test_a_folder_named_like_an_embedded_data_set(home: Path) -> None:
    for name in catalogue.EMBEDDED:
        (data_dir() / name).mkdir(parents=True)
    assert list_data_sets() == list(catalogue.EMBEDDED)
    assert len(load_data_set("digits").items) == 1797


def test_a_data_set_of_a_person_keeps_the_name_of_an_embedded_one(home: Path) -> None:
    items = np.zeros((30, 1, 8, 8), np.uint8)
    table = load_data_set("digits").attributes.iloc[:30]
    made = make_data_set("digits", items, Picture.of(items), table, title="Mine")
    write_data_set(data_dir() / "digits", made)
    assert load_data_set("digits").about.title == "Mine"


def test_a_broken_data_set_is_told_and_can_be_removed(two: Path) -> None:
    (data_dir() / "second" / "about.json").write_text("{")
    assert "second" not in list_data_sets() and "sound" in list_data_sets()
    assert "about.json" in list_broken_data_sets()["second"]
    with pytest.raises(DataError, match="cannot be opened"):
        load_data_set("second")
    catalogue.remove_data_set("second")
    assert list_broken_data_sets() == {}


def test_a_broken_run_is_told(two: Path) -> None:
    (checkpoints_dir() / "second" / runs.STATUS).write_text('{"state": "done"}')
    assert [run.name for run in runs.list_runs()] == ["sound"]
    assert "status.json" in runs.list_broken_runs()["second"]


def test_the_command_line_lists_the_rest(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config_file().write_text("[]")
    (data_dir() / "second" / "about.json").write_bytes(b"\xff")
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    assert "  sound: " in told and told.count("second: cannot be used: ") == 2


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.py")))
def test_every_page_opens_beside_broken_folders(two: Path, page: str) -> None:
    config_file().write_text('{"a":' * 1000)
    (data_dir() / "second" / "about.json").write_bytes(b"\xff" * 100)
    (checkpoints_dir() / "second" / runs.REQUEST).write_text('{"name": "My Faces"}')
    app = AppTest.from_file(str(PAGES / "shell.py"), default_timeout=60)
    if page != "shell.py":
        app.switch_page(page)
    app.run()
    assert not app.exception
    assert [each.label for each in app.sidebar.expander] == ["3 folders cannot be opened"]
