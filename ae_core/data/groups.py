"""Groups of items: chosen by a question about attributes, by lasso or by hand; kept by name."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ae_core.data.item_search import GroupError, select_items
from ae_core.locations import data_dir, write_atomically

FEW_ITEMS = 10
"""Below this a group's mean still carries its items' other features; pages say so."""


@dataclass(frozen=True)
class Group:
    """Items of one data set under a name; `items` are positions, ascending, no repeats."""

    name: str
    items: tuple[int, ...]
    source: Literal["question", "lasso", "hand"]
    question: str = ""

    @property
    def n_items(self) -> int:
        return len(self.items)

    def doubt(self) -> str:
        """What a small group means for its mean; empty when it is large enough."""
        if self.n_items >= FEW_ITEMS:
            return ""
        share = 100 / np.sqrt(max(self.n_items, 1))
        noun = "item" if self.n_items == 1 else "items"
        return (
            f"only {self.n_items} {noun}: about {share:.0f} % of what makes single items differ "
            "stays in their mean and moves along with it"
        )


def make_group(
    name: str,
    items: Sequence[int] | NDArray[np.integer[Any]],
    n_items: int,
    *,
    source: Literal["question", "lasso", "hand"] = "hand",
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
    """Read the kept groups of a data set; a missing file means none.

    Raises:
        GroupError: The file is damaged or belongs to another data set.
    """
    path = groups_file(data_name, fingerprint)
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text("utf-8"))
        groups = [
            make_group(
                row["name"], row["items"], n_items, source=row["source"], question=row["question"]
            )
            for row in stored["groups"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise GroupError(
            f"`{path.name}` is damaged ({error}): remove it to start afresh."
        ) from None
    return {group.name: group for group in groups}


def save_group(group: Group, data_name: str, fingerprint: str, n_items: int) -> None:
    """Keep a group under its name, replacing one of the same name."""
    kept = load_groups(data_name, fingerprint, n_items) | {group.name: group}
    _write(kept, data_name, fingerprint)


def delete_group(name: str, data_name: str, fingerprint: str, n_items: int) -> None:
    """Forget a group; forgetting one that is not there is no error."""
    kept = load_groups(data_name, fingerprint, n_items)
    if kept.pop(name, None) is not None:
        _write(kept, data_name, fingerprint)


def _write(groups: dict[str, Group], data_name: str, fingerprint: str) -> None:
    rows = [
        {"name": g.name, "items": list(g.items), "source": g.source, "question": g.question}
        for g in groups.values()
    ]
    path = groups_file(data_name, fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"schema_version": 1, "data": data_name, "data_fingerprint": fingerprint}
    write_atomically(path, json.dumps(about | {"groups": rows}, indent=1))
