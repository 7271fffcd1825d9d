"""Estimates of how long work will still take."""

import random

import pytest

from ae_core.processes.progress import Estimate


def seen(moments: list[tuple[float, float]]) -> Estimate:
    estimate = Estimate()
    for at_s, fraction in moments:
        estimate.observe(fraction, at_s)
    return estimate


def steady(start_s: float, end_s: float, until_s: float, every_s: float = 0.3):
    """Work that goes on evenly from one time to another, watched until a third."""
    n_seen = int((until_s - start_s) / every_s) + 1
    times = [start_s + number * every_s for number in range(n_seen)]
    return [(at_s, (at_s - start_s) / (end_s - start_s)) for at_s in times]


def test_even_work_is_told_to_the_second() -> None:
    moments = steady(100.0, 145.0, until_s=110.0)
    left = seen(moments).seconds_left(moments[-1][0])
    assert left == pytest.approx(145.0 - moments[-1][0], rel=1e-6)
    assert seen(moments).seconds_left(moments[-1][0] + 2) == pytest.approx((left or 0) - 2)


def test_nothing_is_said_too_early() -> None:
    for until_s in (100.0, 101.0, 102.5):
        assert seen(steady(100.0, 145.0, until_s)).seconds_left(until_s) is None
    assert Estimate().seconds_left(5.0) is None
    assert seen([(0.0, 0.0), (60.0, 0.5)]).seconds_left(60.0) is None  # heard of twice


def test_a_slow_beginning_is_forgotten() -> None:
    """Five seconds until the first step, which is a thousandth: by the mean pace, 80 minutes."""
    moments = [(0.0, 0.0), (5.0, 0.001), *steady(5.0, 50.0, until_s=15.0)[1:]]
    last_s = moments[-1][0]
    assert seen(moments).seconds_left(last_s) == pytest.approx(50.0 - last_s, rel=0.05)


def test_a_pause_counts_for_little() -> None:
    before = steady(0.0, 40.0, until_s=12.0)
    after = [(at_s + 4.0, fraction) for at_s, fraction in steady(0.0, 40.0, until_s=16.0)]
    moments = before + [one for one in after if one[1] > before[-1][1]]
    last_s, fraction = moments[-1]
    assert seen(moments).seconds_left(last_s) == pytest.approx(40.0 * (1 - fraction), rel=0.25)


def test_an_uneven_pace_is_told_within_a_third_from_a_tenth_on() -> None:
    chance = random.Random(3)
    at_s, moments = 0.0, []
    for number in range(300):
        moments.append((at_s, number / 300))
        at_s += chance.choice([0.05, 0.1, 0.1, 0.8])
    for n_seen in range(60, 300, 20):
        left = seen(moments[:n_seen]).seconds_left(moments[n_seen - 1][0])
        assert left == pytest.approx(at_s - moments[n_seen - 1][0], rel=0.34, abs=2)


def test_a_new_beginning_is_told_anew() -> None:
    estimate = seen(steady(0.0, 10.0, until_s=9.0))
    assert estimate.seconds_left(9.0) is not None
    estimate.observe(0.0, 20.0)
    assert estimate.seconds_left(20.0) is None


def test_long_work_is_told_as_well() -> None:
    moments = steady(0.0, 4000.0, until_s=2000.0)
    assert seen(moments).seconds_left(moments[-1][0]) == pytest.approx(2000, rel=0.01)
