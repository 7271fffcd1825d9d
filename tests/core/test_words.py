"""Counts in words, and that nothing that people read forms a plural by hand."""

import ast
import re

import pytest

from ae_core.words import count_of, some_of
from tests.sources import python_files, short, tree_of

NOUNS = (
    "array|axe|character|checkpoint|code|column|epoch|file|folder|group|item|model|neighbour|number"
    "|pair|picture|point|row|run|shape|step|task|term|value|window"
)
PLURAL = re.compile(rf" (?:other |held-out |real )*(?:{NOUNS})s\b")


def hand_made_plurals(tree: ast.AST) -> list[str]:
    """Numbers in f-strings with a plural behind them; a constant's number is known."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, text in zip(node.values, node.values[1:], strict=False):
            if not isinstance(value, ast.FormattedValue) or not isinstance(text, ast.Constant):
                continue
            is_constant = isinstance(value.value, ast.Name) and value.value.id.isupper()
            if not is_constant and PLURAL.match(str(text.value)):
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize(
    ("n", "noun", "words"),
    [
        (0, "item", "0 items"),
        (1, "item", "1 item"),
        (2, "axis", "2 axes"),
        (1, "other window", "1 other window"),
        (20_000, "item", "20,000 items"),
    ],
)
def test_one_is_no_plural(n: int, noun: str, words: str) -> None:
    assert count_of(n, noun) == words


def test_of_many_names_some_are_said() -> None:
    assert some_of(["a", "b", "c"]) == "a, b, c"
    assert some_of(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize(
    "path", [*python_files("zoetrope/ui"), *python_files("zoetrope/pages")], ids=short
)
def test_pages_count_in_words(path: object) -> None:
    assert not hand_made_plurals(tree_of(path))  # type: ignore[arg-type]


def test_a_plural_made_by_hand_would_be_seen() -> None:
    assert hand_made_plurals(ast.parse('f"{n:,} items{more}"'))
    assert hand_made_plurals(ast.parse('f"in {n} other windows"'))
    assert not hand_made_plurals(ast.parse('f"the {N_PAIRS} pairs, {name} is"'))
