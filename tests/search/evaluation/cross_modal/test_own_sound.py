from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from mvsearch.indexer.progress import Silence
from mvsearch.search.evaluation.cross_modal.own_sound import MAX_VIDEOS, list_asked, rank_own_sounds
from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.metric_values import MEDIAN_RANK, RECALL_1
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.report.as_json import comparison_to_json, evaluation_to_json
from mvsearch.search.evaluation.report.comparison import compare, print_comparison
from mvsearch.search.evaluation.report.page import render_comparison, render_evaluation
from mvsearch.search.evaluation.tables import Topic, make_tables
from tests.search.joint.tables import make_table

# The similarities of the pictures a, b and c with their sounds, by hand:
#      a    b    c
# a    1    0   .8
# b    0    1   .6
# c    1    0   .8
PICTURES = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [1.0, 0.0], "silent": [1.0, 0.0]}
SOUNDS = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [0.8, 0.6]}
ALONE = Groups({})


def test_a_picture_is_asked_for_its_own_sound() -> None:
    outcomes, notes = rank_own_sounds([make_table(PICTURES, SOUNDS)], ALONE, 1, Silence())
    assert notes == []
    found = {one.source: (one.relevant_ranks, one.n_videos, one.source_rank) for one in outcomes}
    assert found == {"a": ((1,), 3, 1), "b": ((1,), 3, 1), "c": ((2,), 3, 2)}


def test_videos_of_a_group_have_the_same_sound_but_those_of_an_artist_do_not() -> None:
    groups = Groups({"film": frozenset("ac"), "artist:x": frozenset("ab")})
    outcomes, _ = rank_own_sounds([make_table(PICTURES, SOUNDS)], groups, 1, Silence())
    ranks = {one.source: one.relevant_ranks for one in outcomes}
    assert ranks == {"a": (1, 2), "b": (1,), "c": (1, 2)}


def test_what_a_space_has_learned_from_is_neither_asked_nor_an_answer() -> None:
    outcomes, _ = rank_own_sounds(
        [make_table(PICTURES, SOUNDS, unseen=frozenset({"b", "c", "silent"}))], ALONE, 1, Silence()
    )
    assert {one.source: one.n_videos for one in outcomes} == {"b": 2, "c": 2}
    outcomes, notes = rank_own_sounds(
        [make_table(PICTURES, SOUNDS, unseen=frozenset("c"))], ALONE, 1, Silence()
    )
    assert outcomes == []
    assert "own sound, trained: 1 videos" in notes[0]


def test_of_a_large_library_a_sample_is_asked() -> None:
    many = {f"{number:05}": [1.0] for number in range(MAX_VIDEOS + 50)}
    table = make_table(many, many)
    assert len(set(list_asked(table, 1))) == MAX_VIDEOS
    assert list_asked(table, 1) == list_asked(table, 1) != list_asked(table, 2)


def test_the_tables_and_the_page_show_it_with_chance() -> None:
    outcomes, _ = rank_own_sounds([make_table(PICTURES, SOUNDS)], ALONE, 1, Silence())
    evaluation = Evaluation("library", "toy", 1, 4, tuple(outcomes))

    row = make_tables(evaluation).find_row(Topic("own-sound", None, "none"), "trained")
    assert row is not None
    assert row.figures[RECALL_1].value == pytest.approx(2 / 3)
    assert row.figures[RECALL_1].chance == pytest.approx(1 / 3)
    assert row.figures[RECALL_1].interval is not None
    assert (row.figures[MEDIAN_RANK].value, row.figures[MEDIAN_RANK].chance) == (1, 2)
    (written,) = evaluation_to_json(evaluation)["rows"]
    assert (written["kind"], written["means"]) == ("own-sound", "trained")
    assert "pictures asked for their own sound" in render_evaluation(evaluation)


def test_profiles_are_compared_in_each_space() -> None:
    def ask(profile: str, space: str, sounds: dict[str, list[float]]) -> Evaluation:
        table = replace(make_table(PICTURES, sounds), name=space)
        asked, _ = rank_own_sounds([table], ALONE, 1, Silence())
        clip = Outcome("a", "a@1+5", "clip", "none", 5.0, "weighted", 3, 1, (1,))
        return Evaluation("library", profile, 1, 4, (*asked, clip))

    swapped = {"a": SOUNDS["b"], "b": SOUNDS["a"], "c": SOUNDS["c"]}
    sides = [ask("one", "mood", SOUNDS), ask("two", "mood", swapped), ask("three", "new", SOUNDS)]
    comparison = compare(sides)
    assert comparison.names == ("one, weighted", "two, weighted", "three, weighted")
    found = [
        (line.topic.kind, line.space, [d and round(d.value, 3) for d in line.differences])
        for line in comparison.lines
    ]
    # Of the first two are right 2 of 3 and 0 of 3; what a profile has no space for, it misses.
    assert found == [
        ("clip", None, [None, 0, 0]),
        ("own-sound", "mood", [None, -0.667, -0.667]),
        ("own-sound", "new", [None, None, 0.667]),
    ]
    printed = StringIO()
    print_comparison(sides, Console(file=printed, width=200))
    for text in (printed.getvalue(), render_comparison(sides)):
        assert "pictures asked for their own sound" in text
    lines = comparison_to_json(sides)["comparison"]
    assert [line["space"] for line in lines] == [None, "mood", "new"]


def test_a_space_is_no_fusion() -> None:
    outcomes, _ = rank_own_sounds([make_table(PICTURES, SOUNDS)], ALONE, 1, Silence())
    evaluation = Evaluation("library", "toy", 1, 4, tuple(outcomes), fusion="weighted")
    assert evaluation.name_fusion() is None
