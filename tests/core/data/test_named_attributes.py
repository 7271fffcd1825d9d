"""Which attributes a question is about, and how names are written in one."""

import pandas as pd
import pytest

from ae_core.data.item_search import named_attributes, quoted, select_items

TABLE = pd.DataFrame(
    {
        "smile": [0.1, 0.9, 0.5],
        "beard": [True, False, False],
        "person": ["1", "2", "person"],
        "glasses": ["none", "round", "none"],
        "eye colour": ["dark brown", "blue", "and"],
    }
)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("smile > 0.5", {"smile"}),
        ("beard and not smile < 1", {"beard", "smile"}),
        ("person = 1", {"person", "person = 1"}),
        ("glasses = round or beard", {"glasses", "glasses = round", "beard"}),
        ("round", {"glasses", "glasses = round"}),
        ('"eye colour" = "dark brown"', {"eye colour", "eye colour = dark brown"}),
    ],
)
def test_a_question_names_attributes_as_probes_do(question: str, named: set[str]) -> None:
    select_items(question, TABLE)
    assert named_attributes(question, TABLE) == named


@pytest.mark.parametrize("value", ["1", "a.b-c", "dark brown", 'a "b"', "and", "", "-1", "x=y"])
def test_what_is_written_in_a_question_is_read_as_it_was(value: str) -> None:
    column = pd.DataFrame({"a name": [value, "else"]}) if value else None
    if column is not None:
        question = f"{quoted('a name')} = {quoted(value)}"
        assert list(select_items(question, column)) == [0]
    assert quoted("1") == "1" and quoted("dark brown") == '"dark brown"' and quoted("") == '""'
