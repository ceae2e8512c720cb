"""Surprise against scipy's logistic distribution."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from search.calibration import find_surprise, is_chance, stretch, unstretch
from search.fusion import NEUTRAL

NAN = float("nan")


def test_surprise_is_the_logistic_tail() -> None:
    similarities = np.array([-0.9, -0.1, 0.0, 0.3, 0.8, 0.97])
    levels = np.array([0.1, 0.1, 0.0, 0.3, 0.2, 0.0])
    x = np.arctanh(0.995 * similarities)
    expected = -stats.logistic.logsf(x, loc=levels, scale=0.12) / math.log(10)
    assert find_surprise(similarities, levels, 0.12) == pytest.approx(expected)


def test_the_median_of_unrelated_content_is_neutral() -> None:
    level = stretch(np.array([0.37]))
    assert find_surprise(np.array([0.37]), level, 0.2) == pytest.approx(NEUTRAL)
    assert unstretch(float(level[0])) == pytest.approx(0.37)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-2, 2), st.floats(0.01, 1))
def test_surprise_rises_and_is_finite(a: float, b: float, level: float, scale: float) -> None:
    low, high = find_surprise(np.sort([a, b]), np.full(2, level), scale)
    assert 0 <= low <= high < math.inf
    if abs(a - b) > 1e-3 and level < 1:
        assert low < high


def test_it_does_not_saturate_and_unknown_stays_unknown() -> None:
    surprise = find_surprise(np.array([0.99, 0.9999, 1.0, NAN]), np.zeros(4), 0.01)
    assert (np.diff(surprise[:3]) > 0).all()
    assert np.isnan(surprise[3])


def test_what_is_expected_in_every_second_library_by_chance_is_weak() -> None:
    assert is_chance(math.log10(190), 100)
    assert not is_chance(math.log10(210), 100)
    assert is_chance(math.log10(1.9), 1)
    assert not is_chance(math.log10(2.1), 0)
