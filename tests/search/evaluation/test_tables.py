"""Tables against hand arithmetic on outcomes that are planted."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.intervals import BootstrapOptions
from mvsearch.search.evaluation.metrics import skewness
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.distortion.distortions import (
    DISTORTIONS,
    FILMED,
    WORD_DISTORTIONS,
)
from mvsearch.search.evaluation.report.comparison import compare
from mvsearch.search.evaluation.tables import (
    ALL,
    HARD_PICTURES,
    PICTURE_DISTORTIONS,
    SOUND_DISTORTIONS,
    SUMMARIES,
    Row,
    Tables,
    Topic,
    find_headline,
    make_tables,
)


def clip(source: str, at: int, rank: int | None, **changes: Any) -> Outcome:
    plain: dict[str, Any] = {
        "distortion": "none", "system": "weighted", "n_videos": 10, "n_relevant": 1,
        "is_moment_asked": True,
    }  # fmt: skip
    ranks = () if rank is None else (rank,)
    fields = {**plain, "relevant_ranks": ranks, "source_rank": rank, **changes}
    return Outcome(source=source, query=f"{source}@{at}", kind="clip", seconds=5.0, **fields)


def table_of(outcomes: Sequence[Outcome], **changes: Any) -> Tables:
    return make_tables(Evaluation("lib", "toy", 1, 10, tuple(outcomes), **changes))


def row_of(tables: Tables, distortion: str, system: str = "weighted") -> Row:
    row = tables.find_row(Topic("clip", 5.0, distortion), system)
    assert row is not None
    return row


def values_of(row: Row) -> dict[str, float | None]:
    return {name: figure.value for name, figure in row.figures.items()}


def test_figures_by_hand() -> None:
    outcomes = [
        clip("a", 1, 1, moment_error_seconds=0.25),
        clip("a", 2, 2, moment_error_seconds=3.0),
        clip("b", 1, 7),
        clip("c", 1, None),
    ]
    row = row_of(table_of(outcomes), "none")
    assert (row.n_queries, row.n_sources, row.n_left_out) == (4, 3, 0)
    assert values_of(row) == pytest.approx(
        {
            "recall@1": 1 / 4,
            "recall@5": 2 / 4,
            "recall@10": 3 / 4,
            "mrr": (1 + 1 / 2 + 1 / 7 + 0) / 4,
            "median_rank": (2 + 7) / 2,  # of 1, 2, 7 and, not found, 10
            "moment_error_seconds": (0.25 + 3) / 2,
            "moment_within_1s": 1 / 4,
            "moment_unsure": 2 / 4,
        }
    )
    chances = {name: figure.chance for name, figure in row.figures.items()}
    assert chances["recall@1"] == pytest.approx(0.1)
    assert chances["recall@10"] == 1
    assert chances["median_rank"] == 5.5
    assert chances["moment_unsure"] is None
    span = row.figures["recall@1"].interval
    assert span is not None
    assert span.low == 0
    assert 1 / 4 <= span.high <= 1 / 2  # at most all three draws are of video a


def test_queries_without_a_right_answer_are_left_out_and_counted() -> None:
    without = clip("b", 1, None, n_relevant=0)
    row = row_of(table_of([clip("a", 1, 1), without, replace(without, query="b@2")]), "none")
    assert (row.n_queries, row.n_left_out) == (1, 2)
    assert values_of(row)["recall@1"] == 1
    alone = row_of(table_of([without]), "none")
    assert (alone.n_queries, alone.figures) == (0, {})


def test_where_no_time_was_given_an_error_is_unknown_and_not_zero() -> None:
    row = row_of(table_of([clip("a", 1, 1), clip("b", 1, 1)]), "none")
    assert row.figures["moment_error_seconds"].value is None
    assert row.figures["moment_unsure"].value == 1
    asked_nothing = clip("a", 1, 1, is_moment_asked=False)
    assert "moment_unsure" not in row_of(table_of([asked_nothing]), "none").figures


def test_summaries_hold_every_query_of_their_family_once() -> None:
    ranks = {"none": 1, "crop 70 %": 2, "grey": 4, "noise 0 dB": 1, "sound only": 5}
    ranks |= {"9:16 crop": 2, FILMED: 5}
    tables = table_of([clip("a", 1, rank, distortion=name) for name, rank in ranks.items()])
    assert values_of(row_of(tables, PICTURE_DISTORTIONS))["mrr"] == pytest.approx(
        (1 / 2 + 1 / 4) / 2
    )
    assert values_of(row_of(tables, SOUND_DISTORTIONS))["mrr"] == 1
    assert values_of(row_of(tables, HARD_PICTURES))["mrr"] == pytest.approx((1 / 2 + 1 / 5) / 2)
    assert row_of(tables, ALL).n_queries == 7
    assert [topic.distortion for topic in tables.list_topics()] == [
        *("none", "crop 70 %", "grey", FILMED, "9:16 crop", "sound only", "noise 0 dB"),
        *(PICTURE_DISTORTIONS, HARD_PICTURES, SOUND_DISTORTIONS, ALL),
    ]


def test_one_distortion_alone_has_no_summary() -> None:
    tables = table_of([clip("a", 1, 1, distortion="grey")])
    assert [topic.distortion for topic in tables.list_topics()] == ["grey"]


def test_a_fusion_is_measured_against_the_best_modality_on_its_own_queries() -> None:
    outcomes = []
    for at, (fused, frames, audio) in enumerate([(1, 1, 1), (1, 1, 9), (1, 9, 9), (9, 1, 9)]):
        for system, rank in {"weighted": fused, "frames": frames, "audio": audio}.items():
            outcomes.append(clip(f"v{at}", 1, rank, system=system))
    outcomes.append(clip("v9", 1, 1))  # of this one no modality was asked: it found nothing
    gain = table_of(outcomes).find_gain(Topic("clip", 5.0, "none"), "weighted")
    assert gain is not None
    assert gain.best == "frames"
    assert gain.difference.value == pytest.approx((0 + 0 + 1 - 1 + 1) / 5)
    span = gain.difference.interval
    assert span is not None
    # Paired: the interval is that of the five differences, which numpy draws here.
    drawn = np.random.default_rng(7).choice([0, 0, 1, -1, 1], size=(20_000, 5)).mean(axis=1)
    assert (span.low, span.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.05)


def test_without_modalities_nothing_is_compared() -> None:
    tables = table_of([clip("a", 1, 1)])
    assert tables.gains == ()
    assert tables.evaluation.name_fusion() == "weighted"


def test_the_order_in_which_outcomes_came_changes_nothing(invent: Any) -> None:
    evaluation = invent()
    shuffled = list(evaluation.outcomes)
    random.Random(3).shuffle(shuffled)
    other = replace(evaluation, outcomes=tuple(shuffled))
    first = {(r.topic, r.system): r.figures for r in make_tables(evaluation).rows}
    second = {(r.topic, r.system): r.figures for r in make_tables(other).rows}
    assert first == second


def test_the_seed_of_the_evaluation_draws_the_intervals(invent: Any) -> None:
    evaluation = invent()
    assert make_tables(evaluation).options == BootstrapOptions(seed=1)
    other = make_tables(evaluation, BootstrapOptions(seed=2))
    assert other.rows != make_tables(evaluation).rows


def test_the_headline_takes_clips_of_five_seconds_or_the_shortest() -> None:
    topics = [Topic("clip", s, "none") for s in (3.0, 5.0, 10.0)] + [Topic("lyric", None, "none")]
    assert [topic for _, topic in find_headline(topics)] == [topics[1], topics[3]]
    assert [topic for _, topic in find_headline(topics[2:])] == topics[2:]
    assert find_headline([]) == []


def test_no_distortion_is_called_as_a_summary_is() -> None:
    assert not {*DISTORTIONS, *WORD_DISTORTIONS} & set(SUMMARIES)


def test_hubs_are_told_by_their_counts() -> None:
    hubness = Hubness(2, ("b", "a", "c"), (1, 1, 2), 3)
    assert hubness.list_largest(2) == [("c", 2), ("a", 1)]
    assert hubness.largest_share == 2 / 3
    assert hubness.mean_share == 4 / 3 / 3  # four occurrences of three videos in three lists
    assert hubness.skewness == skewness([1, 1, 2])
    assert hubness.expect_skewness() == 0  # each is in both other lists
    for wrong in ((0, ("a",), (0,), 1), (1, ("a",), (), 1), (1, ("a",), (2,), 1)):
        with pytest.raises(ValueError, match=r"counts|occurs once"):
            Hubness(*wrong)


def test_hubs_of_random_order_are_as_expected() -> None:
    generator = np.random.default_rng(9)
    n, k = 60, 5
    names = tuple(map(str, range(n)))
    seen = np.zeros(n + 1)
    skews = []
    for _ in range(200):
        order = generator.permuted(np.tile(np.arange(n - 1), (n, 1)), axis=1)[:, :k]
        order += order >= np.arange(n)[:, None]  # nobody is in their own list
        counts = np.bincount(order.ravel(), minlength=n)
        seen += np.bincount(counts, minlength=n + 1) / 200
        skews.append(skewness(counts))
    hubness = Hubness(k, names, tuple(counts.tolist()), n)
    assert hubness.expect_occurrences(n + 1) == pytest.approx(seen, abs=0.6)
    assert hubness.expect_occurrences(n + 1).sum() == pytest.approx(n)
    assert hubness.expect_skewness() == pytest.approx(np.mean(skews), abs=0.1)


def test_profiles_are_compared_query_by_query() -> None:
    ours = [clip(f"v{at}", 1, 1) for at in range(4)]
    theirs = [replace(o, relevant_ranks=(r,)) for o, r in zip(ours, (1, 1, 3, 1), strict=True)]
    deaf = theirs[:2]  # could not be asked the others
    made = [
        Evaluation("lib", profile, 1, 10, tuple(outcomes))
        for profile, outcomes in {"one": ours, "two": theirs, "three": deaf}.items()
    ]
    comparison = compare(made)
    assert comparison.names == ("one, weighted", "two, weighted", "three, weighted")
    (line,) = comparison.lines
    values = [None if d is None else d.value for d in line.differences]
    assert values == [None, -1 / 4, -2 / 4]
    turned = compare(made[::-1]).lines[0].differences
    assert [None if d is None else d.value for d in turned] == [None, 1 / 4, 2 / 4]
