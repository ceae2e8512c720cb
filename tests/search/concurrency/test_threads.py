"""Threads that share one library, as those of a server do."""

import gc
import itertools
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_info

from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.scoring import null_distribution
from mvsearch.store.errors import LibraryClosedError
from mvsearch.store.library import Library
from mvsearch.store.vectors.index import VectorIndex
from tests.limits import HANG_SECONDS
from tests.search import readers
from tests.search.readers import GUEST, QUERIES, SONGS, make_engine, make_library, make_song


def list_blas_threads() -> list[int]:
    return [found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[set[readers.Answer]]:
    """The answers of every state, from libraries that nobody disturbs."""
    return readers.expect_states(tmp_path_factory.mktemp("states"))


@pytest.mark.robustness
@pytest.mark.parametrize("n_attempts", [0, 3])
def test_threads_beside_an_index_run_get_right_answers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected: list[set[readers.Answer]],
    n_attempts: int,
) -> None:
    monkeypatch.setattr("mvsearch.store.state_reader.N_ATTEMPTS", n_attempts)
    with make_library(tmp_path / "first", SONGS) as library:
        make_engine(library).search(QUERIES[0])  # loads what is asked about
    before = list_blas_threads()
    counted = readers.run_threads(tmp_path, 32, 2, expected)
    assert counted == {"right": 64, "videos": 13, "last": True}
    assert list_blas_threads() == before


@pytest.mark.slow
def test_threads_beside_an_index_run_get_right_answers_many_times(
    tmp_path: Path, expected: list[set[readers.Answer]]
) -> None:
    counted = readers.run_threads(tmp_path, 32, 50, expected)
    assert counted == {"right": 1600, "videos": 13, "last": True}


@pytest.mark.robustness
def test_closing_lets_threads_finish_and_refuses_what_comes_later(tmp_path: Path) -> None:
    make_library(tmp_path / "library", SONGS).close()
    library = readers.open_planted(tmp_path / "library")
    expected = [readers.answer(library, number) for number in range(readers.N_MIXED)]
    n_answered = itertools.count()
    are_many = threading.Event()

    def ask(first: int) -> str:
        """Ask until the library is closed."""
        for at in itertools.count(first):
            try:
                found = readers.answer(library, at % readers.N_MIXED)
            except LibraryClosedError as error:
                return str(error)
            assert found == expected[at % readers.N_MIXED]
            if next(n_answered) >= 20:
                are_many.set()
        raise AssertionError

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, first) for first in range(8)]
        assert are_many.wait(HANG_SECONDS)
        library.close()
        told = {each.result() for each in asking}
    assert len(told) == 1
    assert "was closed" in told.pop()


def test_more_threads_than_a_pool_of_connections_would_hold_read_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(40)

    def read(library: Library) -> int:
        with library.holding():
            n_videos = library.catalog.n_videos()
            together.wait()  # every one of them has a transaction open
            return n_videos

    with make_library(tmp_path / "library", SONGS) as library, ThreadPoolExecutor(40) as pool:
        assert set(pool.map(read, [library] * 40)) == {len(SONGS)}


def test_one_thread_measures_and_opens_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    measure, load = null_distribution._measure, Library._open

    def note_measured(*arguments: Any) -> Any:
        made.append(arguments[1].space.key)
        return measure(*arguments)

    def note_opened(library: Library, space: Any) -> Any:
        made.append(space)
        return load(library, space)

    monkeypatch.setattr(null_distribution, "_measure", note_measured)
    monkeypatch.setattr(Library, "_open", note_opened)
    with make_library(tmp_path / "library", SONGS) as library, ThreadPoolExecutor(8) as pool:
        engine = make_engine(library)
        together = threading.Barrier(8)

        def ask(_: int) -> None:
            together.wait()
            engine.search(QUERIES[0])

        list(pool.map(ask, range(8)))
    assert len(made) == 2
    assert len(set(made)) == 2


@pytest.mark.robustness
def test_a_process_that_answers_for_long_keeps_no_index_that_was_overtaken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: weakref.WeakSet[VectorIndex] = weakref.WeakSet()
    load = Library._open

    def note(library: Library, space: Any) -> VectorIndex:
        index = load(library, space)
        opened.add(index)
        return index

    monkeypatch.setattr(Library, "_open", note)
    like = Query((QueryPart("like", SONGS[0]),))
    with make_library(tmp_path / "library", SONGS) as library:
        engine = make_engine(library)
        for at in range(8):
            engine.search((like, *QUERIES)[at % 4])
            engine.similar(library.catalog.video(SONGS[1]))
            with library.writing():
                library.catalog.drop_locations([Path(f"/music/{GUEST}.mp4")])
            engine.search((like, *QUERIES)[at % 3])
            with library.writing():
                library.catalog.add_indexed([make_song(GUEST)])
        for query in (like, *QUERIES):
            engine.search(query)
        gc.collect()
        assert len(opened) == len({index.space.key for index in opened}) == 4
