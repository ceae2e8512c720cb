"""A library whose vectors are on a server: the same answers, and few videos are read for each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from mvsearch.search import all_pairs, ranked
from mvsearch.search.engine import Engine
from mvsearch.search.feedback import means
from mvsearch.search.feedback.evidence import Term, Weighed
from mvsearch.search.feedback.records import Judgement
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Result
from mvsearch.search.retrieval import mean_vectors, retrieve, similar_sets
from mvsearch.search.scoring import null_distribution
from mvsearch.search.temporal import search as temporal_search
from mvsearch.search.temporal.expression import And, Leaf, Not, Then, While
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.records import Tag
from tests.on_server import Budget, TooMuchError, serve

N_VIDEOS, N_ALIKE = 150, 6
IDS = tuple(f"{at:04x}" for at in range(N_VIDEOS))
# Of the tests: a fifth of the library, with the constants of `few`.
MAX_VIDEOS = 60
PICTURE, SOUND = QueryPart("like", IDS[40]), QueryPart("like", IDS[77])
LINE, WORDS = QueryPart("lyric", "salt"), QueryPart("text", "rain")


@pytest.fixture(scope="module")
def content(spaces: Any, conftest_spans: Any) -> dict[str, Any]:
    """Groups of six videos that have scenes, words, lines and sounds in common."""
    rng = np.random.default_rng(3)
    counts = {"frames": 10, "words": 10, "lyrics": 6, "audio": 8}
    held: dict[str, Any] = {}
    for video_id in IDS:
        if int(video_id, 16) % N_ALIKE == 0:
            of_group = {name: rng.normal(size=(n, spaces[name].dim)) for name, n in counts.items()}
        held[video_id] = {
            spaces[name]: (made + 0.8 * rng.normal(size=made.shape), conftest_spans(len(made)))
            for name, made in of_group.items()
        }
    return held


@pytest.fixture(scope="module")
def few() -> Iterator[None]:
    """Constants for a small library."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieve, "NEIGHBOURS", 4)
        patch.setattr(retrieve, "MIN_DOUBTFUL", 4)
        patch.setattr(retrieve, "SETTLED_AT_ONCE", 8)
        patch.setattr(retrieve, "MAX_SETTLED", 32)
        patch.setattr(similar_sets, "NEIGHBOURS", 40)
        patch.setattr(similar_sets, "FIRST", 8)
        patch.setattr(similar_sets, "AT_ONCE", 8)
        patch.setattr(similar_sets, "MAX_COMPARED", 48)
        patch.setattr(temporal_search, "MAX_DRAWN", 48)
        patch.setattr(ranked, "N_RANKED", 20)
        patch.setattr(ranked, "DEPTHS", (2, 4))
        patch.setattr(null_distribution, "SMALL_LIBRARY", 50)
        patch.setattr(null_distribution, "SAMPLE_OPERATIONS", 1.0)
        yield


@pytest.fixture(scope="module")
def table(content: Any, spaces: Any) -> dict[str, np.ndarray]:
    return {
        "salt": content[IDS[20]][spaces["lyrics"]][0][2],
        "rain": content[IDS[102]][spaces["words"]][0][4],
    }


@pytest.fixture(scope="module")
def here(plant: Any, content: Any, planted_encoders: Any, table: Any) -> Engine:
    tags = {one: (Tag("seashore", 1.0, 2.0, 0.7),) for one in IDS[::2]}
    engine = Engine(plant(content, tags=tags), planted_encoders(table))
    null_distribution.measure_distributions(engine.library, engine.encoders)
    return engine


@pytest.fixture(scope="module")
def there(
    here: Engine, few: None, plant: Any, content: Any, planted_encoders: Any, table: Any
) -> Iterator[tuple[Engine, Budget]]:
    """An engine of the same library on a server, measured at its making, and what it may read."""
    tags = {one: (Tag("seashore", 1.0, 2.0, 0.7),) for one in IDS[::2]}
    budget = Budget(whole_rows=100)
    with pytest.MonkeyPatch.context() as patch:
        serve(patch, budget)
        engine = Engine(plant(content, tags=tags), planted_encoders(table))
        null_distribution.measure_distributions(engine.library, engine.encoders)
        budget.max_videos = MAX_VIDEOS
        yield engine, budget


def describe(results: list[Result]) -> list[tuple[str, float]]:
    return [(one.video.id, pytest.approx(one.score, abs=5e-3)) for one in results]


QUERIES = {
    "words": Query((WORDS,)),
    "line": Query((LINE,)),
    "video": Query((PICTURE,)),
    "words and line": Query((WORDS, LINE)),
    "line of some": Query((LINE,), Filter(tags=("seashore",))),
    "without": Query((LINE, QueryPart("text", "rain", role="not"))),
    "then": Query((WORDS, LINE), expression=Then(Leaf(WORDS), Leaf(LINE))),
    "while": Query((WORDS, LINE), expression=While((Leaf(WORDS), Leaf(LINE)))),
    "and not": Query((LINE, WORDS), expression=And((Leaf(LINE), Not(Leaf(WORDS))))),
}


@pytest.mark.parametrize("fusion", ["calibrated", "weighted"])
@pytest.mark.parametrize("name", QUERIES)
def test_a_search_finds_the_same(here: Engine, there: Any, name: str, fusion: Any) -> None:
    engine, budget = there
    options = SearchOptions(top=3, fusion=fusion)
    expected = here.search(QUERIES[name], options)
    budget.begin()
    found = engine.search(QUERIES[name], options)
    assert [(one.video.id, one.score) for one in found] == describe(expected)
    assert [[m.start_seconds for m in one.moments] for one in found] == [
        [m.start_seconds for m in one.moments] for one in expected
    ]
    assert budget.n_statements < 150


@pytest.mark.parametrize(
    "options",
    [
        SearchOptions(top=3, has_collapse=True),
        SearchOptions(top=2, per_artist=2),
        SearchOptions(top=3, fusion="rrf"),
    ],
    ids=["collapse", "artist", "rrf"],
)
def test_what_needs_all_videos_elsewhere_asks_for_more_candidates(
    here: Engine, there: Any, options: SearchOptions
) -> None:
    engine, budget = there
    expected = here.search(QUERIES["words and line"], options)
    budget.begin()
    found = engine.search(QUERIES["words and line"], options)
    assert [one.video.id for one in found] == [one.video.id for one in expected]


@pytest.mark.parametrize(
    "options",
    [SearchOptions(top=4, fusion="weighted"), SearchOptions(top=4, has_collapse=True)],
    ids=["weighted", "collapse"],
)
@pytest.mark.parametrize("asked", [Filter(), Filter(tags=("seashore",))], ids=["all", "some"])
def test_similar_videos_are_the_same(
    here: Engine, there: Any, options: SearchOptions, asked: Filter
) -> None:
    engine, budget = there
    for video_id in (IDS[0], IDS[91]):
        video = here.library.catalog.find_video(video_id)
        expected = here.similar(video, options, asked)
        budget.begin()
        found = engine.similar(video, options, asked)
        assert [(one.video.id, one.score) for one in found] == describe(expected)


@dataclass(frozen=True)
class Liked:
    """A stand-in for judgements: one video has points."""

    video_id: str
    points: float

    def weigh(self, video_ids: Sequence[str]) -> Weighed:
        points = [self.points * (one == self.video_id) for one in video_ids]
        term: Any = Term(Judgement(self.video_id, is_liked=True), "frames", np.array(points))
        return Weighed((term,), np.array([points]), {})


@pytest.mark.parametrize("fusion", ["calibrated", "weighted"])
def test_judgements_raise_a_video_that_is_not_among_the_first_candidates(
    here: Engine, there: Any, fusion: Any
) -> None:
    engine, budget = there
    ranking = here.search(QUERIES["words"], SearchOptions(top=3, fusion=fusion))
    liked: Any = Liked(ranking[2].video.id, 20.0)
    budget.begin()
    found = engine.refined_by(liked).search(QUERIES["words"], SearchOptions(top=1, fusion=fusion))
    assert [one.video.id for one in found] == [liked.video_id]


def test_each_video_is_compared_with_its_nearest_ones(
    here: Engine, there: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, budget = there
    options = SearchOptions(top=3)
    pairs = here.all_pairs(options)
    expected = dict(pairs.rank(pairs.compute_matrix()))
    monkeypatch.setattr(all_pairs, "MAX_OPERATIONS", 0)
    many = engine.all_pairs(options)
    assert many.is_large
    ranked_videos = many.rank_likely()
    for _ in range(6):
        budget.begin()
        video, results = next(ranked_videos)
        assert [one.video.id for one in results] == [one.video.id for one in expected[video]]


def test_a_search_that_finds_nothing_measured_measures_a_sample(
    there: Any, planted_encoders: Any, table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, budget = there
    fresh = Engine(engine.library, planted_encoders(table))
    monkeypatch.setattr(engine.library, "measured", lambda *_: None)
    budget.begin()
    assert fresh.search(QUERIES["line"], SearchOptions(top=1))[0].video.id == IDS[20]


def test_a_new_video_has_the_usual_level_until_it_is_measured(
    there: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _ = there
    index = engine.library.index(next(iter(engine.library.catalog.spaces())))
    known = null_distribution.recall_distribution(engine.library, index, "clip", engine.encoders)
    assert len(known.levels) == N_VIDEOS
    monkeypatch.setattr(null_distribution, "_obtain", lambda *_: pytest.fail("it was measured"))
    again = null_distribution.recall_distribution(
        engine.library, index, "clip", engine.encoders, known
    )
    assert again is known
    assert known.level_of(["unknown"])[0] == known.location


def test_more_than_a_server_gives_is_refused(there: Any) -> None:
    engine, budget = there
    index = engine.library.index(next(iter(engine.library.catalog.spaces())))
    read: Callable[[Any], Any] = index.read
    budget.begin()
    with pytest.raises(TooMuchError):
        read(IDS)
    budget.begin()


@pytest.mark.parametrize("by", ["audio", "frames"])
def test_a_map_is_the_same(here: Engine, there: Any, by: Any) -> None:
    engine, budget = there
    budget.max_videos = None
    expected, found = (one.layouts.find(one.library, by) for one in (here, engine))
    budget.max_videos = MAX_VIDEOS
    assert found.video_ids == expected.video_ids
    assert found.points == pytest.approx(expected.points, abs=0.01)


def test_judged_moments_are_compared_with_near_videos_and_a_sample(
    here: Engine, there: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, budget = there
    budget.max_videos = None
    tables = [
        one.means.find(one.library, one.library.index(spaces["audio"])) for one in (here, engine)
    ]
    expected = tables[0].compare_moment(IDS[30], 2.0, 4.0)
    budget.max_videos = MAX_VIDEOS
    monkeypatch.setattr(means, "N_PROBES", 30)
    monkeypatch.setattr(means, "N_NEAR", 10)
    budget.begin()
    found = tables[1].compare_moment(IDS[30], 2.0, 4.0)
    near = np.argsort(-expected)[:3]
    assert found[near] == pytest.approx(expected[near], rel=0.3)
    assert set(np.argsort(-found)[:3]) == set(near)
    assert budget.seen


def test_means_are_shortened_and_kept_in_a_large_library(
    here: Engine, there: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, budget = there
    budget.begin()
    budget.max_videos = None
    space = spaces["audio"]
    exact = mean_vectors.average_videos(here.library, here.library.index(space))
    index = engine.library.index(space)
    whole = mean_vectors.average_videos(engine.library, index)
    assert whole == pytest.approx(exact, abs=2e-3)
    monkeypatch.setattr(mean_vectors, "MAX_WHOLE", 50)
    monkeypatch.setattr(mean_vectors, "N_AXES", 6)
    short = mean_vectors.average_videos(engine.library, index)
    assert short.shape == (N_VIDEOS, 6)
    axes = mean_vectors.find_axes(exact[np.linspace(0, N_VIDEOS - 1, 50).round().astype(int)])
    assert np.abs(short) == pytest.approx(np.abs(exact @ axes), abs=0.02)
    budget.begin()
    mean_vectors._KNOWN.clear()
    again = mean_vectors.average_videos(engine.library, index)  # as another process reads it
    assert (again == short).all()
    assert budget.seen == set()
    budget.max_videos = MAX_VIDEOS
