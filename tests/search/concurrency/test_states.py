"""A search beside a writer: every answer is that of one state, and none takes a newer one away."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Segment
from mvsearch.store.vectors.exact import row_file
from tests.search import readers
from tests.search.conftest import FRAMES
from tests.search.readers import GUEST, QUERIES, SONGS, describe, make_engine, make_library


@pytest.fixture(scope="module", params=["small", "settled"], autouse=True)
def size(request: pytest.FixtureRequest) -> Iterator[None]:
    """As a small library, and as one whose centre may stay and whose files are mapped."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "settled":
            patch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 2)
            patch.setattr("mvsearch.store.vectors.exact.centering.MAX_DRIFT", 0.5)
            patch.setattr("mvsearch.store.vectors.update.MAX_DEAD", 0.5)
            patch.setattr(row_file, "MAX_CHECKED_BYTES", 0)
        yield


@pytest.fixture(scope="module")
def expected(size: None, tmp_path_factory: pytest.TempPathFactory) -> list[set[readers.Answer]]:
    """The answers of the two states, for each query."""
    return readers.expect_answers(tmp_path_factory.mktemp("expected"))


def show_guest(before: Callable[[], object] = lambda: None) -> Any:
    """Reads a picture as a frame of the guest; does something else before."""

    def analyse(*_: object) -> list[Embeddings]:
        before()
        (made,) = [e for e in readers.make_song(GUEST).embeddings if e.space == FRAMES]
        return [Embeddings(FRAMES, (Segment(0.0, 0.0),), made.vectors[:1])]

    return analyse


def test_a_query_that_began_before_an_index_run_takes_nothing_away(tmp_path: Path) -> None:
    picture = tmp_path / "still.png"
    picture.write_bytes(b"x")
    asked = Query((QueryPart("image", str(picture)),))
    folder = tmp_path / "library"
    others = [song for song in SONGS if song != GUEST]

    def find(engine: Engine) -> tuple[str, bool]:
        best = engine.search(asked, SearchOptions(top=1))[0]
        return best.video.id, best.contributions["frames"].similarity > 0.99

    with (
        make_library(folder, others) as library,
        Library.open(folder) as b,
        Library.open(folder) as a,
    ):
        server = Engine(b, make_engine(b).encoders, show_guest())
        assert find(server)[0] != GUEST
        seen: list[tuple[str, bool]] = []

        def index() -> None:
            with library.writing():
                library.catalog.add_indexed([readers.make_song(GUEST)])
            seen.append(find(server))

        slow = Engine(a, make_engine(a).encoders, show_guest(index))
        assert find(slow) == (GUEST, True)  # encoded first, answered from what there is then
        assert seen == [(GUEST, True)]
        assert find(server) == (GUEST, True)
        with Library.open(folder) as c:
            assert find(Engine(c, make_engine(c).encoders, show_guest())) == (GUEST, True)


def test_no_transaction_is_open_while_a_file_is_read(tmp_path: Path) -> None:
    picture = tmp_path / "still.png"
    picture.write_bytes(b"x")
    with make_library(tmp_path / "library", SONGS) as library:
        checks: list[bool] = []
        look = show_guest(lambda: checks.append(library.catalog.is_holding))
        engine = Engine(library, make_engine(library).encoders, look)
        engine.search(Query((QueryPart("image", str(picture)),)))
    assert checks == [False]


def test_a_video_with_lyrics_leaves_between_two_steps_of_a_search(
    tmp_path: Path, expected: list[set[readers.Answer]]
) -> None:
    with make_library(tmp_path / "l", SONGS) as writer, Library.open(tmp_path / "l") as reader:
        describe(make_engine(writer), QUERIES[0])  # the files are current
        with reader.holding():
            reader.index(FRAMES)
            with writer.writing():
                writer.catalog.drop_locations([Path(f"/music/{GUEST}.mp4")])
            held = describe(make_engine(reader), QUERIES[0])
        after = describe(make_engine(reader), QUERIES[0])
    assert GUEST in {video_id for video_id, *_ in held}
    assert GUEST not in {video_id for video_id, *_ in after}
    assert {len(held), len(after)} == {len(answer) for answer in expected[0]}


@pytest.mark.robustness
def test_readers_beside_a_writer_see_one_state_each(
    tmp_path: Path, request: pytest.FixtureRequest, expected: list[set[readers.Answer]]
) -> None:
    folder = tmp_path / "shared"
    is_over = threading.Event()
    with make_library(folder, SONGS) as library, ThreadPoolExecutor(5) as pool:
        writer = pool.submit(readers.write, library, is_over)
        reading = [pool.submit(readers.read, folder, 12) for _ in range(4)]
        try:
            answers = [found for future in reading for found in future.result()]
        finally:
            is_over.set()
        assert writer.result() > 0
    assert len(answers) == 48
    if "settled" in request.node.name:  # scores depend on the centre, which may be an older one
        ids = [{frozenset(v for v, *_ in answer) for answer in known} for known in expected]
        assert all(frozenset(v for v, *_ in found) in ids[at] for at, found in answers)
    else:
        assert all(found in expected[at] for at, found in answers)
