"""Computes the evaluation plots: recall by distortion, moment errors, hubs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.intervals import Interval
from mvsearch.search.evaluation.metric_values import RECALL_1
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.report.wording import format_interval, format_value, name_distortion
from mvsearch.search.evaluation.tables import Row, Tables, Topic
from mvsearch.store.records import MODALITIES
from mvsearch.store.unicode import printable

N_FUSION_COLOURS = 4
SECONDS_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)
MAX_BARS = 40

# Points of a curve: position on the axis of seconds from 0 to 1, and share of the queries.
Steps = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Key:
    """The legend of a system.

    Attributes:
        name: of the system.
        colour: a class of the style sheet.
        is_modality: False for a fusion, which has another shape.
    """

    name: str
    colour: str
    is_modality: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """The recall@1 of a system.

    Attributes:
        key: of the system.
        at: its place among all systems.
        share: recall@1.
        span: the interval of recall@1.
        words: the values as text.
    """

    key: Key
    at: int
    share: float
    span: Interval | None
    words: str


@dataclass(frozen=True, slots=True)
class RecallLine:
    """A topic of a recall plot: its marks, and the highest chance level of its systems."""

    name: str
    is_summary: bool
    chance: float | None
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class RecallPlot:
    """Recall@1 of `n_systems` systems, one line per topic."""

    title: str
    n_systems: int
    lines: list[RecallLine]


@dataclass(frozen=True, slots=True)
class HubsPlot:
    """A histogram of the k-occurrence.

    Attributes:
        k: length of the rankings.
        peak: number of videos at the top of the axis.
        levels: labelled numbers of videos.
        bins: label, number of videos, and expected number of each column.
    """

    k: int
    peak: float
    levels: Sequence[int]
    bins: list[tuple[str, int, float]]


def choose_key(evaluation: Evaluation, system: str) -> Key:
    """Choose the shape and colour of a system; the main fusion has the strongest colour."""
    if system in MODALITIES:
        return Key(system, system, is_modality=True)
    main = evaluation.name_fusion()
    others = [m for m in evaluation.list_systems() if m not in (*MODALITIES, main)]
    at = 0 if system == main else 1 + others.index(system) % (N_FUSION_COLOURS - 1)
    return Key(system, f"fusion-{at}", is_modality=False)


def plot_recall(tables: Tables, topics: Sequence[Topic], title: str) -> RecallPlot:
    """Recall@1 of each system by topic, with intervals and chance.

    Args:
        tables: of an evaluation.
        topics: one line each, from the top.
        title: for screen readers.
    """
    systems = tables.evaluation.list_systems()
    asked = [m for m in systems if any(tables.find_row(topic, m) for topic in topics)]
    lines = []
    for topic in topics:
        rows = [row for name in asked if (row := tables.find_row(topic, name)) is not None]
        known = [row.figures[RECALL_1] for row in rows if RECALL_1 in row.figures]
        chances = [figure.chance for figure in known if figure.chance is not None]
        marks = [_mark(tables.evaluation, row, asked.index(row.system)) for row in rows]
        lines.append(
            RecallLine(
                name_distortion(topic),
                topic.is_summary,
                max(chances, default=None),
                [mark for mark in marks if mark is not None],
            )
        )
    return RecallPlot(title, len(asked), lines)


def _mark(evaluation: Evaluation, row: Row, at: int) -> Mark | None:
    figure = row.figures.get(RECALL_1)
    if figure is None or figure.value is None:
        return None
    value, span = format_value(RECALL_1, figure.value), format_interval(RECALL_1, figure)
    words = f"{name_distortion(row.topic)}, {printable(row.system)}: {value} {span}".strip()
    return Mark(choose_key(evaluation, row.system), at, figure.value, figure.interval, words)


def plot_errors(
    evaluation: Evaluation, by_system: Mapping[str, Sequence[Outcome]]
) -> list[tuple[Key, Steps]]:
    """The cumulative distribution of moment errors for each system.

    Args:
        evaluation: for colours.
        by_system: outcomes with a true moment; a curve ends at the share of those with a moment.
    """
    curves = []
    for system, outcomes in by_system.items():
        errors = [o.moment_error_seconds for o in outcomes if o.moment_error_seconds is not None]
        steps = [
            (place_seconds(error), at / len(outcomes))
            for at, error in enumerate(sorted(errors), start=1)
            if error <= SECONDS_TICKS[-1]
        ]
        curves.append((choose_key(evaluation, system), steps))
    return curves


def place_seconds(seconds: float) -> float:
    """The position of a time on the logarithmic axis, from 0 to 1; 0 below the first tick."""
    low, high = SECONDS_TICKS[0], SECONDS_TICKS[-1]
    return math.log(max(seconds, low) / low) / math.log(high / low)


def plot_occurrences(hubness: Hubness) -> HubsPlot:
    """The histogram of the k-occurrence, with the expectation under random order."""
    counts = np.asarray(hubness.counts)
    most = max(int(counts.max(initial=0)), 2 * hubness.k if hubness.n_rankings > hubness.k else 1)
    width = max(1, math.ceil((most + 1) / MAX_BARS))
    n_bins = math.ceil((most + 1) / width)
    seen = np.bincount(counts // width, minlength=n_bins)
    expected = hubness.expect_occurrences(n_bins * width).reshape(n_bins, width).sum(axis=1)
    peak = max(float(seen.max(initial=1)), float(expected.max(initial=1)), 1.0)
    names = [
        str(at) if width == 1 else f"{at}–{at + width - 1}"
        for at in range(0, n_bins * width, width)
    ]
    levels = range(0, math.floor(peak) + 1, max(1, round(peak / 5)))
    bins = list(zip(names, seen.tolist(), expected.tolist(), strict=True))
    return HubsPlot(hubness.k, peak, levels, bins)
