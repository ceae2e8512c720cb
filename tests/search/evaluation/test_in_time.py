"""Queries in time: a still, and a lyric line that is sung after it."""

import json
from dataclasses import replace

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.evaluation.benchmark import BenchmarkOptions, compare_profiles
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.in_time import WITHIN_SECONDS
from mvsearch.search.evaluation.queries.sample import SampleOptions, sample_queries
from mvsearch.search.evaluation.query_runner import find_part_errors
from mvsearch.search.evaluation.report.as_json import comparison_to_json
from mvsearch.search.evaluation.report.page import render_comparison, render_evaluation
from mvsearch.search.evaluation.tables import Topic, make_tables
from mvsearch.search.options import choose_fusion
from mvsearch.search.results import Result
from mvsearch.search.temporal.found import FoundPart
from mvsearch.store.library import Library
from tests.search.evaluation.made_once import queries_made_once

NOBODY = Groups({})
SAMPLE = SampleOptions(n_clips=4, kinds=("in-time",), distortions=("none", "grey", "noise 10 dB"))


def run(library: Library):
    sides = [(library, Encoders("toy"))]
    return compare_profiles(library, sides, NOBODY, BenchmarkOptions(SAMPLE, workers=2))[0]


def sample(library: Library, options: SampleOptions = SAMPLE):
    return sample_queries(library, ("frames", "lyrics", "audio"), NOBODY, options)


@pytest.fixture(scope="module")
def evaluation(library):
    with queries_made_once():
        yield run(library)


def test_the_line_is_sung_after_the_still(library):
    asked = sample(library)
    titles = {query.source.title for query in asked}
    assert titles == {"First Song", "Second Song"}, "the third has no lyrics"
    for query in asked:
        ((at, end),) = query.spans
        assert at == end == query.start_seconds
        sung = {
            (line.text, line.start_seconds)
            for line in library.catalog.lyrics(query.source.id).lines
        }
        for start, _ in query.line_spans:
            assert at + 1.0 <= start <= at + WITHIN_SECONDS
            assert (query.text, start) in sung
    by_name = {name: {q.label for q in asked if q.distortion == name} for name in ("none", "grey")}
    assert by_name["none"] == by_name["grey"]
    assert {query.distortion for query in asked} == {"none", "grey"}, "sounds do not apply"
    other = sample(library, replace(SAMPLE, seed=2))
    assert not {query.label for query in other} & {query.label for query in asked}


def test_video_and_both_parts_are_found(library, evaluation):
    assert len(evaluation.outcomes) == len(sample(library))
    for outcome in evaluation.outcomes:
        assert outcome.system == choose_fusion(Encoders("toy"))
        assert (outcome.relevant_ranks, outcome.source_rank) == ((1,), 1)
        assert outcome.is_moment_asked
    errors = [outcome.part_errors_seconds for outcome in evaluation.outcomes]
    assert all(line is None or line == 0 for _, line in errors)
    assert any(line == 0 for _, line in errors)
    assert min(still for still, _ in errors if still is not None) < 1.0


@pytest.mark.usefixtures("made_once")
def test_two_runs_are_the_same(library, evaluation):
    assert run(library) == evaluation


def test_reports_have_the_error_of_each_part(evaluation):
    topic = Topic("in-time", None, "none")
    row = make_tables(evaluation).find_row(topic, evaluation.name_fusion())
    assert row.figures["recall@1"].value == 1.0
    assert row.figures["line_error_seconds"].value == 0.0
    written = json.loads(json.dumps(comparison_to_json([evaluation, evaluation])))
    figures = written["evaluations"][0]["rows"][0]["figures"]
    assert figures["still_error_seconds"]["value"] == pytest.approx(
        row.figures["still_error_seconds"].value, abs=1e-6
    )
    assert written["comparison"][0]["recall@1"][1]["value"] == 0.0
    page = render_evaluation(evaluation)
    assert "still off" in page
    assert "line off" in page
    assert "pictures, then lyric lines" in render_comparison([evaluation, evaluation])


def test_the_error_of_a_part_is_that_of_its_place(library):
    query = replace(sample(library)[0], spans=((3.0, 3.0),), line_spans=((8.0, 10.0), (15.0, 17.0)))

    def tell(*places, is_found=True):
        kinds = ("frames", "lyrics")
        parts = tuple(
            FoundPart(at, "x", kinds[at], *place, 0.9, 3.0, 1.0, is_found=is_found)
            for at, place in enumerate(places)
        )
        return find_part_errors(query, [Result(1, 0.9, query.source, {}, (), parts=parts)])

    assert tell((2.5, 3.25), (15.5, 17.0)) == (0.5, 0.5)
    assert tell((2.5, 3.25), (None, None)) == (0.5, None)
    assert tell((2.5, 3.25), (15.5, 17.0), is_found=False) == (None, None)
    assert find_part_errors(query, []) == (None, None)
    assert find_part_errors(replace(query, line_spans=()), []) == ()


def test_without_timed_lyrics_one_note_says_so(library, monkeypatch):
    monkeypatch.setattr(type(library.catalog), "lyrics", lambda *_: None)
    found = run(library)
    assert found.outcomes == ()
    assert found.notes == (
        "in time: no video has a picture and, after it, a timed lyric line of its own",
    )
    assert "in time: no video" in render_evaluation(found)
