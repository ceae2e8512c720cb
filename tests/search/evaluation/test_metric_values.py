"""Rates of weak marks, and the area under their curve against scipy's U statistic."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mvsearch.search.evaluation.intervals import BootstrapOptions
from mvsearch.search.evaluation.metric_values import (
    ABSENT_AUC,
    ABSENT_UNMARKED,
    WEAK_METRICS,
    WEAK_RIGHT,
    measure,
)
from mvsearch.search.evaluation.outcomes import FirstResult, Outcome

PLAIN = Outcome("v", "q", "image", "none", None, "frames", 9, 1, (1,), 1)


def make_outcomes(n: int = 40) -> list[Outcome]:
    rng = np.random.default_rng(1)
    made = []
    for at in range(n):
        first = FirstResult(float(rng.integers(2, 9)), at % 4 == 0)
        absent = FirstResult(float(rng.integers(0, 6)), at % 5 != 0)
        ranks = (2,) if at % 8 == 0 else (1,)
        named = replace(PLAIN, source=f"v{at}", query=f"q{at}", relevant_ranks=ranks)
        made.append(replace(named, first=first, absent=absent))
    return made


def test_marks_are_counted_where_they_count() -> None:
    outcomes = make_outcomes()
    figures = measure(outcomes, BootstrapOptions(n_resamples=50))
    # Of 35 right first answers five are of the ten that are weak and right.
    assert figures[WEAK_RIGHT].value == pytest.approx(5 / 35)
    assert figures[ABSENT_UNMARKED].value == pytest.approx(0.2)
    present = [o.first.surprisal for o in outcomes if o.first]
    absent = [o.absent.surprisal for o in outcomes if o.absent]
    area = stats.mannwhitneyu(present, absent).statistic / 40**2
    assert figures[ABSENT_AUC].value == pytest.approx(area)


def test_what_nobody_asked_has_no_rate() -> None:
    figures = measure([PLAIN, replace(PLAIN, query="r")], BootstrapOptions(n_resamples=50))
    assert not set(WEAK_METRICS) & set(figures)
    first = replace(PLAIN, first=FirstResult(3.0, is_weak=False))
    assert set(measure([first], BootstrapOptions())) & set(WEAK_METRICS) == {WEAK_RIGHT}
