"""Aggregates outcomes into rows by query kind, distortion and system."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.intervals import BootstrapOptions
from mvsearch.search.evaluation.metric_values import (
    Difference,
    Figure,
    keep_answerable,
    measure,
    subtract,
)
from mvsearch.search.evaluation.outcomes import Outcome, OutcomeKind
from mvsearch.search.evaluation.queries.distortion.distortions import (
    CLIP_FAMILIES,
    DROPPED_WORDS,
    MISHEARD,
    NOISE_10_DB,
    NONE,
    PARAPHRASE,
    PICTURE_ONLY,
    SOUND_ONLY,
    TYPING_ERRORS,
    names_of,
)
from mvsearch.store.records import MODALITIES

ALL = "all"
PICTURE_DISTORTIONS, SOUND_DISTORTIONS = "picture distortions", "sound distortions"
HARD_PICTURES = "hard pictures"
# Rows that summarise several distortions.
SUMMARIES = (PICTURE_DISTORTIONS, HARD_PICTURES, SOUND_DISTORTIONS, ALL)

_KINDS: tuple[OutcomeKind, ...] = get_args(OutcomeKind)
_ORDER = (*names_of(*CLIP_FAMILIES, "words"), *SUMMARIES)


@dataclass(frozen=True, slots=True)
class Topic:
    """The kind, length and distortion of the queries in a row."""

    kind: OutcomeKind
    seconds: float | None
    distortion: str

    @property
    def is_summary(self) -> bool:
        """Whether it summarises several distortions."""
        return self.distortion in SUMMARIES


@dataclass(frozen=True, slots=True)
class Row:
    """The results of one system on one topic.

    Attributes:
        n_queries: queries with a right answer.
        n_sources: videos of these queries, which are resampled for intervals.
        n_left_out: queries without a right answer.
        figures: by the name of the metric.
    """

    topic: Topic
    system: str
    n_queries: int
    n_sources: int
    n_left_out: int
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Gain:
    """The gain of a fusion over the best single modality on one topic.

    Attributes:
        best: the modality with the highest recall@1 on this topic; as it is chosen by its result,
            the comparison favours the modality.
        difference: recall@1 of the fusion minus that of the modality.
    """

    topic: Topic
    fusion: str
    best: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Tables:
    """The metrics of an evaluation.

    Attributes:
        rows: by kind, length, distortion and system, summaries last within a length.
        gains: of each fusion, by topic, if single modalities were run.
    """

    evaluation: Evaluation
    options: BootstrapOptions
    rows: tuple[Row, ...]
    gains: tuple[Gain, ...]

    def list_topics(self) -> list[Topic]:
        """Each topic once, in the order of the rows."""
        return list(dict.fromkeys(row.topic for row in self.rows))

    def find_row(self, topic: Topic, system: str | None) -> Row | None:
        """The row of a system on a topic; None if it was not run."""
        return next((r for r in self.rows if r.topic == topic and r.system == system), None)

    def find_gain(self, topic: Topic, fusion: str | None) -> Gain | None:
        """The gain of a fusion on a topic; None if there is nothing to compare."""
        return next((g for g in self.gains if g.topic == topic and g.fusion == fusion), None)


Groups = Mapping[tuple[Topic, str], Sequence[Outcome]]


# Cached, because the same evaluation is printed, plotted and compared.
@lru_cache(maxsize=8)
def make_tables(evaluation: Evaluation, options: BootstrapOptions | None = None) -> Tables:
    """Compute the metrics of an evaluation.

    Args:
        evaluation: with outcomes in any order.
        options: of the intervals; by default with the seed of the evaluation.
    """
    options = options or BootstrapOptions(seed=evaluation.seed)
    systems = evaluation.list_systems()
    groups = group_outcomes(evaluation.outcomes)
    topics = sort_topics(topic for topic, _ in groups)
    rows = tuple(
        _make_row(topic, name, groups[topic, name], options)
        for topic in topics
        for name in systems
        if (topic, name) in groups
    )
    fusions = [name for name in systems if name not in MODALITIES]
    gains = (_find_gain(topic, name, groups, options) for topic in topics for name in fusions)
    return Tables(evaluation, options, rows, tuple(gain for gain in gains if gain is not None))


def group_outcomes(outcomes: Iterable[Outcome]) -> Groups:
    """Group outcomes by topic and system, including summaries."""
    groups: dict[tuple[Topic, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        for distortion in (outcome.distortion, *_summaries_of(outcome.distortion)):
            groups[Topic(outcome.kind, outcome.seconds, distortion), outcome.system].append(outcome)
    n_distortions: dict[tuple[OutcomeKind, float | None], set[str]] = defaultdict(set)
    for topic, _ in groups:
        if not topic.is_summary:
            n_distortions[topic.kind, topic.seconds].add(topic.distortion)
    # A summary of a single distortion would repeat it.
    return {
        (topic, system): found
        for (topic, system), found in groups.items()
        if not topic.is_summary or len(n_distortions[topic.kind, topic.seconds]) > 1
    }


def _summaries_of(distortion: str) -> tuple[str, ...]:
    if distortion in names_of("picture"):
        return PICTURE_DISTORTIONS, ALL
    if distortion in names_of("hard picture"):
        return HARD_PICTURES, ALL
    if distortion in names_of("sound"):
        return SOUND_DISTORTIONS, ALL
    return (ALL,)


def sort_topics(topics: Iterable[Topic]) -> list[Topic]:
    """The distinct topics: clips first, short before long ones, undistorted before the others."""
    known = {name: at for at, name in enumerate(_ORDER)}
    return sorted(
        set(topics),
        key=lambda t: (
            _KINDS.index(t.kind),
            t.seconds or 0.0,
            t.is_summary,
            known.get(t.distortion, len(known)),
            t.distortion,
        ),
    )


def _make_row(
    topic: Topic, system: str, outcomes: Sequence[Outcome], options: BootstrapOptions
) -> Row:
    answerable = keep_answerable(outcomes)
    n_sources = len({outcome.source for outcome in answerable})
    figures = measure(answerable, options)
    n_left_out = len(outcomes) - len(answerable)
    return Row(topic, system, len(answerable), n_sources, n_left_out, figures)


def _find_gain(topic: Topic, fusion: str, groups: Groups, options: BootstrapOptions) -> Gain | None:
    ours = keep_answerable(groups.get((topic, fusion), ()))
    differences = {
        modality: subtract(ours, keep_answerable(groups[topic, modality]), options)
        for modality in MODALITIES
        if (topic, modality) in groups
    }
    known = {name: each for name, each in differences.items() if each is not None}
    if not known:
        return None
    best = min(known, key=lambda name: known[name].value)
    return Gain(topic, fusion, best, known[best])


def find_headline(topics: Sequence[Topic]) -> list[tuple[str, Topic]]:
    """The topics of the headline table, with their labels.

    Returns:
        (label, topic); clips of one length: 5 s if there are any, else the shortest.
    """
    lengths = sorted({t.seconds for t in topics if t.kind == "clip" and t.seconds is not None})
    length = 5.0 if 5.0 in lengths else (lengths[0] if lengths else None)
    wanted = [
        (words, Topic(kind, length if kind == "clip" else None, distortion))
        for kind, entries in _HEADLINE.items()
        for words, distortion in entries
    ]
    return [(words, topic) for words, topic in wanted if topic in set(topics)]


_HEADLINE: Mapping[OutcomeKind, tuple[tuple[str, str], ...]] = {
    "clip": (
        ("undistorted", NONE),
        ("mean over picture distortions", PICTURE_DISTORTIONS),
        ("filmed, inset, 9:16", HARD_PICTURES),
        ("mean over sound distortions", SOUND_DISTORTIONS),
        ("sound only", SOUND_ONLY),
        ("picture only", PICTURE_ONLY),
        ("sound with noise at 10 dB", NOISE_10_DB),
        ("mean over everything", ALL),
    ),
    "image": (
        ("undistorted", NONE),
        ("mean over distortions", PICTURE_DISTORTIONS),
        ("filmed, inset, 9:16", HARD_PICTURES),
    ),
    "lyric": (
        ("as they are", NONE),
        ("with two typing errors", TYPING_ERRORS),
        ("with words dropped", DROPPED_WORDS),
        ("misheard", MISHEARD),
        ("in other words", PARAPHRASE),
    ),
    "in-time": (
        ("undistorted", NONE),
        ("mean over distortions", PICTURE_DISTORTIONS),
        ("filmed, inset, 9:16", HARD_PICTURES),
    ),
    "similar": (("of every song", NONE),),
}
