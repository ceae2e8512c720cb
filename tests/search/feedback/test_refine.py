"""What is liked brings what is like it, by look or by sound, in planted libraries."""

from typing import Any

import numpy as np
import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.feedback.means import KnownMeans, make_means
from mvsearch.search.feedback.records import FeedbackSession, Judgement, Round
from mvsearch.search.feedback.refine import note_removed, refine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.make_query import make_query
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Result
from mvsearch.search.temporal.expression import And, Leaf
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Space, Tag

# Videos of four looks and three sounds: `l1s2` has the second look and the third sound.
IDS = [f"l{look}s{sound}n{number}" for look in range(4) for sound in range(3) for number in (0, 1)]
SILENT = "silent"
TAG = "harbour"


@pytest.fixture(scope="module")
def library(plant: Any, spaces: dict[str, Space], conftest_spans: Any) -> Any:
    rng = np.random.default_rng(4)
    looks, sounds = rng.normal(size=(4, 16)), rng.normal(size=(3, 10))
    held: dict[str, Any] = {}
    for one in IDS:
        look, sound = looks[int(one[1])], sounds[int(one[3])]
        held[one] = {
            spaces["frames"]: (look + rng.normal(scale=0.4, size=(6, 16)), conftest_spans(6)),
            spaces["audio"]: (sound + rng.normal(scale=0.4, size=(4, 10)), conftest_spans(4, 5.0)),
        }
    # Its first second shows the third look, the rest the first.
    split = np.concatenate([looks[2:3], *[looks[0:1]] * 5])
    held[SILENT] = {spaces["frames"]: (split, conftest_spans(6))}
    for one in held:
        held[one][spaces["words"]] = (rng.normal(size=(1, 12)), conftest_spans(1))
    tags = {one: [Tag(TAG, 0.0, 1.0, 0.9)] for one in (*IDS[:6], *IDS[12:14])}
    return plant(held, tags=tags)


@pytest.fixture
def engine(library: Any, planted_encoders: Any) -> Engine:
    return Engine(library, planted_encoders({}))


def judge(
    engine: Engine,
    query: Query,
    shown: list[str],
    *judgements: Judgement,
    is_new: bool = False,
    **given: Any,
) -> list[Result]:
    options = SearchOptions(**{"top": 50, **given})
    begun = FeedbackSession("s", (), Filter(title="x"), options, (Round(tuple(shown)),))
    return refine(engine, query, begun.judge(judgements, is_new=is_new), options)


# Words that no encoder knows: noise.
VAGUE = make_query(text="something")
SHOWN = ["l0s0n0", "l1s1n0", "l2s2n0", "l3s0n0"]


@pytest.mark.parametrize(
    ("modalities", "alike"),
    [
        ((), lambda one: one[1] == "1" and one[3] == "1"),
        (("frames",), lambda one: one[1] == "1"),
        (("audio",), lambda one: one[3] == "1"),
    ],
)
@pytest.mark.parametrize("fusion", ["calibrated", "weighted", "rrf"])
def test_a_like_brings_what_is_like_it(
    engine: Engine, fusion: str, modalities: Any, alike: Any
) -> None:
    results = judge(engine, VAGUE, SHOWN, Judgement("l1s1n0", True, modalities), fusion=fusion)
    by_feedback = sorted(results, key=lambda one: -(one.feedback.total if one.feedback else 0))
    wanted = {one for one in IDS if alike(one)}
    assert {one.video.id for one in by_feedback[: len(wanted)]} == wanted
    told = by_feedback[0].feedback
    assert told is not None
    assert set(told.points) == set(modalities or ("frames", "audio"))
    assert (told.video_id, told.title, told.is_liked) == ("l1s1n0", "Song l1s1n0", True)
    assert [one.rank for one in results] == list(range(1, len(results) + 1))


def test_the_score_is_that_of_the_search_and_of_feedback(engine: Engine) -> None:
    plain = {one.video.id: one for one in engine.search(VAGUE, SearchOptions(top=50))}
    for one in judge(engine, VAGUE, SHOWN, Judgement("l1s1n0", True)):
        before = plain[one.video.id]
        assert one.contributions == before.contributions
        assert one.feedback is not None
        assert one.score == pytest.approx(before.score + one.feedback.total)
        assert before.feedback is None


def test_queries_in_time_are_refined(engine: Engine) -> None:
    parts = QueryPart("text", "something"), QueryPart("text", "something else")
    query = Query((), expression=And(tuple(map(Leaf, parts))))
    plain = {one.video.id: one.score for one in engine.search(query, SearchOptions(top=50))}
    results = judge(engine, query, SHOWN, Judgement("l1s1n0", True))
    scores = [one.score for one in results]
    assert scores == sorted(scores, reverse=True)
    assert {one.video.id for one in results} == plain.keys()
    for one in results:
        assert one.feedback is not None
        assert one.score == pytest.approx(plain[one.video.id] + one.feedback.total)
    first = judge(engine, query, SHOWN, Judgement("l1s1n0", True), top=3)
    assert [one.video.id for one in first] == [one.video.id for one in results[:3]]


def test_without_judgements_the_list_is_that_of_the_search(engine: Engine) -> None:
    plain = engine.search(VAGUE, SearchOptions(top=50))
    assert [(one.video.id, one.score) for one in judge(engine, VAGUE, SHOWN)] == [
        (one.video.id, pytest.approx(one.score)) for one in plain
    ]


def test_the_look_is_liked_and_the_sound_disliked(engine: Engine) -> None:
    both = Judgement("l1s1n0", True, ("frames",)), Judgement("l1s1n0", False, ("audio",))
    found = {one.video.id: one.feedback for one in judge(engine, VAGUE, SHOWN, *both)}
    totals = {one: told.total for one, told in found.items() if told is not None}
    best = sorted(totals, key=lambda one: -totals[one])[:4]
    assert all(one[1] == "1" and one[3] != "1" for one in best)
    assert totals["l1s1n1"] < min(totals[one] for one in best)


def test_a_dislike_sends_what_is_like_it_down(engine: Engine) -> None:
    results = judge(engine, VAGUE, SHOWN, Judgement("l1s1n0", False))
    totals = {one.video.id: one.feedback.total for one in results if one.feedback}
    worst = sorted(totals, key=totals.__getitem__)[:2]
    assert set(worst) == {"l1s1n0", "l1s1n1"}


def test_a_moment_is_judged_by_itself(engine: Engine) -> None:
    shown = [SILENT, "l1s1n0", "l3s0n0"]
    for times, look in (((0.0, 0.5), "2"), ((2.5, 5.5), "0")):
        results = judge(engine, VAGUE, shown, Judgement(SILENT, True, ("frames",), *times))
        totals = {one.video.id: one.feedback.total for one in results if one.feedback}
        best = sorted((one for one in totals if one != SILENT), key=lambda one: -totals[one])
        assert {one[1] for one in best[:6]} == {look}


def test_new_lists_leave_out_what_was_shown(engine: Engine) -> None:
    results = judge(engine, VAGUE, SHOWN, Judgement("l1s1n0", True), is_new=True)
    assert not {one.video.id for one in results} & set(SHOWN)
    assert len(results) == len(IDS) + 1 - len(SHOWN)


def test_a_filter_alone_is_refined_among_what_passes(engine: Engine) -> None:
    query = Query((), Filter(tags=(TAG,)))
    results = judge(engine, query, SHOWN, Judgement("l2s2n0", True, ("frames",)))
    assert {one.video.id for one in results} == {*IDS[:6], *IDS[12:14]}
    assert {one.video.id for one in results[:2]} == set(IDS[12:14])
    assert all(one.moments[0].text == TAG for one in results)
    by_name = judge(engine, Query((), Filter(artist="planted")), SHOWN)
    names = [video.id for video in engine.library.catalog.videos()]
    assert [one.video.id for one in by_name] == names


def test_what_a_result_has_not_cannot_be_judged(engine: Engine) -> None:
    with pytest.raises(QueryError, match="result 1 has no sound to judge"):
        judge(engine, VAGUE, [SILENT], Judgement(SILENT, True, ("audio",)))
    with pytest.raises(QueryError, match="result 1 has no look to judge at that time"):
        judge(engine, VAGUE, [SILENT], Judgement(SILENT, True, ("frames",), 90.0, 91.0))
    with pytest.raises(QueryError, match="result 1 has no text in picture"):
        judge(engine, VAGUE, [SILENT], Judgement(SILENT, True, ("ocr",)))


def test_videos_that_have_left_the_library_say_nothing(engine: Engine) -> None:
    shown = ["gone", *SHOWN]
    results = judge(engine, VAGUE, shown, Judgement("gone", True))
    assert all(one.feedback is not None and one.feedback.total == 0 for one in results)
    session = FeedbackSession("s", (), Filter(title="x"), SearchOptions(), (Round(tuple(shown)),))
    judged = session.judge((Judgement("gone", True), Judgement(SILENT, True)))
    assert note_removed(engine.library, judged) == ("1 of the judged videos has left the library",)
    assert note_removed(engine.library, session) == ()


def test_means_are_those_of_numpy(library: Any, spaces: dict[str, Space]) -> None:
    index = library.index(spaces["frames"])
    means = make_means(library, index)
    for one in (IDS[0], IDS[-1], SILENT):
        mean = index.vectors(one).mean(axis=0)
        expected = mean / np.linalg.norm(mean)
        assert means.vectors[means.position[one]] == pytest.approx(expected, abs=1e-6)
    found = means.compare(IDS[:2])
    assert found.shape == (len(IDS) + 1, 2)
    # The more alike, the more surprising; itself most of all.
    cosines = means.vectors @ means.vectors[means.position[IDS[0]]]
    near = np.argsort(-cosines)[:6]
    assert {means.video_ids[at][1] for at in near if means.video_ids[at] != SILENT} == {"0"}
    assert found[means.position[IDS[0]], 0] == found[:, 0].max()


def test_means_of_new_videos_are_added_to_known_ones(
    plant: Any, spaces: dict[str, Space], conftest_spans: Any
) -> None:
    rng = np.random.default_rng(2)
    held = {
        name: {spaces["frames"]: (rng.normal(size=(3, 16)), conftest_spans(3))} for name in "abcdef"
    }
    first = plant({name: held[name] for name in "abc"})
    known = KnownMeans()
    before = known.find(first, first.index(spaces["frames"]))
    assert known.find(first, first.index(spaces["frames"])) is before
    second = plant(held)
    fresh = make_means(second, second.index(spaces["frames"]))
    grown = make_means(second, second.index(spaces["frames"]), before)
    assert grown.vectors == pytest.approx(fresh.vectors, abs=1e-6)
