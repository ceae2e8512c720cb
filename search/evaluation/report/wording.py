"""Formats numbers, intervals and labels of evaluations."""

from collections.abc import Mapping, Sequence

from mvsearch.search.evaluation.metric_values import (
    ABSENT_AUC,
    ABSENT_UNMARKED,
    BOTH_FIRST,
    ERRORS,
    LINE_ERROR,
    LISTS_SPARED,
    LISTS_WITH,
    LISTS_WITHOUT,
    MAP,
    MEDIAN_RANK,
    MOMENT_ERROR,
    MOMENT_NEAR,
    MRR,
    NDCG_10,
    PRECISION_1,
    PRECISION_5,
    PRECISION_10,
    RECALL_1,
    RECALL_5,
    RECALL_10,
    SHARE_10,
    STILL_ERROR,
    TOLD_TWO,
    UNSURE,
    WEAK_RIGHT,
    Difference,
    Figure,
)
from mvsearch.search.evaluation.outcomes import OutcomeKind
from mvsearch.search.evaluation.queries.distortion.distortions import NONE
from mvsearch.search.evaluation.tables import Row, Topic
from mvsearch.store.unicode import printable

NOTHING = "–"
METRICS: Mapping[str, str] = {
    RECALL_1: "recall@1",
    RECALL_5: "recall@5",
    RECALL_10: "recall@10",
    MRR: "MRR",
    MEDIAN_RANK: "median rank",
    MAP: "mAP",
    NDCG_10: "nDCG@10",
    SHARE_10: "of all @10",
    PRECISION_1: "P@1",
    PRECISION_5: "P@5",
    PRECISION_10: "P@10",
    MOMENT_ERROR: "moment off",
    MOMENT_NEAR: "within 1 s",
    UNSURE: "no time",
    STILL_ERROR: "still off",
    LINE_ERROR: "line off",
    BOTH_FIRST: "both first",
    TOLD_TWO: "told as two",
    LISTS_WITHOUT: "lists without",
    LISTS_WITH: "lists with",
    LISTS_SPARED: "spared",
    WEAK_RIGHT: "right weak",
    ABSENT_UNMARKED: "absent found",
    ABSENT_AUC: "absent AUC",
}
MEANING: Mapping[str, str] = {
    RECALL_1: "share of queries whose first answer is right; @5, @10: any of the first five, ten",
    MRR: "mean of 1 / rank of the first right answer, 0 where there is none",
    MEDIAN_RANK: "of the first right answer; one not found has the worst rank",
    MAP: "mean average precision over all right answers",
    NDCG_10: "discounted gain of the first ten beside the best order of all right answers",
    SHARE_10: "share of all right answers that are among the first ten",
    PRECISION_1: "mean share of right answers among the first one; @5, @10: among five, ten",
    MOMENT_ERROR: "median over the queries that were given a time: the larger error of its ends",
    MOMENT_NEAR: "share of all queries given a time within a second of the true one",
    UNSURE: "share of queries given no time, or not found",
    STILL_ERROR: "the same, of the still of a query in time; line off: of its line",
    BOTH_FIRST: "share of mixes whose two videos are the first two",
    TOLD_TWO: "share of clips that are said to be from two videos, of mixes from the right two",
    LISTS_WITHOUT: "median lists of ten until the video is in one, if it is not in the first; "
    "with: the nearest of each is liked",
    LISTS_SPARED: "share by which feedback makes the median of the lists less",
    WEAK_RIGHT: "share of right first answers that are marked weak",
    ABSENT_UNMARKED: "share of first answers not marked weak where the right ones are hidden, "
    "of undistorted queries",
    ABSENT_AUC: "chance that the first answer has a higher surprisal if the right ones are there, "
    "of the same queries",
}
_KINDS: Mapping[OutcomeKind, str] = {
    "clip": "clips",
    "image": "pictures",
    "lyric": "lyric lines",
    "mix": "pictures under the sound of another video",
    "in-time": "pictures, then lyric lines",
    "similar": "similar songs",
    "own-sound": "pictures asked for their own sound",
    "quadrant": "pictures asked for sound of their mood",
    "feedback": "users who like the nearest of ten",
}


def name_group(topic: Topic) -> str:
    """The kind and length of a topic, such as `clips of 5 s`."""
    of = "" if topic.seconds is None else f" of {topic.seconds:g} s"
    return f"{_KINDS[topic.kind]}{of}"


def name_distortion(topic: Topic) -> str:
    """The distortion of a topic, without control characters."""
    if topic.kind == "similar" and topic.distortion == NONE:
        return "of every song"
    if topic.kind == "feedback":
        return "remembered by a tag, a mood or a word"
    return "undistorted" if topic.distortion == NONE else printable(topic.distortion)


def format_value(name: str, value: float | None) -> str:
    """A value with its unit: a share, a rank, a number of lists, or an error in seconds."""
    if value is None:
        return NOTHING
    if name in (MEDIAN_RANK, LISTS_WITHOUT, LISTS_WITH):
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.2f} s" if name in ERRORS else f"{value:.2f}"


def format_span(name: str, low: float, high: float) -> str:
    """Two values as a range with one unit."""
    return f"{format_value(name, low).removesuffix(' s')}–{format_value(name, high)}"


def format_interval(name: str, figure: Figure) -> str:
    """The interval of a figure; empty if there is none."""
    span = figure.interval
    return "" if span is None else format_span(name, span.low, span.high)


def format_chance(name: str, rows: Sequence[Row]) -> str:
    """The chance level of several rows: one value, or a range."""
    figures = [row.figures[name] for row in rows if name in row.figures]
    known = [figure.chance for figure in figures if figure.chance is not None]
    if not known:
        return ""
    low, high = format_value(name, min(known)), format_value(name, max(known))
    return low if low == high else format_span(name, min(known), max(known))


def format_difference(difference: Difference) -> str:
    """A difference with its sign."""
    return _sign(difference.value)


def format_difference_interval(difference: Difference) -> str:
    """The interval of a difference; empty if there is none."""
    span = difference.interval
    return "" if span is None else f"{_sign(span.low)} to {_sign(span.high)}"


def _sign(value: float) -> str:
    # A value that rounds to zero has no sign.
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0.00"
