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
from mvsearch.search.evaluation.queries.distortions import (
    DROPPED_WORDS,
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
# Rows that put the queries of several distortions together.
SUMMARIES = (PICTURE_DISTORTIONS, SOUND_DISTORTIONS, ALL)

_KINDS: tuple[OutcomeKind, ...] = get_args(OutcomeKind)
_ORDER = (*names_of("none", "picture", "speed", "stream", "sound", "words"), *SUMMARIES)


@dataclass(frozen=True, slots=True)
class Topic:
    """What was asked in what state: the queries that one line of a table is about."""

    kind: OutcomeKind
    seconds: float | None
    distortion: str

    @property
    def is_summary(self) -> bool:
        """Whether it puts several distortions together."""
        return self.distortion in SUMMARIES


@dataclass(frozen=True, slots=True)
class Row:
    """The results of one system on one topic.

    Attributes:
        n_queries: that have a right answer, and so a value.
        n_sources: videos that these were made from; intervals are over them.
        n_left_out: queries without a right answer.
        figures: by name; see `figures`.
    """

    topic: Topic
    system: str
    n_queries: int
    n_sources: int
    n_left_out: int
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Gain:
    """How one fusion did on one topic beside the best modality alone.

    Attributes:
        best: the modality with the highest recall@1 there; which one is known only afterwards, so
            the comparison favours the modality.
        difference: recall@1 of the fusion less that of the modality.
    """

    topic: Topic
    fusion: str
    best: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Tables:
    """An evaluation, measured.

    Attributes:
        rows: by kind, length, distortion and system, summaries last within a length.
        gains: the same for each fusion, where a modality was asked alone.
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
        """What a fusion gained on a topic; None where there is nothing to compare."""
        return next((g for g in self.gains if g.topic == topic and g.fusion == fusion), None)


Groups = Mapping[tuple[Topic, str], Sequence[Outcome]]


# The same evaluation is printed, drawn and compared.
@lru_cache(maxsize=8)
def make_tables(evaluation: Evaluation, options: BootstrapOptions | None = None) -> Tables:
    """Measure an evaluation.

    Args:
        evaluation: whose outcomes may stand in any order.
        options: of the intervals; drawn from the evaluation's seed by default.
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
    """Group outcomes by topic and system, and by the summaries that they count for."""
    groups: dict[tuple[Topic, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        for distortion in (outcome.distortion, *_summaries_of(outcome.distortion)):
            groups[Topic(outcome.kind, outcome.seconds, distortion), outcome.system].append(outcome)
    n_distortions: dict[tuple[OutcomeKind, float | None], set[str]] = defaultdict(set)
    for topic, _ in groups:
        if not topic.is_summary:
            n_distortions[topic.kind, topic.seconds].add(topic.distortion)
    # Of one distortion alone a summary would say the same again.
    return {
        (topic, system): found
        for (topic, system), found in groups.items()
        if not topic.is_summary or len(n_distortions[topic.kind, topic.seconds]) > 1
    }


def _summaries_of(distortion: str) -> tuple[str, ...]:
    if distortion in names_of("picture"):
        return PICTURE_DISTORTIONS, ALL
    if distortion in names_of("sound"):
        return SOUND_DISTORTIONS, ALL
    return (ALL,)


def sort_topics(topics: Iterable[Topic]) -> list[Topic]:
    """Each once: clips first and short ones before long ones, the undistorted before the rest."""
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
    """What a reader wants to know first, with the topics that say it.

    Returns:
        (words, topic); of clips those of one length: 5 s where there are any, else the shortest.
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
        ("mean over sound distortions", SOUND_DISTORTIONS),
        ("sound only", SOUND_ONLY),
        ("picture only", PICTURE_ONLY),
        ("sound with noise at 10 dB", NOISE_10_DB),
        ("mean over everything", ALL),
    ),
    "image": (("undistorted", NONE), ("mean over distortions", PICTURE_DISTORTIONS)),
    "lyric": (
        ("as they are", NONE),
        ("with two typing errors", TYPING_ERRORS),
        ("with words dropped", DROPPED_WORDS),
        ("in other words", PARAPHRASE),
    ),
    "similar": (("of every song", NONE),),
}
