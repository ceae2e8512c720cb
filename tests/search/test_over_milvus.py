"""The engine over a library in PostgreSQL and Milvus: what it answers is what FAISS answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.options import SearchOptions
from mvsearch.search.scoring import null_distribution
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.copying.copy import copy_library
from mvsearch.store.library import Library
from mvsearch.store.vectors.milvus.collection import MilvusCollection
from mvsearch.store.vectors.milvus.index import MilvusIndex
from mvsearch.store.vectors.remote import remote_index
from tests import toy_library
from tests.search.test_on_server import IDS, QUERIES, content, few, here, table
from tests.servers.milvus import obtain_server
from tests.servers.postgres import shared_server

__all__ = ["content", "few", "here", "table"]

pytestmark = pytest.mark.milvus

TOP = SearchOptions(top=5)


@pytest.fixture(scope="module")
def there(
    here: Engine,
    planted_encoders: Any,
    table: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engine]:
    """An engine of a copy of the same library."""
    address = shared_server().make_database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        copy_library(here.library.folder, address, obtain_server().address)
        with Library.open(address) as library:
            engine = Engine(library, planted_encoders(table))
            null_distribution.measure_distributions(library, engine.encoders)
            yield engine


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much was searched in Milvus, for each search."""
    ks: list[int] = []
    whole = MilvusCollection.search

    def search(self: MilvusCollection, queries: Any, k: int, chosen: str = "") -> Any:
        ks.append(k)
        return whole(self, queries, k, chosen)

    monkeypatch.setattr(MilvusCollection, "search", search)
    return ks


def describe(results: Any) -> list[Any]:
    return [
        (
            one.video.id,
            pytest.approx(one.score, abs=1e-3, rel=1e-3),
            {m: pytest.approx(c.similarity, abs=1e-3) for m, c in one.contributions.items()},
            [(moment.start_seconds, moment.end_seconds) for moment in one.moments],
        )
        for one in results
    ]


def tell(results: Any) -> list[Any]:
    return [
        (
            one.video.id,
            one.score,
            {m: c.similarity for m, c in one.contributions.items()},
            [(moment.start_seconds, moment.end_seconds) for moment in one.moments],
        )
        for one in results
    ]


@pytest.mark.parametrize("name", QUERIES)
def test_a_small_library_is_compared_whole(here: Engine, there: Engine, name: str) -> None:
    index = there.library.index(there.library.catalog.spaces()[0])
    assert isinstance(index, MilvusIndex)
    expected = here.search(QUERIES[name], TOP)
    assert tell(there.search(QUERIES[name], TOP)) == describe(expected)


@pytest.mark.parametrize("asked_for", [Filter(), Filter(tags=("seashore",))], ids=["all", "some"])
def test_similar_videos_are_the_same(here: Engine, there: Engine, asked_for: Filter) -> None:
    video = here.library.catalog.find_video(IDS[0])
    expected = here.similar(video, TOP, asked_for)
    assert tell(there.similar(video, TOP, asked_for)) == describe(expected)


def test_toy_clips_are_searched_and_evaluated_alike(tmp_path: Path, postgres_address: str) -> None:
    """Decoded and encoded pictures, sounds and lyrics, over both."""
    folder = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    mvsearch.copy_library(folder, postgres_address, vectors=obtain_server().address)
    with mvsearch.open(folder) as one, mvsearch.open(postgres_address) as other:
        assert other.status()["vectors"] == obtain_server().address
        for video in one.videos():
            expected = one.similar(video.id)
            assert tell(other.similar(video.id)) == describe(expected)
        clip = next((tmp_path / "videos").glob("Ada*.mp4"))
        for query in ({"clip": clip}, {"lyric": "take me home"}, {"text": "moth"}):
            expected = one.search(**query)
            assert tell(other.search(**query)) == describe(expected)
        versions = [[group.to_dict() for group in each.versions().groups] for each in (one, other)]
        assert versions[0] == versions[1]
        sample = SampleOptions(n_clips=2, distortions=("none",), kinds=("clip", "similar"))
        evaluations = [library.evaluate(sample, workers=1) for library in (one, other)]
        assert evaluations[0][0].outcomes
        ranks = [
            [(o.query, o.system, o.relevant_ranks, o.source_rank) for o in each[0].outcomes]
            for each in evaluations
        ]
        assert ranks[0] == ranks[1]


@pytest.fixture
def large(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a hundred vectors are too many to compare all of them."""
    monkeypatch.setattr(remote_index, "MAX_COMPARED", 100)


@pytest.mark.parametrize("name", QUERIES)
def test_candidates_of_a_large_library_come_from_milvus(
    here: Engine, there: Engine, large: None, asked: list[int], name: str
) -> None:
    expected = here.search(QUERIES[name], SearchOptions(top=3))
    found = there.search(QUERIES[name], SearchOptions(top=3))
    assert [one.video.id for one in found] == [one.video.id for one in expected]
    assert asked
