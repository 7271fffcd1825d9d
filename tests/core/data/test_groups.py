"""Questions about attributes mean what pandas says they mean; groups come back as kept."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.data import groups
from ae_core.data.item_search import GroupError, select_items, whole_number

RNG = np.random.default_rng(0)
N = 200
ATTRIBUTES = pd.DataFrame(
    {
        "woman": RNG.random(N) < 0.5,
        "glasses": RNG.choice(["none", "round", "sun"], N),
        "smile": RNG.random(N),
        "hair_style": RNG.choice(["long curls", "bun", "bald"], N),
        "frame": RNG.choice(["black", "navy"], N),
        "hair_colour": RNG.choice(["black", "red"], N),
        "Rosy_Cheeks": RNG.integers(0, 2, N),
    }
)
A = ATTRIBUTES
WORN, BUN = A.glasses != "none", A.hair_style == "bun"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("woman", A.woman),
        ("man", ~A.woman),
        ("glasses and woman", (A.glasses != "none") & A.woman),
        ("eyeglasses AND Woman", (A.glasses != "none") & A.woman),
        ("glasses = round", A.glasses == "round"),
        ("round", A.glasses == "round"),
        ("glasses != none", A.glasses != "none"),
        ("not glasses", A.glasses == "none"),
        ("smile > 0.5", A.smile > 0.5),
        ("smile<=.25", A.smile <= 0.25),
        ('hair_style = "long curls"', A.hair_style == "long curls"),
        ("'hair style' == 'Long Curls'", A.hair_style == "long curls"),
        ("hair-style", A.hair_style != "bald"),
        ("rosy_cheeks", A.Rosy_Cheeks == 1),
        ("rosy_cheeks = yes", A.Rosy_Cheeks == 1),
        ("woman or glasses and not bun", A.woman | (WORN & ~BUN)),
        ("(woman or glasses) and not bun", (A.woman | WORN) & ~BUN),
        ("not not woman", A.woman),
        ("not (woman and smile > 0.5)", ~(A.woman & (A.smile > 0.5))),
    ],
)  # fmt: skip
def test_question_selects_what_pandas_selects(question: str, expected: "pd.Series[bool]") -> None:
    np.testing.assert_array_equal(select_items(question, ATTRIBUTES), np.flatnonzero(expected))


@pytest.mark.parametrize(
    ("question", "remedy"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("woman and", "should have an attribute"),
        ("woman glasses", '"and", "or" or its end'),
        ("(woman", '")"'),
        ("and woman", "should have an attribute"),
        ("smile", "needs a comparison"),
        ("smile > happy", "compared with a number"),
        ("smile > nan", "compared with a number"),
        ("beard", "neither an attribute nor a value"),
        ("beard = yes", "neither an attribute nor a value"),
        ("glasses = square", "never 'square'"),
        ("glasses > round", "has no order"),
        ("black", "frame = black"),
        ('woman and "', "cannot be read"),
        ("(" * 60 + "woman" + ")" * 60, "nests deeper"),
        ("not " * 60 + "woman", "nests deeper"),
        ("woman " * 300, "shorten it"),
    ],
)
def test_what_cannot_be_answered_is_said(question: str, remedy: str) -> None:
    with pytest.raises(GroupError, match=remedy.replace("(", r"\(").replace(")", r"\)")):
        select_items(question, ATTRIBUTES)


@pytest.mark.parametrize("attack", ["__import__('os').system('true')", "woman; import os", "().x"])
def test_python_is_not_a_question(attack: str) -> None:
    with pytest.raises(GroupError):
        select_items(attack, ATTRIBUTES)


@given(st.text(max_size=60))
def test_any_text_is_answered_or_refused(text: str) -> None:
    try:
        items = select_items(text, ATTRIBUTES)
    except GroupError:
        return
    assert len(items) <= N


def test_a_missing_attribute_is_neither_yes_nor_no() -> None:
    attributes = pd.DataFrame(
        {"age": [10.0, np.nan, 50.0], "hat": ["none", None, "cap"], "old": [False, True, True]}
    )
    assert select_items("age > 20", attributes).tolist() == [2]
    assert select_items("not age > 20", attributes).tolist() == [0]
    assert select_items("hat", attributes).tolist() == [2]
    assert select_items("not hat", attributes).tolist() == [0]
    # known all the same, where the other half decides
    assert select_items("age > 20 or old", attributes).tolist() == [1, 2]
    assert select_items("not (age > 20 and not old)", attributes).tolist() == [0, 1, 2]


def test_celeba_words_are_understood() -> None:
    attributes = pd.DataFrame({"Eyeglasses": [1, 0, 1], "Male": [0, 1, 1], "Smiling": [1, 1, 0]})
    assert select_items("glasses and woman", attributes).tolist() == [0]
    assert select_items("glasses and man and not smile", attributes).tolist() == [2]


def test_an_empty_answer_is_an_answer_but_no_group() -> None:
    nobody = select_items("woman and not woman", ATTRIBUTES)
    assert nobody.size == 0
    with pytest.raises(GroupError, match="is empty"):
        groups.make_group("nobody", nobody, N)


def test_a_group_knows_its_question() -> None:
    women = groups.group_of("woman  and round", ATTRIBUTES)
    assert women.name == "woman and round" and women.source == "question"
    np.testing.assert_array_equal(women.items, np.flatnonzero(A.woman & (A.glasses == "round")))
    with pytest.raises(GroupError, match="ask for less"):
        groups.group_of("woman and not woman", ATTRIBUTES)


def test_group_of_another_data_set_is_refused() -> None:
    with pytest.raises(GroupError, match="another data set"):
        groups.make_group("far", [3, 500], N)


def test_overlapping_groups_are_refused_with_the_count() -> None:
    first, second = groups.make_group("a", [1, 2, 3], N), groups.make_group("b", [3, 4], N)
    with pytest.raises(GroupError, match="share 1 of 3 and 2"):
        groups.require_disjoint(first, second)
    groups.require_disjoint(first, groups.make_group("c", [4], N))


def test_small_groups_say_what_that_means() -> None:
    doubt = groups.make_group("four", range(4), N).doubt()
    assert "only 4 items" in doubt and "50 %" in doubt  # the mean of 4 keeps 1 / sqrt(4)
    assert groups.make_group("ten", range(10), N).doubt() == ""


def test_groups_come_back_in_a_new_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOETROPE_HOME", str(tmp_path))
    kept = groups.make_group("my: 友 group", [5, 1, 5], N, source="lasso")
    groups.save_group(kept, "faces", "f" * 64, N)
    groups.save_group(groups.make_group("other", [2], N), "faces", "f" * 64, N)
    assert groups.load_groups("faces", "f" * 64, N)["my: 友 group"] == kept
    assert kept.items == (1, 5)
    assert groups.load_groups("faces", "e" * 64, N) == {}  # another fingerprint, other items
    groups.delete_group("other", "faces", "f" * 64, N)
    assert list(groups.load_groups("faces", "f" * 64, N)) == [kept.name]


def test_damaged_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOETROPE_HOME", str(tmp_path))
    path = groups.groups_file("../../faces", "f" * 64)
    assert path.resolve().is_relative_to(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text('{"groups": [{}]')
    with pytest.raises(GroupError, match=r"cannot be read: \S+ is not JSON"):
        groups.load_groups("../../faces", "f" * 64, N)


@given(st.integers(0, 10**18 - 1))
def test_a_whole_number_is_read_back(number: int) -> None:
    assert whole_number(f" {number} ") == number


@pytest.mark.parametrize("text", ["", "²", "-1", "1.0", "1e3", "7" * 19, "7" * 5_000])
def test_other_text_is_no_whole_number(text: str) -> None:
    assert whole_number(text) is None
