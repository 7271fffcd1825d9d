"""What the bounded reader refuses, and why: each refusal names the file and the reason."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import Field

from ae_core import reading
from ae_core.config import Settings
from ae_core.errors import MissingFileError, UnreadableFileError
from ae_core.reading import (
    MAX_BYTES,
    MAX_DEPTH,
    map_array,
    read_bytes,
    read_json,
    read_json_lines,
    read_once,
    read_settings,
    read_text,
)


class Size(Settings):
    width: int = Field(ge=1)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b'{"a": 1', "is not JSON"),
        (b"\xff\xfe{}", "no UTF-8"),
        (b'{"a": 1, "a": 2}', "'a' stands there twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": 9223372036854775808}', "64 bits"),
        (b'{"a": ' + b"7" * 5000 + b"}", "64 bits"),
        (b"[" * 100_000, "nested more than"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "nested more than"),
        (b"[" + b"[]," * 150_000 + b"[]]", "lists and objects"),
        (b"[" + b'"a",' * 600_000 + b"0]", "texts"),
        (b"[" + b"0," * 500_000 + b"0]", "values"),
        (b" " * (MAX_BYTES + 1), f"more than {MAX_BYTES:,} bytes"),
    ],
    ids=lambda value: value[:24].decode("latin1") if isinstance(value, bytes) else None,
)
def test_hostile_json_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"file\.json .*") as refusal:
        read_json(written(tmp_path, content))
    assert reason in str(refusal.value)


def test_brackets_and_escapes_inside_strings_do_not_count(tmp_path: Path) -> None:
    deep = {"text": "[" * 10 * MAX_DEPTH + '"\\' + "{" * 100, "\\": ["]"]}
    assert read_json(written(tmp_path, json.dumps(deep).encode())) == deep


def test_the_largest_numbers_and_the_deepest_nesting_that_fit(tmp_path: Path) -> None:
    content = b"[" * (MAX_DEPTH - 1) + b"[9223372036854775807, -9223372036854775807, 1e308]"
    values = read_json(written(tmp_path, content + b"]" * (MAX_DEPTH - 1)))
    for _ in range(MAX_DEPTH - 1):
        [values] = values
    assert values == [2**63 - 1, 1 - 2**63, 1e308]


def test_no_file_is_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_json(tmp_path / "file.json")
    with pytest.raises(MissingFileError):
        read_json(written(tmp_path, b"{}") / "file.json")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "file.json").mkdir()
    with pytest.raises(UnreadableFileError, match="no plain file"):
        read_json(tmp_path / "file.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    """To open it would wait for a writer for ever."""
    os.mkfifo(tmp_path / "file.json")
    with pytest.raises(UnreadableFileError, match="no plain file"):
        read_json(tmp_path / "file.json")
    with pytest.raises(UnreadableFileError, match="no plain file"):
        map_array(tmp_path / "file.json")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no /dev/zero")
def test_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.json").symlink_to("/dev/zero")
    with pytest.raises(UnreadableFileError, match="no plain file"):
        read_json(tmp_path / "file.json")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file.json").symlink_to(secret)
    with pytest.raises(UnreadableFileError, match="link to another folder"):
        read_json(folder / "file.json")
    (folder / "own.json").write_text("[1]")
    (folder / "beside.json").symlink_to("own.json")
    assert read_json(folder / "beside.json") == [1]


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file.json").symlink_to("file.json")
    with pytest.raises(UnreadableFileError):
        read_json(tmp_path / "file.json")


def test_a_name_that_is_no_text_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError):
        read_json(tmp_path / "\x00")


def test_a_file_is_read_no_further_than_its_limit(tmp_path: Path) -> None:
    path = written(tmp_path, b"12345")
    assert read_bytes(path, max_bytes=5) == b"12345"
    with pytest.raises(UnreadableFileError, match="more than 4 bytes"):
        read_bytes(path, max_bytes=4)


def test_a_sparse_file_of_a_terabyte_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UnreadableFileError, match="more than"):
        read_text(path)


def test_settings_are_explained_in_a_few_words(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"`width`.*got -5"):
        read_settings(written(tmp_path, b'{"width": -5}'), Size)
    many = {"width": "x" * 50_000} | {f"extra{number}": number for number in range(1000)}
    with pytest.raises(UnreadableFileError) as refusal:
        read_settings(written(tmp_path, json.dumps(many).encode()), Size)
    assert len(str(refusal.value)) < 1000 and "And 998 more" in str(refusal.value)


def test_lines_end_at_the_first_that_is_not_whole(tmp_path: Path) -> None:
    assert read_json_lines(written(tmp_path, b'{"a": 1}\n[2]\n{"a": ')) == [{"a": 1}, [2]]
    assert read_json_lines(written(tmp_path, b'1\n"' + b"x" * 100_000 + b'"\n2\n')) == [1]
    assert read_json_lines(written(tmp_path, b"1\n\xff\n2\n")) == [1]


def test_an_array_claims_no_more_than_its_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    np.save(path, np.arange(6.0).reshape(2, 3))
    assert map_array(path).tolist() == [[0, 1, 2], [3, 4, 5]]
    content = path.read_bytes()
    for shape in (b"(9, 9)", b"(2**9)", b"(-1, )"):
        path.write_bytes(content.replace(b"(2, 3)", shape))
        with pytest.raises(UnreadableFileError):
            map_array(path)
    path.write_bytes(content.replace(b"'<f8'", b"'|O8'"))  # as pickled objects have it
    with pytest.raises(UnreadableFileError, match="Object arrays|Python objects"):
        map_array(path)
    np.savez(path.with_suffix(".npz"), a=np.arange(3))
    path.write_bytes(path.with_suffix(".npz").read_bytes())
    with pytest.raises(UnreadableFileError):
        map_array(path)


@pytest.mark.parametrize("filling", ["[],", "{},", "0.5,", '"a",', '{"a":'])
def test_four_mebibytes_of_json_stay_below_300_mb(tmp_path: Path, filling: str) -> None:
    """In a process of its own, whose peak of memory is the reader's."""
    path = tmp_path / "file.json"
    path.write_text("[" + filling * (MAX_BYTES // len(filling) - 10) + "0]")
    program = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from ae_core.reading import read_json\nfrom ae_core.errors import UnreadableFileError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_json(Path(sys.argv[1]), max_values=10**9)\n"
        "except UnreadableFileError:\n    pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 300 * 1024


def test_a_steady_file_is_read_once_and_a_changed_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, n_read = written(tmp_path, b'{"width": 1}'), []

    def read(path: Path) -> Size:
        n_read.append(path)
        return read_settings(path, Size)

    assert [read_once(path, read).width for _ in range(3)] == [1, 1, 1]
    assert len(n_read) == 3  # it has just been written, and may be written again at once
    now = reading.time.time()
    monkeypatch.setattr(reading.time, "time", lambda: now + 3)
    assert [read_once(path, read).width for _ in range(3)] == [1, 1, 1]
    assert len(n_read) == 4
    written(tmp_path, b'{"width": 2}')
    assert [read_once(path, read).width for _ in range(3)] == [2, 2, 2]
    written(tmp_path, b'{"width": 0}')
    for _ in range(2):
        with pytest.raises(UnreadableFileError):
            read_once(path, read)
    path.unlink()
    with pytest.raises(MissingFileError):
        read_once(path, read)
