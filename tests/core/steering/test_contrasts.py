"""What sets a group apart: effects against their definitions, their order, their signs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ae_core.errors import LatentInputError
from ae_core.steering.contrasts import contrasts

N = 400


@pytest.fixture
def group() -> np.ndarray:
    return np.arange(100)


@pytest.fixture
def codes() -> np.ndarray:
    codes = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
    codes[:100, 1] += 2
    return codes


def test_a_number_has_cohens_d(group, codes):
    found = {each.name: each for each in contrasts(group, pd.DataFrame(index=range(N)), codes)}
    inside, outside = codes[:100, 1].astype(float), codes[100:, 1].astype(float)
    # t = d / sqrt(1 / n1 + 1 / n0), by scipy's own test
    t = stats.ttest_ind(inside, outside).statistic
    assert found["dimension 1"].effect == pytest.approx(t * np.sqrt(1 / 100 + 1 / 300))
    assert found["dimension 1"].effect == max(abs(each.effect) for each in found.values())
    assert found["dimension 1"].inside == pytest.approx(inside.mean())


def test_a_share_has_its_odds_ratio_and_cohens_h(group, codes):
    has = np.zeros(N, bool)
    has[:60] = has[100:130] = True
    found = contrasts(group, pd.DataFrame({"hat": has}), codes[:, :1])
    hat = next(each for each in found if each.name == "hat")
    assert (hat.inside, hat.outside) == (0.6, 0.1)
    assert hat.odds_ratio == pytest.approx(60 * 270 / (40 * 30), rel=0.02)
    assert hat.effect == pytest.approx(2 * (np.arcsin(0.6**0.5) - np.arcsin(0.1**0.5)))


def test_a_category_is_compared_value_by_value(group, codes):
    kinds = np.array(["a"] * 100 + ["b"] * 150 + ["c"] * 150)
    found = contrasts(group, pd.DataFrame({"kind": kinds}), codes[:, :1])
    by_name = {each.name: each for each in found}
    assert found[0].name == "kind = a" and found[0].outside == 0 and found[0].inside == 1
    assert by_name["kind = b"].effect < 0 and np.isfinite(by_name["kind = a"].odds_ratio)


def test_the_complement_has_the_opposite_effects(group, codes):
    attributes = pd.DataFrame({"hat": np.arange(N) % 3 == 0, "age": np.arange(N) ** 0.5})
    attributes.loc[::7, "age"] = np.nan
    there = {each.name: each for each in contrasts(group, attributes, codes)}
    back = contrasts(np.arange(100, N), attributes, codes)
    for each in back:
        assert each.effect == pytest.approx(-there[each.name].effect)


def test_what_does_not_vary_is_left_out(group, codes):
    attributes = pd.DataFrame({"same": np.full(N, 2.5), "unknown": np.full(N, np.nan)})
    names = {each.name for each in contrasts(group, attributes, codes)}
    assert names == {"dimension 0", "dimension 1", "dimension 2"}


@pytest.mark.parametrize("rows", [[], range(N)])
def test_nothing_to_compare_with_is_refused(rows, codes):
    with pytest.raises(LatentInputError, match="choose some and leave some"):
        contrasts(np.array(rows, np.int64), pd.DataFrame(index=range(N)), codes)
