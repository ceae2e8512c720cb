"""Rankings of a library in a folder and of its copy in PostgreSQL are the same."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.query.make_query import make_query
from mvsearch.search.results import Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.copying.copy import copy_library
from mvsearch.store.opening import parse_address
from mvsearch.store.vectors.pgvector.index import PgvectorIndex
from tests import toy_library
from tests.servers.postgres import shared_server

pytestmark = pytest.mark.postgres

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", ""))
N_REAL = 12
LINES = "[00:00.50]the engine of NAME is running\n[00:02.00]down the road to NAME\n"


@pytest.fixture(scope="module", params=["toy", "embedded"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of generated videos, or of real ones where they are at hand, and the videos."""
    place = tmp_path_factory.mktemp("ranked")
    if request.param == "toy":
        toy_library.make_indexed(place / "videos", place / "library")
        return place
    if "MVSEARCH_TEST_MEDIA" not in os.environ:
        pytest.skip("no real media in $MVSEARCH_TEST_MEDIA")
    (place / "videos").mkdir()
    for file in sorted((MEDIA / "videos").iterdir())[:N_REAL]:
        (place / "videos" / file.name).symlink_to(file.resolve())
        (place / "videos" / f"{file.stem}.lrc").write_text(LINES.replace("NAME", file.stem))
    with mvsearch.open(place / "library", profile=request.param) as library:
        library.index(place / "videos", lyrics="sidecar")
    return place


@pytest.fixture(scope="module")
def here(folder: Path) -> Iterator[mvsearch.VideoLibrary]:
    with mvsearch.open(folder / "library") as library:
        yield library


@pytest.fixture(scope="module", params=["whole", "by candidates"])
def there(
    request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[mvsearch.VideoLibrary]:
    """A copy, where the server compares all videos or finds candidates first."""
    address = shared_server().make_database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        copy_library(folder / "library", parse_address(address))
        if request.param == "by candidates":
            patch.setattr(PgvectorIndex, "is_scoring_cheaper", lambda *_: False)
        with mvsearch.open(address) as library:
            yield library


def describe(results: Any) -> list[tuple[Any, ...]]:
    return [_describe(one) for one in results]


def _describe(one: Result) -> tuple[Any, ...]:
    similarities = {m: c.similarity for m, c in one.contributions.items()}
    moments = [(m.modality, m.start_seconds, m.end_seconds, m.text) for m in one.moments]
    near = {m: pytest.approx(value, abs=1e-3) for m, value in similarities.items()}
    return one.video.id, near, one.is_weak, moments


def list_queries(library: mvsearch.VideoLibrary, folder: Path) -> Iterator[Callable[..., Any]]:
    """Searches by words, lines, pictures, clips and videos, with and without a filter."""
    videos = library.videos()
    for text in ("a bright pattern", "a river at night"):
        yield lambda one, text=text, **more: one.search(text, **more)
        yield lambda one, text=text, **more: one.search(make_query(lyric=text), **more)
    for video in videos[:2]:
        if video.has_picture:
            picture = make_query(image=library.frame(video.id, 1.0).image)
            yield lambda one, picture=picture, **more: one.search(picture, **more)
        like = make_query(like=video.id)
        yield lambda one, like=like, **more: one.search(like, **more)
        clip = make_query(clip=mvsearch.Clip(video.path, 0.5, 3.0))
        yield lambda one, clip=clip, **more: one.search(clip, **more)


def test_searches(here: Any, there: Any, folder: Path) -> None:
    some = Filter(title=here.videos()[0].title[:3])
    n = 0
    for ask in list_queries(here, folder):
        for more in ({}, {"top": 2, "filter": some, "fusion": "rrf"}):
            expected, found = (ask(one, **more).results for one in (here, there))
            assert describe(found) == describe(expected)
            n += 1
    assert n >= 16


def test_similar_videos(here: Any, there: Any) -> None:
    for video in here.videos():
        expected, found = (one.similar(video.id) for one in (here, there))
        assert describe(found) == describe(expected)


def test_versions(here: Any, there: Any) -> None:
    expected, found = (one.versions().to_dict() for one in (here, there))
    assert found["compared"] == expected["compared"]
    assert [r["kind"] for r in found["relations"]] == [r["kind"] for r in expected["relations"]]


def test_evaluations(here: Any, there: Any) -> None:
    sample = SampleOptions(2, (2.0,), ("none",), ("clip", "image", "lyric", "similar"))
    expected, found = (one.evaluate(sample, workers=1)[0].outcomes for one in (here, there))
    assert [_judge(one) for one in found] == [_judge(one) for one in expected]


def _judge(outcome: Any) -> tuple[Any, ...]:
    return outcome.kind, outcome.system, outcome.relevant_ranks, outcome.n_videos
