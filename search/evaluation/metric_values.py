"""Aggregates metrics over queries: value, 95 % interval and chance level."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.evaluation import chance, metrics
from mvsearch.search.evaluation.intervals import (
    BootstrapOptions,
    FloatArray,
    Interval,
    Resamples,
    average_resamples,
    draw_resamples,
    span_interval,
    take_medians,
)
from mvsearch.search.evaluation.outcomes import Outcome

RECALL_1, RECALL_5, RECALL_10 = "recall@1", "recall@5", "recall@10"
MRR, MEDIAN_RANK = "mrr", "median_rank"
MAP, NDCG_10, SHARE_10 = "map", "ndcg@10", "recall_share@10"
PRECISION_1, PRECISION_5, PRECISION_10 = "precision@1", "precision@5", "precision@10"
MOMENT_ERROR, MOMENT_NEAR, UNSURE = "moment_error_seconds", "moment_within_1s", "moment_unsure"
STILL_ERROR, LINE_ERROR = "still_error_seconds", "line_error_seconds"
BOTH_FIRST, TOLD_TWO = "both_first", "told_two"
LISTS_WITHOUT, LISTS_WITH, LISTS_SPARED = "lists_without", "lists_with", "lists_spared"
WEAK_RIGHT, ABSENT_UNMARKED, ABSENT_AUC = "weak_right", "absent_unmarked", "absent_auc"

RANK_METRICS = (RECALL_1, RECALL_5, RECALL_10, MRR, MEDIAN_RANK)
SIMILAR_METRICS = (MAP, NDCG_10, SHARE_10)
QUADRANT_METRICS = (PRECISION_1, PRECISION_5, PRECISION_10)
MOMENT_METRICS = (MOMENT_ERROR, MOMENT_NEAR, UNSURE)
WEAK_METRICS = (WEAK_RIGHT, ABSENT_UNMARKED, ABSENT_AUC)
PART_METRICS = (STILL_ERROR, LINE_ERROR)
MIX_METRICS = (BOTH_FIRST, TOLD_TWO)
FEEDBACK_METRICS = (LISTS_WITHOUT, LISTS_WITH, LISTS_SPARED)
# Metrics that are errors in seconds.
ERRORS = (MOMENT_ERROR, *PART_METRICS)
# Metrics that are medians; less is better.
MEDIANS = (MEDIAN_RANK, *ERRORS, LISTS_WITHOUT, LISTS_WITH)
NEAR_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of several queries.

    Attributes:
        value: None if no query has one, such as a moment error without any moment.
        interval: 95 %, over the videos of the queries; None for a single video.
        chance: the expectation under random order; None for metrics of moments.
    """

    value: float | None
    interval: Interval | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """The gain in recall@1 of one system over another, on the same queries."""

    value: float
    interval: Interval | None

    def turn(self) -> "Difference":
        """The difference with the systems exchanged."""
        span = self.interval
        turned = None if span is None else Interval(-span.high, -span.low)
        return Difference(-self.value, turned)


Rule = Callable[[Outcome], float]

_VALUES: Mapping[str, Rule] = {
    RECALL_1: lambda o: metrics.recall_at_k(o.relevant_ranks, o.n_relevant, 1),
    RECALL_5: lambda o: metrics.recall_at_k(o.relevant_ranks, o.n_relevant, 5),
    RECALL_10: lambda o: metrics.recall_at_k(o.relevant_ranks, o.n_relevant, 10),
    MRR: lambda o: metrics.reciprocal_rank(o.relevant_ranks, o.n_relevant),
    MEDIAN_RANK: lambda o: metrics.first_rank(o.relevant_ranks, o.n_relevant, o.n_videos),
    MAP: lambda o: metrics.average_precision(o.relevant_ranks, o.n_relevant),
    NDCG_10: lambda o: metrics.ndcg_at_k(o.relevant_ranks, o.n_relevant, 10),
    SHARE_10: lambda o: metrics.recall_share_at_k(o.relevant_ranks, o.n_relevant, 10),
    PRECISION_1: lambda o: metrics.precision_at_k(o.relevant_ranks, o.n_relevant, o.n_videos, 1),
    PRECISION_5: lambda o: metrics.precision_at_k(o.relevant_ranks, o.n_relevant, o.n_videos, 5),
    PRECISION_10: lambda o: metrics.precision_at_k(o.relevant_ranks, o.n_relevant, o.n_videos, 10),
    MOMENT_ERROR: lambda o: _or_nan(o.moment_error_seconds),
    MOMENT_NEAR: lambda o: float(_or_nan(o.moment_error_seconds) <= NEAR_SECONDS),
    UNSURE: lambda o: float(o.moment_error_seconds is None),
    STILL_ERROR: lambda o: _or_nan(o.part_errors_seconds[0]),
    LINE_ERROR: lambda o: _or_nan(o.part_errors_seconds[1]),
    WEAK_RIGHT: lambda o: _is_first_right_weak(o),
    BOTH_FIRST: lambda o: _or_nan(o.is_both_first),
    TOLD_TWO: lambda o: _or_nan(o.is_told_two),
    LISTS_WITHOUT: lambda o: _or_nan(o.lists and o.lists[0]),
    LISTS_WITH: lambda o: _or_nan(o.lists and o.lists[1]),
    ABSENT_UNMARKED: lambda o: _or_nan(None if o.absent is None else not o.absent.is_weak),
}
_CHANCES: Mapping[str, Rule] = {
    RECALL_1: lambda o: chance.expect_recall_at_k(o.n_videos, o.n_relevant, 1),
    RECALL_5: lambda o: chance.expect_recall_at_k(o.n_videos, o.n_relevant, 5),
    RECALL_10: lambda o: chance.expect_recall_at_k(o.n_videos, o.n_relevant, 10),
    MRR: lambda o: chance.expect_reciprocal_rank(o.n_videos, o.n_relevant),
    MAP: lambda o: chance.expect_average_precision(o.n_videos, o.n_relevant),
    NDCG_10: lambda o: chance.expect_ndcg_at_k(o.n_videos, o.n_relevant, 10),
    PRECISION_1: lambda o: chance.expect_precision(o.n_videos, o.n_relevant),
    PRECISION_5: lambda o: chance.expect_precision(o.n_videos, o.n_relevant),
    PRECISION_10: lambda o: chance.expect_precision(o.n_videos, o.n_relevant),
    SHARE_10: lambda o: chance.expect_recall_share_at_k(o.n_videos, o.n_relevant, 10),
}


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _is_first_right_weak(outcome: Outcome) -> float:
    """Whether a right answer at rank 1 is marked weak; NaN if another result is first."""
    is_right = outcome.relevant_ranks[:1] == (1,)
    return float(outcome.first.is_weak) if outcome.first and is_right else float("nan")


def find_area(outcomes: Sequence[Outcome]) -> float | None:
    """The area under the ROC curve of the first result's surprisal, present against absent.

    It is the chance that a query with its answers in the library has the higher one of two; equal
    ones count half (Mann and Whitney 1947). None without both.
    """
    asked = [(o.first.surprisal, o.absent.surprisal) for o in outcomes if o.first and o.absent]
    if not asked:
        return None
    present, absent = np.array(asked).T
    is_equal = present[:, None] == absent
    return float(np.mean((present[:, None] > absent) + 0.5 * is_equal))


def keep_answerable(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes with a right answer, in an order that does not depend on the input's."""
    return sorted(
        (outcome for outcome in outcomes if outcome.n_relevant > 0),
        key=lambda o: (o.source, o.query, o.distortion),
    )


def measure(outcomes: Sequence[Outcome], options: BootstrapOptions) -> dict[str, Figure]:
    """Compute all metrics that apply to these outcomes.

    Args:
        outcomes: of one kind and system, each with a right answer, as `keep_answerable` gives them.
        options: of the intervals.

    Returns:
        The figures by name: of ranks; for similar songs, of all right answers; for queries with a
        true moment, of moments; for queries in time, of each part; for clips with picture and
        sound, of two videos; for quadrants, of precision; with feedback, of lists alone. Empty
        without outcomes.
    """
    if not outcomes:
        return {}
    if outcomes[0].kind == "feedback":
        return _measure_lists(outcomes, options)
    own = {"similar": SIMILAR_METRICS, "quadrant": QUADRANT_METRICS}
    names = RANK_METRICS + own.get(outcomes[0].kind, ())
    figures = _take(names, outcomes, options)
    timed = [outcome for outcome in outcomes if outcome.is_moment_asked]
    figures |= _take(MOMENT_METRICS, timed, options) if timed else {}
    placed = [outcome for outcome in outcomes if outcome.part_errors_seconds]
    figures |= _take(PART_METRICS, placed, options) if placed else {}
    told = [outcome for outcome in outcomes if outcome.is_told_two is not None]
    names = MIX_METRICS if outcomes[0].kind == "mix" else (TOLD_TWO,)
    figures |= _take(names, told, options) if told else {}
    return figures | _measure_weak(outcomes, options)


def _measure_lists(outcomes: Sequence[Outcome], options: BootstrapOptions) -> dict[str, Figure]:
    """The median lists without and with feedback, and the share by which the median falls."""
    resamples = draw_resamples([outcome.source for outcome in outcomes], options)
    counts = np.array([outcome.lists for outcome in outcomes if outcome.lists], dtype=np.float64)
    without, with_feedback = np.median(counts, axis=0)
    before, after = (take_medians(column, resamples) for column in counts.T)
    span = span_interval(1 - after / before, resamples.n_sources)
    spared = Figure(float(1 - with_feedback / without), span)
    return {LISTS_SPARED: spared} | _take((LISTS_WITHOUT, LISTS_WITH), outcomes, options)


def _measure_weak(outcomes: Sequence[Outcome], options: BootstrapOptions) -> dict[str, Figure]:
    """The metrics of weak marks that these outcomes have."""
    figures: dict[str, Figure] = {}
    if any(outcome.first is not None for outcome in outcomes):
        figures |= _take((WEAK_RIGHT,), outcomes, options)
    absent = [outcome for outcome in outcomes if outcome.absent is not None]
    if absent:
        figures |= _take((ABSENT_UNMARKED,), absent, options)
        figures[ABSENT_AUC] = Figure(find_area(absent), chance=0.5)
    return figures


def _take(
    names: Sequence[str], outcomes: Sequence[Outcome], options: BootstrapOptions
) -> dict[str, Figure]:
    resamples = draw_resamples([outcome.source for outcome in outcomes], options)
    return {name: _take_one(name, outcomes, resamples) for name in names}


def _take_one(name: str, outcomes: Sequence[Outcome], resamples: Resamples) -> Figure:
    values = np.array([_VALUES[name](outcome) for outcome in outcomes])
    known = values[~np.isnan(values)]
    if known.size == 0:
        return Figure(None)
    is_median = name in MEDIANS
    drawn = (take_medians if is_median else average_resamples)(values, resamples)
    value = float(np.median(known) if is_median else np.mean(known))
    return Figure(value, span_interval(drawn, resamples.n_sources), _expect(name, outcomes))


def _expect(name: str, outcomes: Sequence[Outcome]) -> float | None:
    if name == MEDIAN_RANK:
        return chance.expect_median_rank((o.n_videos, o.n_relevant) for o in outcomes)
    rule = _CHANCES.get(name)
    return None if rule is None else float(np.mean([rule(outcome) for outcome in outcomes]))


def subtract(
    ours: Sequence[Outcome], theirs: Sequence[Outcome], options: BootstrapOptions
) -> Difference | None:
    """Recall@1 of one system minus that of another, per query.

    Args:
        ours: answerable outcomes, which determine the queries.
        theirs: of the same queries; missing queries count as not found.
        options: of the interval of paired differences.

    Returns:
        None without queries.
    """
    if not ours:
        return None
    found = {_key(outcome): _VALUES[RECALL_1](outcome) for outcome in theirs}
    gains: FloatArray = np.array([_VALUES[RECALL_1](o) - found.get(_key(o), 0.0) for o in ours])
    resamples = draw_resamples([outcome.source for outcome in ours], options)
    drawn = average_resamples(gains, resamples)
    return Difference(float(gains.mean()), span_interval(drawn, resamples.n_sources))


def _key(outcome: Outcome) -> tuple[object, ...]:
    return outcome.kind, outcome.seconds, outcome.distortion, outcome.query
