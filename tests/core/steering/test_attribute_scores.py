"""Scores of attributes against a number: SciPy's rank correlations, signs, and what has none."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ae_core.errors import LatentInputError
from ae_core.steering.attribute_scores import attribute_scores

RNG = np.random.default_rng(0)
N = 400
NUMBERS = RNG.normal(size=N).astype(np.float32)
NOISY = NUMBERS + RNG.normal(size=N)
TABLE = pd.DataFrame(
    {
        "age": np.round(NOISY, 1),  # with ties
        "beard": NOISY < -0.5,
        "kind": np.where(NUMBERS > 0.8, "a", np.where(NOISY > 0, "b", "c")),
        "noise": RNG.normal(size=N),
        "constant": 1.5,
        "rare": np.arange(N) < 2,
        "gaps": np.where(np.arange(N) % 2, NOISY, np.nan),
    }
)
FOUND = {one.name: one for one in attribute_scores(NUMBERS, TABLE)}


@pytest.mark.parametrize("name", ["age", "gaps", "noise"])
def test_of_a_number_it_is_spearmans_rho_where_both_are_known(name: str) -> None:
    known = TABLE[name].notna().to_numpy()
    expected = stats.spearmanr(NUMBERS[known], TABLE[name][known]).statistic
    assert FOUND[name].score == pytest.approx(expected, abs=1e-9)
    assert FOUND[name].n_items == known.sum()


@pytest.mark.parametrize(
    ("name", "has_it"), [("beard", TABLE["beard"]), ("kind = a", TABLE["kind"] == "a")]
)
def test_of_yes_or_no_it_is_the_share_of_pairs_won_less_those_lost(
    name: str, has_it: "pd.Series[bool]"
) -> None:
    mask = has_it.to_numpy()
    pairs = NUMBERS[mask][:, None] - NUMBERS[~mask][None]
    assert FOUND[name].score == pytest.approx(np.sign(pairs).mean(), abs=1e-6)


def test_the_strongest_comes_first_whatever_its_sign() -> None:
    sizes = [abs(one.score) for one in attribute_scores(NUMBERS, TABLE)]
    assert sizes == sorted(sizes, reverse=True)
    assert FOUND["beard"].score < -0.4 and FOUND["age"].score > 0.4


def test_what_does_not_vary_or_hardly_anybody_has_gets_none() -> None:
    assert not {"constant", "rare"} & FOUND.keys()
    assert attribute_scores(np.zeros(N, np.float32), TABLE) == []


def test_the_scale_of_the_number_does_not_matter() -> None:
    again = {one.name: one.score for one in attribute_scores(np.exp(3 * NUMBERS), TABLE)}
    assert again == pytest.approx({name: one.score for name, one in FOUND.items()})


def test_another_number_of_numbers_is_refused() -> None:
    with pytest.raises(LatentInputError, match="one value an item"):
        attribute_scores(NUMBERS[1:], TABLE)
