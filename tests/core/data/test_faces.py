"""The drawn faces: one face one picture, the promised chances, factors that do as they say."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ae_core.data.faces.factors import FLAGS, HAIR_STYLES, LEVELS, LOOKS, RANGES
from ae_core.data.faces.portraits import (
    ATTRIBUTES,
    DEFAULT,
    attributes_of,
    draw_faces,
    render_faces,
    sample_factors,
)
from ae_core.errors import DataError

MANY = 20_000


@pytest.fixture(scope="module")
def crowd() -> pd.DataFrame:
    return sample_factors(range(MANY), seed=4)


def portrait(**factors: object) -> pd.DataFrame:
    """One face, calm and in the middle, with some factors set."""
    calm = {
        "woman": True, "beard": False, "moustache": False, "glasses": "none", "smile": 0.0,
        "eye_open": 0.8, "gaze": 0.0, "hair_style": "curtain", "hair_length": 0.1,
        "hair_colour": "brown", "skin_tone": 0.2, "face_width": 0.0, "jaw": 0.0,
        "shift_x": 0.0, "shift_y": 0.0, "tilt": 0.0, "light": 0.0, "light_strength": 0.5,
    }  # fmt: skip
    return sample_factors(range(1), seed=0).assign(**(calm | factors))


def picture(**factors: object) -> np.ndarray:
    """That face as floats in [0, 1], shape (3, 64, 64)."""
    return draw_faces(portrait(**factors))[0] / 255


def change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Largest change of a channel, shape (64, 64)."""
    return np.abs(before - after).max(axis=0)


# One face, one picture


def test_a_face_is_the_same_wherever_the_drawing_starts_and_on_any_number_of_threads() -> None:
    items, attributes = render_faces(150, seed=7, n_threads=2)
    alone, alone_attributes = render_faces(1, seed=7, start=101, n_threads=1)
    tail, tail_attributes = render_faces(83, seed=7, start=67, n_threads=3)
    np.testing.assert_array_equal(alone[0], items[101])
    np.testing.assert_array_equal(tail, items[67:])
    pd.testing.assert_frame_equal(
        tail_attributes, attributes.iloc[67:].reset_index(drop=True), check_exact=True
    )
    pd.testing.assert_frame_equal(
        alone_attributes, attributes.iloc[[101]].reset_index(drop=True), check_exact=True
    )


def test_a_picture_depends_on_its_own_row_only() -> None:
    factors = sample_factors(range(70), seed=1)
    shuffled = np.random.default_rng(0).permutation(70)
    np.testing.assert_array_equal(draw_faces(factors.iloc[shuffled]), draw_faces(factors)[shuffled])


def test_scattered_indices_name_the_same_faces_as_a_range() -> None:
    whole = sample_factors(range(1000), seed=3)
    indices = np.array([5, 6, 7, 2, 999, 999, 0])
    pd.testing.assert_frame_equal(
        sample_factors(indices, seed=3), whole.iloc[indices].reset_index(drop=True)
    )


def test_seeds_make_unrelated_crowds() -> None:
    one, other = (sample_factors(range(4000), seed=seed) for seed in (0, 1))
    for name in ("smile", "skin_tone", "tilt"):
        # 4.5 standard errors of a correlation of independent columns
        assert abs(np.corrcoef(one[name], other[name])[0, 1]) < 4.5 / np.sqrt(4000)


def test_progress_is_told_and_may_stop_the_drawing() -> None:
    told: list[float] = []
    render_faces(100, on_progress=lambda _, fraction: told.append(fraction))
    assert told[-1] == 1.0
    assert told == sorted(set(told))

    def stop(message: str, fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_faces(100, on_progress=stop)


# Chances


def share_is(flags: pd.Series, probability: float) -> bool:
    """Whether a count lies where a binomial count lies with probability 1 - 1e-6."""
    low, high = stats.binom.interval(1 - 1e-6, len(flags), probability)
    return bool(low <= flags.sum() <= high)


def test_looks_that_go_with_the_sex_come_as_often_as_the_table_says(crowd: pd.DataFrame) -> None:
    women, men = crowd[crowd.woman], crowd[~crowd.woman]
    assert share_is(crowd.woman, 0.5)
    assert not women.beard.any()
    assert not women.moustache.any()
    assert share_is(men.beard, 0.35)
    assert share_is(men.moustache, 0.30)
    assert share_is(crowd.glasses != "none", 0.40)
    for group, shares in (
        (women, DEFAULT.hair_style_given_woman),
        (men, DEFAULT.hair_style_given_man),
    ):
        for style, share in zip(HAIR_STYLES, shares, strict=True):
            assert share_is(group.hair_style == style, share), style
    for name, (if_woman, if_man) in LOOKS.items():
        assert women[name].between(*np.float32(if_woman)).all(), name
        assert men[name].between(*np.float32(if_man)).all(), name


def test_factors_are_independent_where_nothing_says_otherwise(crowd: pd.DataFrame) -> None:
    for one, other in (
        ("woman", "glasses"),
        ("woman", "background"),
        ("glasses", "hair_colour"),
        ("beard", "glasses"),
    ):
        table = pd.crosstab(crowd[one], crowd[other])
        assert stats.chi2_contingency(table).pvalue > 1e-6, (one, other)
    free = crowd[["woman", *(name for name in RANGES if name not in {*LOOKS, "hair_length"})]]
    correlation = np.abs(np.corrcoef(free.to_numpy(dtype=float).T))
    np.fill_diagonal(correlation, 0)
    assert correlation.max() < 5 / np.sqrt(MANY)


def test_overridden_chances_correlate_glasses_with_the_sex_and_leave_the_rest() -> None:
    skewed = DEFAULT.replace(eyeglasses_given_woman=0.176, eyeglasses_given_man=0.624)
    factors = sample_factors(range(MANY), seed=4, probabilities=skewed)
    wearers = factors[factors.glasses != "none"]
    assert share_is(~wearers.woman, 0.78)
    plain = sample_factors(range(MANY), seed=4)
    pd.testing.assert_frame_equal(factors.drop(columns="glasses"), plain.drop(columns="glasses"))


# Factors do what they say


def test_attributes_have_their_types_and_ranges() -> None:
    items, attributes = render_faces(600, seed=2)
    assert (items.dtype, items.shape, items.flags.c_contiguous) == (
        np.uint8, (600, 3, 64, 64), True,
    )  # fmt: skip
    assert list(attributes) == list(ATTRIBUTES)
    for name in attributes:
        if name in RANGES:
            assert attributes[name].dtype == np.float32, name
            assert attributes[name].between(*RANGES[name]).all(), name
        elif name in LEVELS:
            assert set(attributes[name]) == set(LEVELS[name]), name
        else:
            assert attributes[name].dtype == bool, name
            assert name == "eyeglasses" or name in FLAGS
    pd.testing.assert_series_equal(
        attributes.eyeglasses, attributes.glasses.isin(["round", "square", "sun"]),
        check_names=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("factor", "values", "region"),  # rows and columns of the picture of a centred face
    [
        ("glasses", ("none", "round"), np.s_[22:42, 12:52]),
        ("glasses", ("none", "sun"), np.s_[22:42, 12:52]),
        ("glasses", ("round", "square"), np.s_[22:42, 12:52]),
        ("smile", (-1.0, 1.0), np.s_[30:54, 16:48]),  # a smile lifts the lower lids as well
        ("eye_open", (0.0, 1.0), np.s_[26:38, 14:50]),
        ("gaze", (-1.0, 1.0), np.s_[27:37, 18:46]),
        ("brow_raise", (-1.0, 1.0), np.s_[20:32, 16:48]),
        ("moustache", (False, True), np.s_[38:48, 22:42]),
        ("beard", (False, True), np.s_[30:56, 14:50]),
    ],
)
def test_a_feature_changes_its_own_region_and_no_other(
    factor: str, values: tuple[object, object], region: tuple[slice, slice]
) -> None:
    changed = change(*(picture(**{factor: value}) for value in values))
    assert changed[region].max() > 0.2
    changed[region] = 0
    assert changed.max() == 0


@pytest.mark.parametrize("name", [*FLAGS, *LEVELS, *RANGES])
def test_every_factor_can_be_seen(name: str) -> None:
    levels = dict.fromkeys(FLAGS, (False, True)) | LEVELS | RANGES
    # a frame needs glasses, a parting needs hair that parts
    setting = {"glasses": "round"} if name == "frame" else {"hair_style": "parted"}
    pictures = [picture(**(setting | {name: level})) for level in levels[name]]
    for before, after in itertools.pairwise(pictures):
        assert change(before, after).max() > 0.05


def skin_centre(**factors: object) -> np.ndarray:
    """Where two skins differ, on average: (x, y) of the bare head's centre in pixels."""
    bald = {"hair_style": "bald", "hair_length": 0.0, "light_strength": 0.0} | factors
    weight = change(picture(skin_tone=0.0, **bald), picture(skin_tone=0.6, **bald))
    weight[46:] = 0  # neck and body follow the head by half only
    rows, cols = np.indices(weight.shape)
    return np.array([(weight * cols).sum(), (weight * rows).sum()]) / weight.sum()


def test_a_shift_moves_the_head_by_that_many_pixels() -> None:
    left, right = skin_centre(shift_x=-3.0, shift_y=-2.0), skin_centre(shift_x=3.0, shift_y=-2.0)
    np.testing.assert_allclose(right - left, [6, 0], atol=0.35)
    items = draw_faces(pd.concat([portrait(shift_y=-3.0), portrait(shift_y=3.0)]))
    # the head fills these rows in both; the background and body lie still behind it
    np.testing.assert_allclose(items[0][:, 20:40, 24:40], items[1][:, 26:46, 24:40], atol=8)


def test_a_tilt_turns_the_eyes_by_that_many_degrees() -> None:
    def eye_line(tilt: float) -> float:
        moved = change(picture(tilt=tilt, eye_open=0.0), picture(tilt=tilt, eye_open=1.0))
        rows, cols = np.indices(moved.shape)
        eyes = [
            ((moved * half * cols).sum() / (moved * half).sum(),
             (moved * half * rows).sum() / (moved * half).sum())
            for half in (cols < 32, cols >= 32)
        ]  # fmt: skip
        (x1, y1), (x2, y2) = eyes
        return float(np.rad2deg(np.arctan2(y2 - y1, x2 - x1)))

    for tilt in (-12.0, 0.0, 12.0):
        assert eye_line(tilt) == pytest.approx(tilt, abs=2)


def test_the_lit_cheek_is_on_the_side_of_the_light() -> None:
    def left_minus_right(light: float) -> float:
        face = picture(light=light, light_strength=1.0).mean(axis=0)
        return float(face[34:44, 20:26].mean() - face[34:44, 38:44].mean())

    assert left_minus_right(-1.0) > 0.05
    assert left_minus_right(1.0) < -0.05
    assert abs(left_minus_right(0.0)) < 0.02


def test_longer_hair_reaches_further_down() -> None:
    def lowest_hair(length: float) -> int:
        kind = {"hair_style": "curtain", "hair_length": length}
        differs = change(picture(hair_colour="blond", **kind), picture(hair_colour="black", **kind))
        return int(np.flatnonzero((differs > 0.2).any(axis=1)).max())

    lowest = [lowest_hair(length) for length in (0.0, 0.3, 0.5, 0.7, 1.0)]
    assert lowest == sorted(set(lowest))
    assert lowest[0] < 40  # above the mouth
    assert lowest[-1] > 56  # on the shoulders


# What is refused


@pytest.mark.parametrize(
    "wrong", [{"n_items": 0}, {"n_items": -3}, {"start": -1}, {"seed": -1}, {"n_threads": 0}]
)
def test_impossible_counts_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(DataError, match=next(iter(wrong))):
        render_faces(**({"n_items": 2} | wrong))


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"hats": 0.5}, "hats"),
        ({"woman": 1.5}, "woman"),
        ({"beard_given_man": float("nan")}, "beard_given_man"),
        ({"glasses_kind": (0.5, 0.5)}, "glasses_kind"),
        ({"glasses_kind": (0.5, 0.5, 0.5)}, "glasses_kind"),
    ],
)
def test_impossible_probabilities_are_refused(overrides: dict, named: str) -> None:
    with pytest.raises(DataError, match=named):
        DEFAULT.replace(**overrides)


@pytest.mark.parametrize(
    "factors",
    [
        portrait().drop(columns="smile"),
        portrait(glasses="monocle"),
        portrait(smile=float("nan")),
    ],
)
def test_rows_that_cannot_be_drawn_are_refused(factors: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"smile|glasses"):
        draw_faces(factors)


def test_attributes_follow_factors_set_by_hand() -> None:
    assert attributes_of(portrait(glasses="sun")).eyeglasses.tolist() == [True]
    assert attributes_of(portrait(glasses="none")).eyeglasses.tolist() == [False]
