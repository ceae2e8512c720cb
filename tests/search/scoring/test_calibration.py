"""Surprise against scipy's logistic distribution."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mvsearch.search.engine import Engine
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Contribution
from mvsearch.search.scoring.calibration import (
    WeakMarks,
    compute_surprisal,
    find_same_levels,
    fisher_z,
    invert_fisher_z,
    is_chance,
)
from mvsearch.search.scoring.fusion import NEUTRAL
from mvsearch.store.records import Space
from tests.search.conftest import AUDIO

NAN = float("nan")


def test_surprise_is_the_logistic_tail() -> None:
    similarities = np.array([-0.9, -0.1, 0.0, 0.3, 0.8, 0.97])
    levels = np.array([0.1, 0.1, 0.0, 0.3, 0.2, 0.0])
    x = np.arctanh(0.995 * similarities)
    expected = -stats.logistic.logsf(x, loc=levels, scale=0.12) / math.log(10)
    assert compute_surprisal(similarities, levels, 0.12) == pytest.approx(expected)


def test_the_median_of_unrelated_content_is_neutral() -> None:
    level = fisher_z(np.array([0.37]))
    assert compute_surprisal(np.array([0.37]), level, 0.2) == pytest.approx(NEUTRAL)
    assert invert_fisher_z(float(level[0])) == pytest.approx(0.37)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-2, 2), st.floats(0.01, 1))
def test_surprise_rises_and_is_finite(a: float, b: float, level: float, scale: float) -> None:
    low, high = compute_surprisal(np.sort([a, b]), np.full(2, level), scale)
    assert 0 <= low <= high < math.inf
    if abs(a - b) > 1e-3 and level < 1:
        assert low < high


def test_it_does_not_saturate_and_unknown_stays_unknown() -> None:
    surprisal = compute_surprisal(np.array([0.99, 0.9999, 1.0, NAN]), np.zeros(4), 0.01)
    assert (np.diff(surprisal[:3]) > 0).all()
    assert np.isnan(surprisal[3])


def test_what_is_expected_in_every_second_library_by_chance_is_weak() -> None:
    assert is_chance(math.log10(190), 100)
    assert not is_chance(math.log10(210), 100)
    assert is_chance(math.log10(1.9), 1)
    assert not is_chance(math.log10(2.1), 0)


def test_what_is_the_same_is_not_weak_however_much_else_is_alike() -> None:
    def give(similarity: float, surprisal: float) -> Contribution:
        return Contribution(similarity, 0.5, surprisal, 0.0)

    chance, find = 0.5, 9.0
    same = {"frames": 0.6, "audio": 0.8}
    exact = {"frames": give(0.18, chance), "audio": give(0.97, chance)}
    marks = WeakMarks(34, same)
    assert not marks.is_weak(exact)  # the right song beside 18 tones
    assert WeakMarks(34, {"frames": 0.6}).is_weak(exact)
    assert marks.is_weak({"frames": give(0.43, chance), "audio": give(0.73, chance)})
    assert not marks.is_weak({"frames": give(0.43, find), "audio": give(0.73, chance)})


def test_what_queries_without_an_answer_reach_is_weak() -> None:
    found = {"frames": Contribution(0.5, 1.0, 4.0, 0.0)}
    assert not WeakMarks(100, {}).is_weak(found)
    assert not WeakMarks(100, {}, {"frames": 3.9, "audio": 9.0}).is_weak(found)
    assert WeakMarks(100, {}, {"frames": 4.1}).is_weak(found)
    assert not WeakMarks(100, {"frames": 0.4}, {"frames": 4.1}).is_weak(found)
    # A low level makes nothing strong that chance finds.
    assert WeakMarks(100_000, {}, {"frames": 1.0}).is_weak(found)


def test_words_and_encoders_that_were_not_calibrated_are_never_the_same() -> None:
    frames, sound = Space("frames", "planted-frames", "1", 16), Space("audio", "signal", "1", 10)
    words = Space("frames", "planted-frames", "1", 12, view="words")
    strange = Space("lyrics", "strange", "1", 12)
    assert find_same_levels([frames, sound, strange]) == {"frames": 0.6, "audio": 0.8}
    assert find_same_levels([frames, words]) == {}
    # One picture has its double by chance more often than a clip has.
    assert find_same_levels([frames, sound], {"frames"}) == {"frames": 0.8, "audio": 0.8}


def test_an_exact_hit_among_much_alike_is_not_weak(
    plant: Any, planted_encoders: Any, conftest_spans: Any
) -> None:
    """Tones are as like each other as a song is to itself: so wide a spread surprises nobody."""
    rng = np.random.default_rng(5)
    tone = rng.normal(size=10)
    content = {
        f"{at:02d}tone": {AUDIO: (tone + 0.15 * rng.normal(size=(8, 10)), conftest_spans(8))}
        for at in range(24)
    } | {
        f"{at:02d}other": {AUDIO: (rng.normal(size=(8, 10)), conftest_spans(8))} for at in range(16)
    }
    song = rng.normal(size=(8, 10))
    content |= {
        "song": {AUDIO: (song, conftest_spans(8))},
        "copy": {AUDIO: (song + 0.05 * rng.normal(size=(8, 10)), conftest_spans(8))},
    }
    engine = Engine(plant(content), planted_encoders())
    found = engine.search(Query((QueryPart("like", "song"),)))
    assert found[0].video.id == "copy"
    assert not found[0].is_weak
    (best,) = found[0].contributions.values()
    assert best.similarity > 0.95
    assert is_chance(best.calibrated, 42)
    assert all(result.is_weak for result in found[1:])


def test_lyrics_in_the_space_of_many_languages_are_judged_by_it_alone() -> None:
    line = {"lyrics": Contribution(0.5, 1.0, 9.0, 9.0)}
    needed = math.log10(100 / 0.04)
    assert WeakMarks(100, {}).is_weak(line, needed - 0.01)
    assert not WeakMarks(100, {}).is_weak(line, needed + 0.01)
    assert not WeakMarks(100, {}).is_weak(line)
    assert not WeakMarks(100, {"lyrics": 0.5}).is_weak(line, 0.0)
    picture = {"frames": Contribution(0.5, 1.0, 9.0, 9.0)}
    assert not WeakMarks(100, {}).is_weak(line | picture, 0.0)
