"""Users who like what is nearest see fewer lists, in a planted library."""

from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from mvsearch.indexer.progress import Silence
from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.feedback.spared_lists import count_spared_lists
from mvsearch.search.evaluation.metric_values import LISTS_SPARED, LISTS_WITH, LISTS_WITHOUT
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.arguments import parse_kinds
from mvsearch.search.evaluation.queries.sample import KINDS, SampleOptions
from mvsearch.search.evaluation.report.as_json import comparison_to_json, evaluation_to_json
from mvsearch.search.evaluation.report.page import render_comparison, render_evaluation
from mvsearch.search.evaluation.report.table import print_evaluation
from mvsearch.search.evaluation.tables import Topic, make_tables
from mvsearch.store.records import Space, Tag

SAMPLE = SampleOptions(n_clips=12, kinds=("feedback",))
N_LOOKS, N_VIDEOS = 8, 64


def hold(names: list[str], spaces: dict[str, Space], spans: Any) -> dict[str, Any]:
    """Videos whose look and sound are those of one of eight groups, by turns."""
    rng = np.random.default_rng(5)
    looks, sounds = rng.normal(size=(N_LOOKS, 16)), rng.normal(size=(N_LOOKS, 10))
    held = {}
    for at, name in enumerate(names):
        look, sound = looks[at % N_LOOKS], sounds[at % N_LOOKS]
        held[name] = {
            spaces["frames"]: (look + rng.normal(scale=0.4, size=(3, 16)), spans(3)),
            spaces["audio"]: (sound + rng.normal(scale=0.4, size=(2, 10)), spans(2, 5.0)),
        }
    return held


@pytest.fixture(scope="module")
def library(plant: Any, spaces: dict[str, Space], conftest_spans: Any) -> Any:
    names = [f"v{at:02}" for at in range(N_VIDEOS)]
    tags = {name: [Tag("harbour", 0.0, 1.0, 0.9)] for name in names}
    return plant(hold(names, spaces, conftest_spans), tags=tags)


@pytest.fixture(scope="module")
def counted(library: Any, planted_encoders: Any) -> list[Outcome]:
    outcomes, notes = count_spared_lists(library, planted_encoders({}), SAMPLE, Silence())
    assert len(outcomes) == SAMPLE.n_clips
    assert len(notes) == 1
    return outcomes


def test_what_is_liked_brings_the_video_sooner(counted: list[Outcome]) -> None:
    pairs = np.array([one.lists for one in counted])
    # Without feedback ten videos a list, in the order of the ranking.
    assert pairs[:, 0].tolist() == [-(-one.relevant_ranks[0] // 10) for one in counted]
    assert pairs.min() >= 2
    # Eight of each look: a list has one of it by chance, and the next list has the others.
    assert np.median(pairs[:, 1]) < np.median(pairs[:, 0])


def test_two_runs_are_the_same(counted: list[Outcome], library: Any, planted_encoders: Any) -> None:
    again, _ = count_spared_lists(library, planted_encoders({}), SAMPLE, Silence())
    assert again == counted


def test_a_library_of_less_than_two_lists_is_told(
    plant: Any, planted_encoders: Any, spaces: dict[str, Space], conftest_spans: Any
) -> None:
    small = plant(hold([f"v{at}" for at in range(19)], spaces, conftest_spans))
    outcomes, notes = count_spared_lists(small, planted_encoders({}), SAMPLE, Silence())
    assert outcomes == []
    assert notes == ["feedback: 19 videos fit in two lists of 10, nothing to spare"]
    evaluation = Evaluation("library", "toy", 1, 19, (), notes=tuple(notes))
    printed = StringIO()
    print_evaluation(evaluation, Console(file=printed, width=200))
    assert notes[0] in printed.getvalue()
    assert notes[0] in render_evaluation(evaluation)


def test_the_tables_the_page_and_json_have_the_medians_and_what_is_spared() -> None:
    lists = [(2, 2), (4, 2), (8, 3), (10, 4)]
    outcomes = [
        Outcome(f"v{at}", f"v{at}", "feedback", "none", None, "calibrated", 99, 1, (50,), lists=one)
        for at, one in enumerate(lists)
    ]
    evaluation = Evaluation("library", "toy", 1, 99, tuple(outcomes))
    row = make_tables(evaluation).find_row(Topic("feedback", None, "none"), "calibrated")
    assert row is not None
    # The medians are 6 and 2.5.
    assert {name: figure.value for name, figure in row.figures.items()} == {
        LISTS_WITHOUT: 6,
        LISTS_WITH: 2.5,
        LISTS_SPARED: pytest.approx(1 - 2.5 / 6),
    }
    span = row.figures[LISTS_SPARED].interval
    assert span is not None
    # From four times the first to four times the second or third, or the like.
    assert 0 <= span.low < 1 - 2.5 / 6 < span.high <= 0.625
    (written,) = evaluation_to_json(evaluation)["rows"]
    assert written["figures"][LISTS_SPARED]["value"] == 0.583333
    printed = StringIO()
    print_evaluation(evaluation, Console(file=printed, width=200))
    for text in (printed.getvalue(), render_evaluation(evaluation)):
        assert "0.58" in text
        assert "2.5" in text
    assert "recall@1" not in printed.getvalue()
    assert comparison_to_json([evaluation, evaluation])["comparison"] == []
    assert "0.58" in render_comparison([evaluation, evaluation])


def test_it_is_asked_only_where_it_is_named() -> None:
    assert parse_kinds("feedback") == ("feedback",)
    assert "feedback" not in KINDS
