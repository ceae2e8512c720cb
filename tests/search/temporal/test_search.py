"""Queries in time over a planted library: where the parts are in each video is known."""

from typing import Any

import numpy as np
import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart, Section
from mvsearch.search.temporal.expression import And, Expression, Leaf, Not, Then, While
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Segment, Tag

SECONDS = 60
N_OTHERS = 30
RAIN, CROWD = Leaf(QueryPart("text", "rain")), Leaf(QueryPart("text", "crowd"))
LINE = Leaf(QueryPart("lyric", "salt on the water"))
# When each video shows rain and a crowd and when the line is sung; None for not at all.
PLANTED: dict[str, tuple[float | None, float | None, float | None]] = {
    "apart1": (10, None, 40),
    "apart2": (50, 20, 5),
    "apart3": (30, 5, 55),
    "while": (20, None, 21),
    "then": (8, 18, None),
    "late": (8, 48, None),
    "back": (18, 8, None),
    "rain": (33, None, None),
    "crowd": (None, 33, None),
    "line": (None, None, 33),
}


def mix(rng: np.random.Generator, vector: np.ndarray) -> np.ndarray:
    """A vector at a cosine of about 0.9 with this one."""
    noise = rng.normal(size=len(vector))
    return vector + 0.45 * noise / np.linalg.norm(noise)


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    drawn = {word: rng.normal(size=12) for word in ("rain", "crowd", "salt on the water")}
    return {word: vector / np.linalg.norm(vector) for word, vector in drawn.items()}


@pytest.fixture(scope="module")
def engine(plant: Any, planted_encoders: Any, spaces: Any, table: Any) -> Engine:
    content: dict[str, dict[Any, Any]] = {}
    planted = PLANTED | {f"other{at:02}": (None, None, None) for at in range(N_OTHERS)}
    for seed, (video_id, (rain, crowd, line)) in enumerate(planted.items()):
        rng = np.random.default_rng(100 + seed)
        words, lines = rng.normal(size=(SECONDS, 12)), rng.normal(size=(12, 12))
        for word, at in (("rain", rain), ("crowd", crowd)):
            if at is not None:
                words[int(at) : int(at) + 4] = [mix(rng, table[word]) for _ in range(4)]
        if line is not None:
            lines[int(line) // 5] = mix(rng, table["salt on the water"])
        seconds = [Segment(float(at), at + 1.0) for at in range(SECONDS)]
        sung = [Segment(at * 5.0, at * 5.0 + 5.0, f"line {at} of {video_id}") for at in range(12)]
        content[video_id] = {
            spaces["frames"]: (rng.normal(size=(SECONDS, 16)), seconds),
            spaces["words"]: (words, seconds),
            spaces["lyrics"]: (lines, sung),
        }
    content["untimed"] = content["line"] | {
        spaces["lyrics"]: (
            np.array([mix(np.random.default_rng(9), table["salt on the water"])]),
            [Segment(None, None, "salt")],
        )
    }
    content["silent"] = {key: content["rain"][key] for key in (spaces["frames"], spaces["words"])}
    library = plant(content, tags={"late": [Tag("live", 0.0, 1.0, 0.9)]})
    return Engine(library, planted_encoders(table))


def ask(engine: Engine, expression: Expression, **options: Any) -> list[Any]:
    return engine.search(Query((), expression=expression), SearchOptions(**options))


def test_both_at_once_is_the_video_that_has_them_together(engine) -> None:
    first = ask(engine, While((RAIN, LINE)))[0]
    assert first.video.id == "while"
    assert not first.is_weak
    rain, line = first.parts
    assert (rain.modality, line.modality) == ("frames", "lyrics")
    assert 20 <= rain.start_seconds < 24
    assert (line.start_seconds, line.end_seconds, line.text) == (20, 25, "line 4 of while")
    assert rain.points + line.points == pytest.approx(first.score)
    assert [moment.start_seconds for moment in first.moments] == [20, rain.start_seconds]


def test_one_after_the_other_within_a_time(engine) -> None:
    first = ask(engine, Then(RAIN, CROWD, 12.0))[0]
    assert first.video.id == "then"
    assert not first.is_weak
    rain, crowd = first.parts
    assert 8 <= rain.start_seconds < 12
    assert 18 <= crowd.start_seconds < 22
    by_any_time = [one.video.id for one in ask(engine, Then(RAIN, CROWD), top=2)]
    assert sorted(by_any_time) == ["late", "then"]
    assert ask(engine, Then(CROWD, RAIN, 12.0))[0].video.id == "back"


def test_a_video_with_one_part_alone_is_weak(engine) -> None:
    for result in ask(engine, Then(RAIN, CROWD, 12.0), top=40)[1:]:
        assert result.is_weak


def test_not_at_that_moment_and_not_at_all(engine) -> None:
    with_crowd = {one for one, (_, crowd, _) in PLANTED.items() if crowd is not None}
    found = ask(engine, And((RAIN, Not(CROWD))), top=5)
    assert not with_crowd & {one.video.id for one in found[:4]}
    there = next(
        one for one in ask(engine, And((RAIN, Not(CROWD))), top=45) if one.video.id == "then"
    )
    assert there.parts[1].is_against
    assert there.parts[1].is_found
    assert there.parts[1].points < 0
    assert 18 <= there.parts[1].start_seconds < 22
    # Their crowd is at another moment, so they lose nothing.
    at_moment = {one.video.id for one in ask(engine, While((RAIN, Not(CROWD))), top=8)}
    assert {"then", "late", "back", "apart2", "apart3"} <= at_moment


def test_lyrics_without_times_count_for_every_moment_but_less(engine) -> None:
    ranked = list(ask(engine, LINE, top=45))
    untimed = next(one for one in ranked if one.video.id == "untimed")
    assert untimed.parts[0].start_seconds is None
    assert untimed.score < min(
        one.score for one in ranked if (PLANTED.get(one.video.id) or [None] * 3)[2] is not None
    )
    assert untimed.score > np.median([one.score for one in ranked])


def test_a_video_without_a_modality_is_a_result_by_the_rest(engine) -> None:
    ranked = ask(engine, While((RAIN, LINE)), top=45)
    silent = next(one for one in ranked if one.video.id == "silent")
    assert silent.parts[1].modality is None
    assert not silent.parts[1].is_found
    assert silent.is_weak


def test_ranking_is_that_of_scoring_all(engine) -> None:
    """Scores of few results, and of all, are the same."""
    for expression in (While((RAIN, LINE)), Then(RAIN, CROWD, 12.0), And((RAIN, CROWD, Not(LINE)))):
        whole = [(one.video.id, one.score) for one in ask(engine, expression, top=100)]
        assert [(o.video.id, o.score) for o in ask(engine, expression, top=3)] == whole[:3]
        assert len(whole) == len(PLANTED) + N_OTHERS + 2


def test_filters_and_hidden_videos_are_left_out(engine) -> None:
    asked = Query((), Filter(tags=("live",)), Then(RAIN, CROWD))
    assert [one.video.id for one in engine.search(asked)] == ["late"]
    query = Query((), expression=While((RAIN, LINE)))
    assert engine.search(query, hidden=frozenset({"while"}))[0].video.id != "while"


def test_copies_and_artists_are_limited_in_the_exact_order(engine) -> None:
    whole = ask(engine, While((RAIN, LINE)), top=5)
    assert len(ask(engine, While((RAIN, LINE)), per_artist=2)) == 2  # all are of one artist
    collapsed = ask(engine, While((RAIN, LINE)), has_collapse=True, top=5)
    # The video without lyrics shows what another one shows.
    listed = {one.video.id for one in collapsed} | {c.id for o in collapsed for c in o.copies}
    assert [one.video.id for one in collapsed][:1] == [whole[0].video.id]
    assert {one.video.id for one in whole} <= listed


def test_nothing_that_passes_is_no_result(engine) -> None:
    asked = Query((), Filter(artist="nobody"), While((RAIN, LINE)))
    assert engine.search(asked) == []
    many = Query((), expression=While((RAIN, LINE)))
    assert engine.search(many, SearchOptions(n_moments=0))[0].moments == ()


def test_a_section_of_a_video_finds_the_moment_like_it(engine) -> None:
    like = Leaf(QueryPart("like", "then", Section(18.0, 22.0)))
    results = engine.search(
        Query((), expression=And((like, RAIN))), SearchOptions(weights={"frames": 1.0})
    )
    assert "then" not in {one.video.id for one in results}
    assert results[0].parts[0].end_seconds is not None


def test_what_cannot_be_compared_is_refused(engine) -> None:
    shown = Leaf(QueryPart("ocr", "stop"))
    with pytest.raises(QueryError, match="--ocr 'stop' cannot be compared"):
        ask(engine, While((RAIN, shown)))
    with pytest.raises(QueryError, match="--lyric 'salt on the water' cannot be compared"):
        ask(engine, While((RAIN, LINE)), weights={"frames": 1.0})
