"""Readers of older states beside newer files: a generation never goes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.library import Library
from mvsearch.store.records import Space
from mvsearch.store.state_reader import N_ATTEMPTS
from mvsearch.store.vectors.exact import row_file
from mvsearch.store.vectors.exact.centering import place_vectors
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.space_files import SpaceFiles
from tests.store.examples import FRAMES, LINES, SPACES, fill_song

OLD = ("0000", "0001", "0002", "0003", "0004", "0005")
NEW = "00ff"


@pytest.fixture(params=["small", "settled"])
def library(
    request: pytest.FixtureRequest, library: Library, monkeypatch: pytest.MonkeyPatch
) -> Library:
    """Six videos, so few that the centre follows each, or so many that it may stay."""
    if request.param == "settled":
        monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 4)
    for seed, name in enumerate(OLD):
        fill_song(library.catalog, name, seed=10 * seed)
    for space in SPACES:
        library.index(space)
    return library


@pytest.fixture
def older(library: Library) -> Iterator[Library]:
    """A second opening, which sees the library as it is before anything else is done."""
    with Library.open(library.folder) as opened, opened.holding():
        assert len(opened.catalog.videos()) == len(OLD)
        yield opened


def add(library: Library) -> None:
    with library.writing():
        fill_song(library.catalog, NEW, seed=500)


def remove(library: Library) -> None:
    with library.writing():
        library.catalog.drop_locations([Path("/music/0003.mp4")])


def list_files(library: Library) -> dict[str, tuple[int, bytes]]:
    """Every file of the indexes, its inode and content."""
    folder = library.folder / "vectors"
    return {file.name: (file.stat().st_ino, file.read_bytes()) for file in folder.iterdir()}


def expect_vectors(index: VectorIndex, library: Library) -> None:
    """An index holds what its thread sees in the catalogue, and nothing else."""
    found = {v: made.vectors for v, made in library.catalog.iter_embeddings(index.space.key)}
    assert index.video_ids == tuple(sorted(found))
    for video_id, vectors in found.items():
        placed = place_vectors(vectors, index.centre)
        np.testing.assert_allclose(index.vectors(video_id), placed, atol=2e-3)


@pytest.mark.parametrize("change", [add, remove])
@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.key)
def test_an_older_reader_answers_from_its_own_state_and_touches_no_file(
    library: Library, older: Library, change: Callable[[Library], None], space: Space
) -> None:
    change(library)
    newest = library.index(space)
    library.keep_measured(newest, "levels1", {"a": np.arange(3.0)})
    before = list_files(library)
    own = older.index(space)
    assert own.video_ids == OLD
    expect_vectors(own, older)
    assert own is older.index(space)
    older.keep_measured(own, "levels1", {"a": np.zeros(3)})
    assert list_files(library) == before
    assert library.index(space) is newest
    expect_vectors(newest, library)
    with Library.open(library.folder) as third:
        expect_vectors(third.index(space), third)
        measured = third.measured(third.index(space), "levels1")
        assert measured is not None
        assert measured["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("change", [add, remove])
def test_files_that_no_newer_reader_has_brought_up_are_not_taken_for_the_older_state(
    library: Library, older: Library, change: Callable[[Library], None]
) -> None:
    change(library)
    for space in SPACES:
        own = older.index(space)
        assert own.video_ids == OLD
        expect_vectors(own, older)
    for space in SPACES:
        expect_vectors(library.index(space), library)


def test_what_is_left_after_a_removal_is_the_new_state_at_once(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvsearch.store.vectors.update.MAX_DEAD", 0.5)
    remove(library)
    head = SpaceFiles(library.folder / "vectors", LINES).read_head()
    assert head is not None
    assert head.generation == library.catalog.generation(LINES.key)
    with library.writing():
        fill_song(library.catalog, NEW, seed=500)
        library.catalog.drop_locations([Path("/music/0004.mp4")])
    head = SpaceFiles(library.folder / "vectors", LINES).read_head()
    assert head is not None
    assert head.generation not in (0, library.catalog.generation(LINES.key))  # lacks one
    assert "0004" not in head.table.known()
    expect_vectors(library.index(LINES), library)


def test_after_an_older_reader_lets_go_it_sees_the_newest(library: Library) -> None:
    with Library.open(library.folder) as other:
        with other.holding():
            other.catalog.videos()
            add(library)
            assert other.index(FRAMES).video_ids == OLD
        assert other.index(FRAMES).video_ids == (*OLD, NEW)
        assert other.index(FRAMES) is other.index(FRAMES)


def test_a_question_is_asked_again_when_the_library_changed_before_it(library: Library) -> None:
    times: list[bool] = []

    def prepare(is_first: bool) -> int:
        times.append(is_first)
        library.index(FRAMES)
        if is_first:
            with Library.open(library.folder) as other:
                add(other)
        return len(times)

    def ask(prepared: int) -> tuple[int, tuple[str, ...]]:
        return prepared, library.index(FRAMES).video_ids

    assert library.answer(prepare, ask) == (2, (*OLD, NEW))
    assert times == [True, False]


def test_a_question_is_answered_however_often_the_library_changes(library: Library) -> None:
    n_prepared = 0

    def prepare(_: bool) -> None:
        nonlocal n_prepared
        n_prepared += 1
        if n_prepared <= N_ATTEMPTS:
            with Library.open(library.folder) as other:
                fill_song(other.catalog, f"{n_prepared:04x}new", seed=700 + n_prepared)

    found = library.answer(prepare, lambda _: library.index(FRAMES).video_ids)
    assert n_prepared == N_ATTEMPTS + 1
    assert len(found) == len(OLD) + N_ATTEMPTS == library.catalog.n_videos()


def test_an_answer_from_rows_that_were_erased_meanwhile_is_not_given(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_file, "MAX_CHECKED_BYTES", 0)  # so that all files are mapped
    with Library.open(library.folder) as reader:
        seen: list[float] = []

        def ask(_: None) -> float:
            index = reader.index(LINES)
            if not seen:
                with library.writing():
                    library.catalog.drop_locations([Path("/music/0003.mp4")])
            seen.append(float(np.abs(index.vectors("0003")).sum()))
            return seen[-1]

        assert reader.answer(lambda _: reader.index(LINES) and None, ask) == 0
    assert seen == [0, 0]  # erased under the first, unknown to the second
