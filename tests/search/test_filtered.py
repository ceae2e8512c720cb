"""A filter is applied before scoring: the best of what passes, with the scores of all."""

from typing import Any

import numpy as np
import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.catalog.filter import Filter

N_VIDEOS = 60
IDS = [f"{at:03d}" for at in range(N_VIDEOS)]
# By title "Song 012": all, a sixth, one, none; of which the best of all are mostly none.
FILTERS = {
    Filter(): IDS,
    Filter(title="song 0"): IDS,
    Filter(title="song 05"): [one for one in IDS if one.startswith("05")],
    Filter(title="song 042"): ["042"],
    Filter(title="song 9"): [],
    Filter(tags=("seashore",)): IDS[::4],
    Filter(tags=("seashore",), title="song 05"): ["052", "056"],
}


@pytest.fixture(scope="module")
def library(plant: Any, spaces: dict[str, Any], conftest_spans: Any) -> Any:
    """Videos ever further from the words "river"; every fourth has a tag, a third no lyrics."""
    from mvsearch.store.records import Tag

    rng = np.random.default_rng(3)
    content: dict[str, Any] = {}
    for at, video_id in enumerate(IDS):
        words = 0.3 * rng.normal(size=(6, 12))
        words[:, 0] += np.cos(at / 20)
        words[:, 1] += np.sin(at / 20)
        held = {
            spaces["frames"]: (rng.normal(size=(6, 16)), conftest_spans(6)),
            spaces["words"]: (words, conftest_spans(6)),
        }
        if at % 3:
            held[spaces["lyrics"]] = (rng.normal(size=(4, 12)), conftest_spans(4))
        content[video_id] = held
    return plant(content, tags={one: (Tag("seashore", 1, 2, 0.7),) for one in IDS[::4]})


@pytest.fixture(scope="module")
def engine(library: Any) -> Engine:
    from tests.search.conftest import PlantedEncoders

    return Engine(library, PlantedEncoders({"river": np.eye(12)[0]}))  # type: ignore[arg-type]


def describe(results: Any) -> list[tuple[Any, ...]]:
    return [(r.video.id, r.score, r.contributions, r.is_weak) for r in results]


@pytest.mark.parametrize("asked", FILTERS, ids=str)
@pytest.mark.parametrize(("fusion", "top"), [("calibrated", 3), ("weighted", 100)])
def test_results_are_the_best_that_pass_with_the_scores_of_the_whole_library(
    engine: Engine, asked: Filter, fusion: Any, top: int
) -> None:
    parts = (QueryPart("text", "river"),)
    everything = engine.search(Query(parts), SearchOptions(fusion=fusion, top=N_VIDEOS))
    assert len(everything) == N_VIDEOS
    expected = [one for one in everything if one.video.id in FILTERS[asked]][:top]
    found = engine.search(Query(parts, asked), SearchOptions(fusion=fusion, top=top))
    assert [one.video for one in found] == [one.video for one in expected]
    assert [one.rank for one in found] == list(range(1, len(expected) + 1))
    for one, other in zip(found, expected, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-6)
        assert one.contributions.keys() == other.contributions.keys()
        for modality, part in one.contributions.items():
            assert part.calibrated == pytest.approx(
                other.contributions[modality].calibrated, abs=1e-6
            )


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_similar_videos_are_the_best_that_pass(engine: Engine, asked: Filter) -> None:
    video = engine.library.catalog.video("050")
    everything = engine.similar(video, SearchOptions(top=N_VIDEOS))
    expected = [one for one in everything if one.video.id in FILTERS[asked]][:4]
    found = engine.similar(video, SearchOptions(top=4), asked)
    assert [(one.video.id, one.moments) for one in found] == [
        (one.video.id, one.moments) for one in expected
    ]
    assert [one.score for one in found] == pytest.approx([one.score for one in expected], abs=1e-6)


@pytest.mark.parametrize("asked", [one for one in FILTERS if one], ids=str)
def test_a_filter_alone_lists_all_that_pass(engine: Engine, asked: Filter) -> None:
    found = engine.search(Query((), asked), SearchOptions(top=N_VIDEOS))
    assert sorted(one.video.id for one in found) == FILTERS[asked]
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert {one.score for one in found} <= ({0.7} if asked.tags else {1.0})


def test_copies_and_artists_are_counted_among_those_that_pass(engine: Engine) -> None:
    query = Query((QueryPart("text", "river"),), Filter(title="song 05"))
    found = engine.search(query, SearchOptions(per_artist=2))
    assert [one.video.id for one in found] == [
        one.video.id for one in engine.search(query, SearchOptions(top=2))
    ]


def test_chance_has_as_many_tries_as_videos_pass(engine: Engine) -> None:
    """The best of sixty may be chance; of one, the same score is not."""
    everything = engine.search(Query((QueryPart("text", "river"),)), SearchOptions(top=N_VIDEOS))
    by_chance = [one for one in everything if one.is_weak]
    asked = Filter(title=by_chance[0].video.title)
    [alone] = engine.search(Query((QueryPart("text", "river"),), asked))
    assert not alone.is_weak
