"""Sums of codes come back from their text, and mean what the formula says."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.data.groups import make_group
from ae_core.errors import LatentInputError
from ae_core.steering.sums import (
    KINDS,
    Term,
    default_sum,
    estimate_direction,
    format_sum,
    matched_terms,
    opposed_groups,
    parse_sum,
    partial_sums,
    term_items,
    term_vector,
)

RNG = np.random.default_rng(0)
N = 300
WOMAN, GLASSES = RNG.random(N) < 0.5, RNG.random(N) < 0.3
ATTRIBUTES = pd.DataFrame({"woman": WOMAN, "glasses": np.where(GLASSES, "round", "none")})
# a world where the sum is exact: woman is axis 0, glasses axis 1, the person the rest
PERSON = np.hstack([np.zeros((N, 2)), RNG.normal(size=(N, 4))])
CODES = (
    PERSON + np.outer(WOMAN, [2, 0, 0, 0, 0, 0]) + np.outer(GLASSES, [0, 3, 0, 0, 0, 0])
).astype(np.float32)
CENTRE = CODES.mean(axis=0)

words = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1) | st.text("%257E~+-:, ")
terms = st.builds(Term, st.sampled_from([1, -1]), st.sampled_from(KINDS), words.map(str.strip))


@settings(deadline=None)
@given(st.lists(terms.filter(lambda term: term.what), min_size=1, max_size=8))
def test_text_and_back(some: list[Term]) -> None:
    assert list(parse_sum(format_sum(some))) == some


@pytest.mark.parametrize("text", ["", "item:1", "+item", "+item:", "*item:1", "+what:1", "+", "~"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(LatentInputError, match="must look like"):
        parse_sum(text)


@pytest.mark.parametrize(
    "name", ["a~b", "~", "a~+item:1", "1,2", "+-:", "50 %7E", "% 25 ~ %25", "é~ü"]
)
def test_any_name_of_a_group_can_be_asked_for(name: str) -> None:
    groups = {name: make_group(name, [3, 4], N)}
    first, second = parse_sum(format_sum([Term(1, "item", "0"), Term(-1, "group", name)]))
    assert first == Term(1, "item", "0")
    assert term_items(second, ATTRIBUTES, groups).tolist() == [3, 4]


@pytest.mark.parametrize(
    "name", ["a~b", 'say "cheese"', 'it\'s "so"', "1, 2", "+-:", "5 %7E", "é~ü"]
)
def test_any_name_of_an_attribute_and_any_value_can_be_asked_for(name: str) -> None:
    attributes = pd.DataFrame({name: [name, f"not {name}"] * 4})
    for term in parse_sum(format_sum(default_sum(attributes)))[1:]:
        values = attributes[name].iloc[term_items(term, attributes, {})]
        assert len(values) == 4 and values.nunique() == 1


def test_a_text_of_old_is_read_as_it_was() -> None:
    found = parse_sum("+item:3~-all:share > 5 and x = 50%~+group:a, b: c+d")
    assert [term.what for term in found] == ["3", "share > 5 and x = 50%", "a, b: c+d"]


def test_too_many_terms_are_refused() -> None:
    with pytest.raises(LatentInputError, match="8 terms; got 9"):
        parse_sum(format_sum([Term(1, "item", "1")] * 9))


def add_up(some: tuple[Term, ...], weights: list[float]) -> np.ndarray:
    """The sum as the page computes it."""
    vectors = np.stack([term_vector(term, CODES, ATTRIBUTES, {}, CENTRE) for term in some])
    return partial_sums(vectors, weights, CENTRE)[-1]


def test_weights_that_add_up_to_one_give_the_plain_sum() -> None:
    some = parse_sum("+item:3~-item:5~+item:7")
    code = add_up(some, [1, 1, 1])
    np.testing.assert_allclose(code, CODES[3] - CODES[5] + CODES[7], atol=1e-5)


def test_man_with_glasses_becomes_the_same_woman_with_glasses() -> None:
    some = default_sum(ATTRIBUTES)
    item = int(some[0].what)
    assert GLASSES[item] and not WOMAN[item]
    code = add_up(some, [1, 1, 1])
    assert code[:2] == pytest.approx([2, 3], abs=1e-5)
    # whom the group means move besides: the mean difference of the two groups, exactly
    drift = PERSON[WOMAN & ~GLASSES].mean(axis=0) - PERSON[~WOMAN & ~GLASSES].mean(axis=0)
    np.testing.assert_allclose(code[2:], (PERSON[item] + drift)[2:], atol=1e-5)


def test_weight_zero_takes_a_term_out() -> None:
    some = parse_sum("+item:3~-all:woman")
    np.testing.assert_allclose(add_up(some, [1, 0]), CODES[3], atol=1e-5)
    np.testing.assert_allclose(add_up(some, [0, 0]), CENTRE, atol=1e-6)


signs_and_weights = st.lists(
    st.tuples(st.sampled_from([1, -1]), st.integers(0, N - 1), st.floats(-2, 2)),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(signs_and_weights)
def test_partial_sums_follow_the_formula(some: list[tuple[int, int, float]]) -> None:
    """z = m + sum_i s_i w_i (z_i - m), with exact fractions for an oracle."""
    vectors = np.stack(
        [term_vector(Term(sign, "item", str(item)), CODES, ATTRIBUTES, {}, CENTRE)
         for sign, item, _ in some]
    )  # fmt: skip
    partial = partial_sums(vectors, [weight for *_, weight in some], CENTRE)
    for axis in range(CODES.shape[1]):
        mean = Fraction(float(CENTRE[axis]))
        code = mean
        for (sign, item, weight), found in zip(some, partial[:, axis], strict=True):
            code += sign * Fraction(weight) * (Fraction(float(CODES[item, axis])) - mean)
            assert float(found) == pytest.approx(float(code), abs=1e-5)


def test_a_sum_needs_one_weight_a_term() -> None:
    with pytest.raises(LatentInputError, match="one a term, 3; got 2"):
        partial_sums(CODES[:3], [1, 1], CENTRE)


@pytest.mark.parametrize("kind", ["mean", "probe"])
def test_a_direction_leads_from_those_without_to_those_with(kind: str) -> None:
    some = parse_sum(f"+item:3~+{kind}:glasses")
    there = add_up(some, [1, 1]) - CODES[3]
    assert there[1] == pytest.approx(3, rel=0.1)
    assert np.abs(np.delete(there, 1)).max() < 0.6


def test_digits_open_with_one_digit_for_another() -> None:
    attributes = pd.DataFrame({"digit": ["3", "10", "2", "2"]})
    first, minus, plus = default_sum(attributes)
    assert first.what == "2" and minus.what == "digit = 2" and plus.what == "digit = 3"
    assert term_items(plus, attributes, {}).tolist() == [0]


def test_data_without_attributes_opens_with_items() -> None:
    opening = default_sum(pd.DataFrame(index=range(3)))
    assert [term.kind for term in opening] == ["item"] * 3
    with pytest.raises(LatentInputError, match="3 items"):
        default_sum(pd.DataFrame(index=range(2)))


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (Term(1, "item", "300"), "not among the 300"),
        (Term(1, "item", "-1"), "whole number"),
        (Term(1, "all", "woman and man"), "no item answers"),
        (Term(1, "all", "hat"), "neither an attribute"),
        (Term(1, "group", "gone"), "no group 'gone'"),
    ],
)
def test_terms_that_are_nothing_are_named(term: Term, message: str) -> None:
    with pytest.raises(LatentInputError, match=message):
        term_items(term, ATTRIBUTES, {})


def test_group_of_a_bigger_data_set_is_refused() -> None:
    kept = {"far": make_group("far", [500], 1000)}
    with pytest.raises(LatentInputError, match="another data set"):
        term_items(Term(1, "group", "far"), ATTRIBUTES, kept)


def test_direction_needs_items_without() -> None:
    term = Term(1, "mean", "woman or not woman")
    with pytest.raises(LatentInputError, match="needs some that do not"):
        term_vector(term, CODES, ATTRIBUTES, {}, CENTRE)


def test_a_conditional_term_leaves_the_other_reading_alone() -> None:
    worn = np.where(WOMAN, 0.1, 0.7) > RNG.random(N)  # glasses go with men here
    codes = CODES - np.outer(GLASSES, [0, 3, 0, 0, 0, 0]) + np.outer(worn, [0, 3, 0, 0, 0, 0])
    attributes = ATTRIBUTES.assign(glasses=np.where(worn, "round", "none"))
    term = Term(1, "conditional", "glasses | woman")
    assert (term.question, term.held_fixed) == ("glasses", ("woman",))
    plain = estimate_direction("mean", "glasses", (), codes, attributes)
    clean = estimate_direction("conditional", "glasses", term.held_fixed, codes, attributes)
    probe = estimate_direction("probe", "woman", (), codes, attributes)
    assert plain.unit @ probe.unit < -0.3
    assert clean.unit @ probe.unit == pytest.approx(0, abs=1e-6)
    vector = term_vector(term, codes.astype(np.float32), attributes, {}, codes.mean(axis=0))
    np.testing.assert_allclose(vector, clean.unit * clean.step, atol=1e-5)
    with pytest.raises(LatentInputError, match="neither an attribute"):
        term_items(Term(1, "conditional", "glasses | hat"), attributes, {})


SUM = (
    Term(1, "item", str(np.flatnonzero(GLASSES & ~WOMAN)[0])),
    Term(-1, "all", "not woman and glasses = none"),
    Term(1, "all", "woman and glasses = none"),
)


def test_matching_replaces_both_groups_by_as_many_items_that_differ_by_the_group() -> None:
    assert opposed_groups(SUM) == (0, 1, 2)
    start, minus, plus = matched_terms(SUM, CODES, ATTRIBUTES, {})
    assert start == SUM[0] and (minus.kind, plus.kind) == ("items", "items")
    men, women = (term_items(term, ATTRIBUTES, {}) for term in (minus, plus))
    assert len(men) == len(women) == 16
    assert not WOMAN[men].any() and WOMAN[women].all() and not GLASSES[[*men, *women]].any()
    # what is not the group is nearer to nothing than the difference of everyone's means
    vectors = [term_vector(term, CODES, ATTRIBUTES, {}, CENTRE) for term in (minus, plus)]
    assert (vectors[1] + vectors[0])[0] == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    "some",
    [
        SUM[:2],
        (SUM[0], SUM[0], *SUM[1:]),
        (SUM[0], SUM[1], Term(1, "mean", "woman")),
        (SUM[0], Term(1, "all", "glasses = none"), *SUM[2:]),
    ],
)
def test_other_sums_have_nothing_to_match(some: tuple[Term, ...]) -> None:
    assert opposed_groups(some) is None
    with pytest.raises(LatentInputError, match="one item - one group"):
        matched_terms(some, CODES, ATTRIBUTES, {})


def test_groups_that_overlap_cannot_be_matched() -> None:
    with pytest.raises(LatentInputError, match="share"):
        matched_terms((*SUM[:2], Term(1, "all", "glasses = none")), CODES, ATTRIBUTES, {})
