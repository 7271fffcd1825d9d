"""Groups of items: chosen by a question about attributes, by lasso or by hand; kept by name."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from ae_core.data.item_search import GroupError, select_items
from ae_core.errors import MissingFileError, UnreadableFileError
from ae_core.locations import data_dir, write_atomically
from ae_core.reading import read_json
from ae_core.words import count_of

Source = Literal["question", "lasso", "hand"]

MAX_FILE_BYTES = 24 << 20
"""All groups of a data set; about three million positions."""
DELETED_FOR_S = 86_400.0
LOCK_TIMEOUT_S = 10.0

FEW_ITEMS = 10
"""Below this a group's mean still carries its items' other features; pages say so."""


@dataclass(frozen=True)
class Group:
    """Items of one data set under a name; `items` are positions, ascending, no repeats."""

    name: str
    items: tuple[int, ...]
    source: Source
    question: str = ""

    @property
    def n_items(self) -> int:
        return len(self.items)

    def doubt(self) -> str:
        """What a small group means for its mean; empty when it is large enough."""
        if self.n_items >= FEW_ITEMS:
            return ""
        share = 100 / np.sqrt(max(self.n_items, 1))
        return (
            f"only {count_of(self.n_items, 'item')}: about {share:.0f} % of what makes single "
            "items differ stays in their mean and moves along with it"
        )


def make_group(
    name: str,
    items: Sequence[int] | NDArray[np.integer[Any]],
    n_items: int,
    *,
    source: Source = "hand",
    question: str = "",
) -> Group:
    """Check and order the items of a group.

    Args:
        name: Up to 80 characters, shown to people.
        items: Positions in the data set, in any order.
        n_items: Size of the data set that they belong to.
        source: How the items were chosen.
        question: The question, where that is how.

    Raises:
        GroupError: No name, no items, or a position outside the data set.
    """
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise GroupError(f"`name` must have 1 to 80 characters; got {len(name)}.")
    chosen = np.unique(np.asarray(items, dtype=np.int64))
    if chosen.size == 0:
        raise GroupError(f"`items` of group {name!r} is empty: choose at least one item.")
    if chosen[0] < 0 or chosen[-1] >= n_items:
        raise GroupError(
            f"`items` of group {name!r} must lie in 0..{n_items - 1}; got {chosen[0]}.."
            f"{chosen[-1]}: the group belongs to another data set."
        )
    return Group(name, tuple(chosen.tolist()), source, question)


def group_of(question: str, attributes: pd.DataFrame, *, name: str = "") -> Group:
    """The group of all items that answer a question, named after it unless `name` is given.

    Raises:
        GroupError: The question cannot be read, or no item answers it.
    """
    items = select_items(question, attributes)
    if items.size == 0:
        raise GroupError(f"no item answers {question!r}: ask for less at once.")
    name = name or " ".join(question.split())[:80]
    return make_group(name, items, len(attributes), source="question", question=question)


def require_disjoint(first: Group, second: Group) -> None:
    """Refuse two groups that share items: their difference would cancel what they share."""
    n_shared = len(set(first.items) & set(second.items))
    if n_shared:
        raise GroupError(
            f"`{first.name}` and `{second.name}` share {n_shared} of {first.n_items} and "
            f"{second.n_items} items: choose groups that exclude each other."
        )


def groups_file(data_name: str, fingerprint: str) -> Path:
    """Where the groups of one data set are kept; another fingerprint is another file."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", data_name)
    return data_dir() / ".groups" / f"{safe}-{re.sub(r'[^A-Za-z0-9]', '', fingerprint)[:16]}.json"


def load_groups(data_name: str, fingerprint: str, n_items: int) -> dict[str, Group]:
    """The kept groups of a data set that can be read; a missing file means none.

    Raises:
        GroupError: The file as a whole cannot be read.
    """
    return read_groups(data_name, fingerprint, n_items).groups


def read_groups(data_name: str, fingerprint: str, n_items: int) -> KeptGroups:
    """Everything that is kept of a data set's groups.

    Raises:
        GroupError: The file as a whole cannot be read.
    """
    return KeptGroups.read(groups_file(data_name, fingerprint), n_items)


def save_group(group: Group, data_name: str, fingerprint: str, n_items: int) -> None:
    """Keep a group under its name; the same group twice is kept once.

    Raises:
        GroupError: Other items are kept under that name, which may be somebody else's; the file
            would become too large, or cannot be read or written.
    """
    with _changing(data_name, fingerprint, n_items) as kept:
        existing = kept.groups.get(group.name)
        if existing is not None and existing.items != group.items:
            raise GroupError(
                f"`name`: there is already a group {group.name!r} of {existing.n_items:,} other "
                "items: choose another name, or delete that group first."
            )
        kept.groups[group.name] = group


def delete_group(name: str, data_name: str, fingerprint: str, n_items: int) -> None:
    """Delete a group; for a day `restore_group` brings it back. None there is no error.

    Raises:
        GroupError: The file cannot be read or written.
    """
    with _changing(data_name, fingerprint, n_items) as kept:
        group = kept.groups.pop(name, None)
        if group is not None:
            kept.rows_deleted = [row for row in kept.rows_deleted if row.get("name") != name]
            kept.rows_deleted.append(_row(group) | {"deleted_at": time.time()})


def restore_group(name: str, data_name: str, fingerprint: str, n_items: int) -> None:
    """Bring back a group that was deleted within the last day.

    Raises:
        GroupError: There is none of that name, or its name has been given to another since.
    """
    with _changing(data_name, fingerprint, n_items) as kept:
        group = kept.deleted().get(name)
        if group is None:
            raise GroupError(f"`name`: no group {name!r} was deleted within the last day.")
        if name in kept.groups:
            raise GroupError(
                f"`name`: there is a group {name!r} again: delete that one first, then bring the "
                "other one back."
            )
        kept.groups[name] = group
        kept.rows_deleted = [row for row in kept.rows_deleted if row.get("name") != name]


def adopt_groups(data_name: str, before: str, fingerprint: str, n_items: int) -> None:
    """Take over what was kept for the first items of a set, before the whole set was there.

    A position means the same item in both. A name that the whole set has already is kept beside it
    with a number.

    Args:
        data_name: Of both.
        before: Fingerprint of the first items.
        fingerprint: Of the whole set.
        n_items: Size of the whole set.

    Raises:
        GroupError: A file cannot be read or written.
    """
    path = groups_file(data_name, before)
    if not path.exists():
        return
    with _changing(data_name, fingerprint, n_items) as kept:
        for group in KeptGroups.read(path, n_items).groups.values():
            name, number = group.name, 2
            while name in kept.groups and kept.groups[name].items != group.items:
                name, number = f"{group.name[:70]} ({number})", number + 1
            kept.groups[name] = replace(group, name=name)
    path.unlink(missing_ok=True)


@dataclass
class KeptGroups:
    """The content of one file of groups; a row that is no group hurts only itself.

    Attributes:
        n_items: Size of the data set.
        groups: By name.
        rows_broken: Rows that are no groups; they stay in the file as they are.
        problems: What is wrong with each of these.
        rows_deleted: Rows of groups deleted within the last day, with `deleted_at`, Unix time.
    """

    n_items: int
    groups: dict[str, Group] = field(default_factory=dict)
    rows_broken: list[object] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rows_deleted: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, n_items: int) -> Self:
        """The content of that file; see `read_groups`."""
        kept = cls(n_items)
        try:
            stored = read_json(path, max_bytes=MAX_FILE_BYTES, max_values=MAX_FILE_BYTES // 6)
            if not isinstance(stored, dict):
                raise UnreadableFileError(f"{path.name} is no object")
        except MissingFileError:
            return kept
        except UnreadableFileError as error:
            raise GroupError(
                f"The kept groups cannot be read: {error}. Move {path} away to start afresh."
            ) from error
        for row in _list(stored.get("groups")):
            kept._add(row)
        kept.rows_deleted = [row for row in _list(stored.get("deleted")) if _is_recent(row)]
        return kept

    def deleted(self) -> dict[str, Group]:
        """Deleted groups that `restore_group` brings back."""
        groups = {}
        for row in self.rows_deleted:
            with suppress(GroupError):
                groups[row["name"]] = _group_of_row(row, self.n_items)
        return groups

    def _add(self, row: object) -> None:
        try:
            group = _group_of_row(row, self.n_items)
        except GroupError as error:
            self.rows_broken.append(row)
            self.problems.append(str(error))
        else:
            self.groups[group.name] = group


@contextmanager
def _changing(data_name: str, fingerprint: str, n_items: int) -> Iterator[KeptGroups]:
    """The file's content, to be changed; read and written under a lock, so that nothing is lost."""
    path = groups_file(data_name, fingerprint)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S):
            kept = KeptGroups.read(path, n_items)
            yield kept
            _write(path, kept, {"data": data_name, "data_fingerprint": fingerprint})
    except Timeout as error:
        raise GroupError(
            f"Somebody else has been changing the groups for {LOCK_TIMEOUT_S:.0f} s: try again."
        ) from error
    except OSError as error:
        raise GroupError(
            f"The groups could not be kept ({error.strerror or error}): see that {path.parent} "
            "can be written to and its disk has space, then try again."
        ) from error


def _write(path: Path, kept: KeptGroups, about: dict[str, str]) -> None:
    rows = [*map(_row, kept.groups.values()), *kept.rows_broken]
    whole = {"schema_version": 1, **about, "groups": rows, "deleted": kept.rows_deleted}
    content = json.dumps(whole, separators=(",", ":"))
    if len(content) > MAX_FILE_BYTES:
        raise GroupError(
            f"The kept groups would take {len(content) >> 20:,} MiB, and at most "
            f"{MAX_FILE_BYTES >> 20} fit: delete some, or keep a smaller one."
        )
    write_atomically(path, content)


def _row(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "items": list(group.items),
        "source": group.source,
        "question": group.question,
    }


def _group_of_row(row: object, n_items: int) -> Group:
    """A group as the file has it.

    Raises:
        GroupError: It is none, or belongs to other items.
    """
    if not isinstance(row, dict):
        raise GroupError("A kept group is no object.")
    name, items = row.get("name"), row.get("items")
    source, question = row.get("source"), row.get("question", "")
    if not isinstance(name, str) or not isinstance(question, str) or not name.isprintable():
        raise GroupError("A kept group has no name that can be shown.")
    if source not in ("question", "lasso", "hand"):
        raise GroupError(f"`source` of group {name[:80]!r} is not known.")
    if not isinstance(items, list) or not all(type(item) is int for item in items):
        raise GroupError(f"`items` of group {name[:80]!r} must be whole numbers.")
    return make_group(name, items, n_items, source=source, question=question)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_recent(row: object) -> bool:
    deleted_at = row.get("deleted_at") if isinstance(row, dict) else None
    is_named = isinstance(row, dict) and isinstance(row.get("name"), str)
    return is_named and isinstance(deleted_at, float) and time.time() - deleted_at < DELETED_FOR_S
