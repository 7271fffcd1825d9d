"""Groups that many keep at once, and files of groups as anybody can leave them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ae_core.data import groups
from ae_core.data.catalogue import N_PREVIEW, load_data_set
from ae_core.data.item_search import GroupError
from zoetrope.ui import kept_groups

WHERE = ("faces", "f" * 32, 1000)

SAVER = """
import sys
from ae_core.data import groups
number = int(sys.argv[1])
for each in range(20):
    group = groups.make_group(f"{number}-{each}", [number, each], 1000)
    groups.save_group(group, "faces", "f" * 32, 1000)
"""


def test_four_processes_keep_twenty_groups_each(home: Path) -> None:
    savers = [subprocess.Popen([sys.executable, "-c", SAVER, str(number)]) for number in range(4)]
    assert [saver.wait() for saver in savers] == [0, 0, 0, 0]
    kept = groups.load_groups(*WHERE)
    assert set(kept) == {f"{number}-{each}" for number in range(4) for each in range(20)}
    assert kept["3-17"].items == (3, 17)


def test_nobody_replaces_the_group_of_another(home: Path) -> None:
    first = groups.make_group("women", [1, 2, 3], 1000)
    groups.save_group(first, *WHERE)
    groups.save_group(first, *WHERE)  # twice the same is no conflict
    with pytest.raises(GroupError, match="3 other items: choose another name"):
        groups.save_group(groups.make_group("women", [4], 1000), *WHERE)
    assert groups.load_groups(*WHERE) == {"women": first}


def test_a_deleted_group_comes_back_for_a_day(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = groups.make_group("women", [1, 2, 3], 1000, source="lasso")
    groups.save_group(group, *WHERE)
    groups.delete_group("women", *WHERE)
    assert groups.load_groups(*WHERE) == {}
    assert groups.read_groups(*WHERE).deleted() == {"women": group}
    groups.restore_group("women", *WHERE)
    assert groups.load_groups(*WHERE) == {"women": group}
    assert groups.read_groups(*WHERE).deleted() == {}
    groups.delete_group("women", *WHERE)
    now = groups.time.time()
    monkeypatch.setattr(groups.time, "time", lambda: now + groups.DELETED_FOR_S + 1)
    with pytest.raises(GroupError, match="within the last day"):
        groups.restore_group("women", *WHERE)


def test_a_deleted_group_does_not_push_out_a_new_one_of_its_name(home: Path) -> None:
    groups.save_group(groups.make_group("women", [1], 1000), *WHERE)
    groups.delete_group("women", *WHERE)
    new = groups.make_group("women", [2], 1000)
    groups.save_group(new, *WHERE)
    with pytest.raises(GroupError, match="again"):
        groups.restore_group("women", *WHERE)
    assert groups.load_groups(*WHERE) == {"women": new}


@pytest.mark.parametrize(
    "row",
    [
        {},
        None,
        {"name": "a", "items": [2**62], "source": "hand"},
        {"name": "a", "items": [1.5], "source": "hand"},
        {"name": "a", "items": [True], "source": "hand"},
        {"name": "a", "items": [[1], [2, 3]], "source": "hand"},
        {"name": "a", "items": [1], "source": "elsewhere"},
        {"name": ["a"], "items": [1], "source": "hand"},
        {"name": "\ud800", "items": [1], "source": "hand"},
    ],
)
def test_one_bad_group_hurts_only_itself(home: Path, row: object) -> None:
    sound = groups.make_group("sound", [1, 2], 1000)
    groups.save_group(sound, *WHERE)
    path = groups.groups_file(*WHERE[:2])
    stored = json.loads(path.read_text())
    stored["groups"].insert(0, row)
    path.write_text(json.dumps(stored))
    kept = groups.read_groups(*WHERE)
    assert kept.groups == {"sound": sound} and len(kept.problems) == 1
    groups.save_group(groups.make_group("new", [3], 1000), *WHERE)
    assert set(groups.load_groups(*WHERE)) == {"sound", "new"}
    assert row in json.loads(path.read_text())["groups"]  # what cannot be read is not thrown away


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b'{"groups": [' + b"9" * 400])
def test_a_file_that_cannot_be_read_is_not_written_over(home: Path, content: bytes) -> None:
    path = groups.groups_file(*WHERE[:2])
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(GroupError, match="cannot be read"):
        groups.load_groups(*WHERE)
    with pytest.raises(GroupError, match="cannot be read"):
        groups.save_group(groups.make_group("new", [3], 1000), *WHERE)
    assert path.read_bytes() == content


def test_groups_that_would_not_fit_are_refused_before_they_are_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups.save_group(groups.make_group("sound", [1], 1000), *WHERE)
    monkeypatch.setattr(groups, "MAX_FILE_BYTES", 2000)
    with pytest.raises(GroupError, match="delete some"):
        groups.save_group(groups.make_group("many", range(1000), 1000), *WHERE)
    assert set(groups.load_groups(*WHERE)) == {"sound"}


def test_a_group_kept_before_the_whole_set_was_there_is_kept(home: Path) -> None:
    first, whole = ("digits", "a" * 32, 512), ("digits", "b" * 32, 1797)
    early = groups.make_group("women", [1, 2, 511], 512)
    groups.save_group(early, *first)
    groups.adopt_groups("digits", first[1], whole[1], 1797)
    assert groups.load_groups(*whole) == {"women": early}
    # a session that still shows the first items keeps more, one under a name that is taken
    other = groups.make_group("women", [7], 512)
    groups.save_group(other, *first)
    groups.save_group(groups.make_group("men", [8], 512), *first)
    groups.adopt_groups("digits", first[1], whole[1], 1797)
    kept = groups.load_groups(*whole)
    assert {name: group.items for name, group in kept.items()} == {
        "women": (1, 2, 511), "women (2)": (7,), "men": (8,),
    }  # fmt: skip


def test_the_pages_find_what_was_kept_for_the_first_faces(home: Path) -> None:
    whole = load_data_set("digits")
    preview = whole.head(N_PREVIEW)
    early = groups.make_group("women", [1, 2], N_PREVIEW)
    groups.save_group(early, "digits", preview.about.fingerprint, N_PREVIEW)
    assert kept_groups.read(preview).groups == {"women": early}
    assert kept_groups.read(whole).groups == {"women": early}
