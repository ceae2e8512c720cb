"""Tables in Markdown of what two checkouts answered to the same queries."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvsearch.search.evaluation.queries.distortion.distortions import (
    CLIP_FAMILIES,
    DISTORTIONS,
    names_of,
)

NEAR_SECONDS = 1.0
# Families with a row of their own.
SUMMARIES = {
    "picture": "all plain distortions of pictures",
    "hard picture": "all hard pictures",
    "sound": "all distortions of sound",
}

KINDS = ("clip", "image", "lyric")
SUMMARY_STARTS = tuple(f"{kind}, {summary}" for kind in KINDS for summary in SUMMARIES.values())


@dataclass(frozen=True, slots=True)
class Answer:
    """What one checkout answered.

    Attributes:
        rank: of the first right answer, from 1; None if none is among the first results.
        moment_error_seconds: of the first moment in the source; None without one.
        surprisal: of the first result, the highest of its modalities; 0 without a result.
        is_weak: whether the first result is marked as no better than chance, or there is none.
    """

    rank: int | None
    moment_error_seconds: float | None
    surprisal: float
    is_weak: bool
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and both answers.

    Attributes:
        way: what it was compared by, in words; empty for all there is.
        is_absent: whether its source was removed.
        first: title of the first result of both.
        source: title of the source.
    """

    kind: str
    label: str
    distortion: str
    way: str
    is_absent: bool
    answers: tuple[Answer, Answer]
    first: tuple[str, str]
    source: str


Measure = Callable[[Answer], float | None]


def is_right(answer: Answer) -> float:
    """1.0 if a right answer is first."""
    return float(answer.rank == 1)


def is_near(answer: Answer) -> float | None:
    """1.0 if the first moment is within a second; None where the source is not first."""
    if answer.rank != 1:
        return None
    error = answer.moment_error_seconds
    return float(error is not None and error <= NEAR_SECONDS)


def is_right_weak(answer: Answer) -> float | None:
    """1.0 if a right first answer is marked weak; None if it is not right."""
    return float(answer.is_weak) if answer.rank == 1 else None


def is_unmarked(answer: Answer) -> float:
    """1.0 if the first answer is not marked weak."""
    return float(not answer.is_weak)


PRESENT: dict[str, Measure] = {
    "recall@1": is_right,
    "within 1 s": is_near,
    "right, marked weak": is_right_weak,
}


def format_tables(asked: Sequence[Asked]) -> str:
    """A table of queries with an answer, and one of absent queries."""
    present = [one for one in asked if not one.is_absent]
    absent = [one for one in asked if one.is_absent]
    return "\n\n".join(
        ["\n".join(format_present(present)), "\n".join(format_absent(absent, present))]
    )


def format_present(asked: Sequence[Asked]) -> Iterator[str]:
    """Rows of recall@1, moments and weak marks, old → new."""
    yield f"| query | n | {' | '.join(PRESENT)} |"
    yield f"|---|---|{'---|' * len(PRESENT)}"
    for name, group in group_asked(asked):
        cells = [compare(group, measure) for measure in PRESENT.values()]
        yield f"| {name} | {len(group)} | {' | '.join(cells)} |"


def format_absent(absent: Sequence[Asked], present: Sequence[Asked]) -> Iterator[str]:
    """Rows of unmarked absent queries, and of the area under the curve, old → new."""
    yield "| absent query | n | not marked weak | area under the curve |"
    yield "|---|---|---|---|"
    by_name = dict(group_asked(present))
    single = (pair for pair in group_asked(absent) if not pair[0].startswith(SUMMARY_STARTS))
    for name, group in single:
        areas = [find_area(by_name.get(name, []), group, side) for side in (0, 1)]
        yield f"| {name} | {len(group)} | {compare(group, is_unmarked)} | {arrow(areas)} |"


def group_asked(asked: Iterable[Asked]) -> list[tuple[str, list[Asked]]]:
    """The queries of each kind, distortion and way, in the order of `evaluate`'s tables.

    Families of several distortions have a row for all of them, too.
    """
    groups: dict[tuple[str, str, str], list[Asked]] = defaultdict(list)
    for one in asked:
        groups[one.kind, one.distortion, one.way].append(one)
        each = DISTORTIONS.get(one.distortion)
        if each is not None and each.family in SUMMARIES:
            groups[one.kind, SUMMARIES[each.family], one.way].append(one)
    order = (*names_of(*CLIP_FAMILIES, "words"), *SUMMARIES.values())
    keys = sorted(groups, key=lambda key: (KINDS.index(key[0]), order.index(key[1]), key[2]))
    return [(", ".join(filter(None, key)), groups[key]) for key in keys]


def compare(group: Sequence[Asked], measure: Measure) -> str:
    """The mean of a measure, old → new; those without a value are left out."""
    means: list[float | None] = []
    for side in (0, 1):
        values = [value for one in group if (value := measure(one.answers[side])) is not None]
        means.append(float(np.mean(values)) if values else None)
    return arrow(means)


def arrow(values: Sequence[float | None]) -> str:
    """Two numbers, old → new."""
    return " → ".join("–" if value is None else f"{value:.2f}" for value in values)


def find_area(present: Sequence[Asked], absent: Sequence[Asked], side: int) -> float | None:
    """The chance that a present query has the higher surprisal of two; equal ones count half."""
    high = np.array([one.answers[side].surprisal for one in present])
    low = np.array([one.answers[side].surprisal for one in absent])
    if not len(high) or not len(low):
        return None
    return float(np.mean((high[:, None] > low) + 0.5 * (high[:, None] == low)))


def read_answer(
    results: Sequence[dict[str, Any]],
    right: Collection[str],
    hidden: Collection[str],
    spans: Sequence[tuple[float, float]],
    source: str,
) -> Answer:
    """Judge the JSON of a search."""
    shown = [result for result in results if result["video"]["id"] not in hidden]
    ids = [result["video"]["id"] for result in shown]
    rank = next((at for at, video_id in enumerate(ids, start=1) if video_id in right), None)
    first = shown[0] if shown else None
    surprisals = [c["calibrated"] or 0.0 for c in first["contributions"].values()] if first else []
    is_weak = first is None or bool(first["is_weak"])
    error = find_moment_error(shown, spans, source)
    return Answer(rank, error, max(surprisals, default=0.0), is_weak, 0.0)


def find_moment_error(
    results: Sequence[dict[str, Any]], spans: Sequence[tuple[float, float]], source: str
) -> float | None:
    """The larger error of start and end of the first moment with times in the source."""
    for result in results:
        if result["video"]["id"] != source:
            continue
        for moment in result["moments"]:
            start, end = moment["start_seconds"], moment["end_seconds"]
            if start is not None and end is not None:
                return min((max(abs(start - a), abs(end - b)) for a, b in spans), default=None)
    return None
