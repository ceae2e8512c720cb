"""Copies under the best of them, few of each artist, and as many as were asked for."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.output.report import print_results
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.versions.dedupe import CopyTest, KnownCopies, RankedVideo, collapse_ranking
from mvsearch.search.versions.find import open_comparison
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Segment, Space, Video


def make(name: str, artist: str | None = None) -> Video:
    return Video(name, Path(f"/m/{name}.mp4"), name, artist, 60.0)


def same_letter(one: Video, other: Video) -> bool:
    return one.id[0] == other.id[0]


def describe(videos: list[RankedVideo]) -> list[tuple[int, str, list[str]]]:
    return [(one.position, one.video.id, [copy.id for copy in one.copies]) for one in videos]


def test_copies_come_under_the_best_and_the_next_moves_up() -> None:
    ranking = [make(name) for name in ("a1", "b1", "a2", "c1", "b2", "d1")]
    assert describe(collapse_ranking(ranking, 3, same_letter)) == [
        (0, "a1", ["a2"]), (1, "b1", []), (3, "c1", []),
    ]  # fmt: skip
    assert describe(collapse_ranking(ranking, 9, same_letter)) == [
        (0, "a1", ["a2"]), (1, "b1", ["b2"]), (3, "c1", []), (5, "d1", []),
    ]  # fmt: skip
    assert len(collapse_ranking(ranking, 9)) == 6


def test_one_artist_is_capped_however_it_is_spelled_and_nobody_is_not() -> None:
    artists = ["Björk", "BJORK", None, "Air", "björk ", "", None]
    ranking = [make(f"{at}", artist) for at, artist in enumerate(artists)]
    assert [one.position for one in collapse_ranking(ranking, 9, per_artist=1)] == [0, 2, 3, 5, 6]
    assert [one.position for one in collapse_ranking(ranking, 9, per_artist=2)] == [
        0,
        1,
        2,
        3,
        5,
        6,
    ]


def test_a_copy_does_not_count_for_its_artist() -> None:
    ranking = [make(name, "Air") for name in ("a1", "a2", "b1", "c1")]
    assert describe(collapse_ranking(ranking, 9, same_letter, per_artist=2)) == [
        (0, "a1", ["a2"]), (2, "b1", []),
    ]  # fmt: skip


def test_no_more_is_read_than_needed() -> None:
    def walk() -> Iterator[Video]:
        yield make("a")
        yield make("b")
        raise AssertionError("read too far")

    assert len(collapse_ranking(walk(), 2)) == 2


@pytest.fixture(scope="module")
def library(plant: Callable[..., Library]) -> Library:
    spaces = (Space("frames", "wide-frames", "1", 96), Space("audio", "wide-audio", "1", 80))
    rng = np.random.default_rng(102)

    def show(n: int, dim: int) -> np.ndarray:
        return np.cumsum(rng.normal(size=(n, dim)), axis=0)

    def spoil(vectors: np.ndarray) -> np.ndarray:
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors + 0.3 * lengths * rng.normal(size=vectors.shape) / 10)

    def fill(picture: np.ndarray, heard: np.ndarray | None) -> dict[Space, Any]:
        frames = [Segment(i / 2, i / 2 + 0.5) for i in range(len(picture))]
        held: dict[Space, Any] = {spaces[0]: (picture, frames)}
        if heard is not None:
            windows = [Segment(i * 1.25, i * 1.25 + 5) for i in range(len(heard))]
            held[spaces[1]] = (heard, windows)
        return held

    picture, heard = show(120, 96), show(45, 80)
    content = {
        "original": fill(picture, heard),
        "copy": fill(spoil(picture), spoil(heard)),
        "silent": fill(spoil(picture), None),
        "dub": fill(spoil(picture), show(45, 80)),
        "lyricvideo": fill(show(120, 96), spoil(heard)),
        "excerpt": fill(spoil(picture[:70]), spoil(heard[:25])),
        "stranger": fill(show(120, 96), show(45, 80)),
    }
    return plant(content, spaces)


@pytest.mark.parametrize(
    ("name", "is_same"),
    [("copy", True), ("silent", False), ("dub", False), ("lyricvideo", False), ("excerpt", False),
     ("stranger", False)],
)  # fmt: skip
def test_a_copy_has_the_same_picture_and_the_same_sound(
    library: Library, name: str, is_same: bool
) -> None:
    test = CopyTest(open_comparison(library))
    original, other = library.catalog.video("original"), library.catalog.video(name)
    assert test(original, other) is is_same
    assert test(other, original) is is_same


def test_videos_of_other_lengths_are_not_compared(library: Library) -> None:
    class Refuse:
        def relate(self, *_: object) -> None:
            raise AssertionError("compared")

    long = Video("long", Path("/m/long"), "long", None, 90.0)
    assert not CopyTest(Refuse())(library.catalog.video("copy"), long)  # type: ignore[arg-type]


@pytest.fixture
def engine(library: Library, planted_encoders: Any) -> Engine:
    return Engine(library, planted_encoders())


def ask(engine: Engine, way: str, **options: Any) -> list[Any]:
    shape = SearchOptions(fusion="weighted", **options)
    if way == "similar":
        return engine.similar(engine.library.catalog.video("excerpt"), shape)
    return engine.search(Query((QueryPart("like", "excerpt"),)), shape)


@pytest.mark.parametrize("way", ["search", "similar"])
def test_copies_are_named_and_as_many_results_are_left(engine: Engine, way: str) -> None:
    plain = ask(engine, way, top=9)
    assert len(plain) == 6
    assert all(result.copies == () for result in plain)
    found = ask(engine, way, top=5, has_collapse=True)
    assert [result.rank for result in found] == [1, 2, 3, 4, 5]
    same = {"original", "copy"}
    best = next(result for result in found if result.video.id in same)
    assert {best.video.id, *(copy.id for copy in best.copies)} == same
    shown = [result.video.id for result in found]
    assert shown == [r.video.id for r in plain if r.video.id not in {c.id for c in best.copies}]
    assert best.score == max(r.score for r in plain if r.video.id in same)


@pytest.mark.parametrize("way", ["search", "similar"])
def test_one_artist_is_capped(engine: Engine, way: str) -> None:
    assert len(ask(engine, way, per_artist=2)) == 2
    with pytest.raises(QueryError):
        SearchOptions(per_artist=0)


def test_copies_are_shown_in_the_table_and_in_json(engine: Engine) -> None:
    found = ask(engine, "similar", has_collapse=True)
    best = next(result for result in found if result.copies)
    assert [one["id"] for one in best.to_dict()["copies"]] == [c.id for c in best.copies]
    page = io.StringIO()
    print_results(found, Console(file=page, width=150))
    for copy in best.copies:
        assert f"= {copy.path.name}" in page.getvalue()


def test_known_pairs_are_kept_until_an_index_changes() -> None:
    class Index:
        pass

    frames, audio, known = Index(), Index(), KnownCopies()
    found = known.find([frames, audio])  # type: ignore[list-item]
    found["a", "b"] = True
    assert known.find([frames, audio]) is found  # type: ignore[list-item]
    assert known.find([frames, Index()]) == {}  # type: ignore[list-item]
    assert known.find([frames, audio]) == {}  # type: ignore[list-item]
