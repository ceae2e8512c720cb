"""Vectors in PostgreSQL: as those of a folder, whole for every reader, and kept in order."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.library import Library
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.pgvector import placing, sweeping
from mvsearch.store.vectors.pgvector.store import PgvectorStore
from tests.limits import HANG_SECONDS
from tests.store.vectors.pgvector.made import (
    PICTURES,
    SPACES,
    add,
    list_placements,
    make_vectors,
    make_video,
    remove,
)

pytestmark = pytest.mark.postgres


def expect_alike(one: VectorIndex, other: VectorIndex, queries: Matrix, k: int) -> None:
    assert one.video_ids == other.video_ids
    found, expected = one.search(queries, k), other.search(queries, k)
    np.testing.assert_allclose(found.similarities, expected.similarities, atol=1e-3)
    np.testing.assert_array_equal(found.videos, expected.videos)
    np.testing.assert_array_equal(found.segments, expected.segments)
    scores = one.score_sets(queries, one.video_ids), other.score_sets(queries, one.video_ids)
    np.testing.assert_allclose(*scores, atol=1e-3)


@pytest.mark.parametrize("n_videos", [3, 40])
def test_it_answers_as_faiss_does(library: Library, tmp_path: Path, n_videos: int) -> None:
    """Also after videos came and went."""
    with Library.open(tmp_path / "folder", create=True) as folder:
        folder.catalog.adopt_profile("toy", SPACES)
        for opened in (library, folder):
            for seed in range(n_videos):
                add(opened, seed, 5 + seed % 4)
            opened.index(PICTURES)
            remove(opened, 1)
            add(opened, n_videos, 6)
        for space in SPACES:
            near, far = library.index(space), folder.index(space)
            assert near.is_remote
            queries = np.concatenate([make_vectors(space, seed, 2) for seed in (0, 2, 900)])
            np.testing.assert_allclose(near.place(queries), far.place(queries), atol=1e-5)
            expect_alike(near, far, near.place(queries), 12)


def test_what_is_equally_near_comes_by_video_and_segment(library: Library) -> None:
    """Also where only some of them are taken."""
    for seed in (7, 3, 9, 5):
        add(library, seed, 4, like=1)
    index = library.index(PICTURES)
    found = index.search(index.vectors("0003")[:1], 2)
    assert found.videos.tolist() == [[0, 1]]
    found = index.search(index.vectors("0003")[:1], 9)
    assert found.videos[0, :4].tolist() == [0, 1, 2, 3]
    assert found.segments[0].reshape(-1)[:4].tolist() == [0] * 4


def test_its_own_index_finds_nearly_all(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "MIN_LISTED", 2000)
    with library.writing():
        library.catalog.add_indexed([make_video(seed, 6) for seed in range(400)])
    index = library.index(PICTURES)
    assert not index.is_exact
    assert index.recall >= 0.97
    every = np.concatenate(index.read(index.video_ids))
    generator = np.random.default_rng(3)
    queries = every[::60] + 0.1 * generator.normal(size=every[::60].shape)
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    found = index.search(queries, 10)
    nearest = np.sort(queries @ every.T, axis=1)[:, -10:-9]
    assert np.mean(found.similarities >= nearest - 1e-3) >= 0.97
    # What comes later is found, too.
    add(library, 5000, 6)
    later = library.index(PICTURES)
    own = later.vectors("1388")
    assert later.video_ids[int(later.search(own[:1], 1).videos[0, 0])] == "1388"


def test_readers_see_whole_videos_while_two_programs_write(
    library: Library, postgres_address: str
) -> None:
    add(library, 999)
    done = threading.Event()

    def write(first: int) -> None:
        with Library.open(postgres_address) as own, own.writing():
            for seed in range(first, first + 24):
                add(own, seed, 7)
                if seed % 3 == 0:
                    remove(own, seed)

    def read(_: int) -> None:
        with Library.open(postgres_address) as own:
            while not done.is_set():
                with own.holding():
                    expect_whole(own.index(PICTURES))
                own.answer(lambda _: own.index(PICTURES), expect_whole)

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, at) for at in range(2)]
        try:
            list(pool.map(write, (0, 100), timeout=HANG_SECONDS))
        finally:
            done.set()
        for reader in readers:
            reader.result(HANG_SECONDS)
    left = {f"{seed:04x}" for first in (0, 100) for seed in range(first, first + 24) if seed % 3}
    assert set(library.index(PICTURES).video_ids) == left | {"03e7"}
    expect_whole(library.index(PICTURES))
    assert not PgvectorStore(library.database).compare(PICTURES, library.catalog)


def expect_whole(index: VectorIndex) -> None:
    """Every video has all its vectors, and a search of all finds exactly those."""
    counts = [len(vectors) for vectors in index.read(index.video_ids)]
    assert counts == [5 if name == "03e7" else 7 for name in index.video_ids]
    found = index.search(index.vectors("03e7")[:1], index.n)
    assert (found.videos >= 0).all()
    assert np.bincount(found.videos[0], minlength=len(counts)).tolist() == counts


def test_a_new_placement_leaves_older_readers_theirs(
    library: Library, postgres_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "GRACE_SECONDS", 0.0)
    for seed in range(6):
        add(library, seed)
    with library.writing():
        pass
    query = make_vectors(PICTURES, 2, 1)
    with Library.open(postgres_address) as other:
        before = library.index(PICTURES)
        with library.holding():
            held = library.index(PICTURES)
            assert held.n == 30
            add(other, 6)
            after = other.index(PICTURES)
            assert (after.placement == held.placement, after.n) == (False, 35)
            with other.writing():
                pass  # would drop what nobody reads
            assert held.search(held.place(query), 3).similarities[0, 0] > 0
            assert held.n == len(np.concatenate(held.read(held.video_ids)))
        with other.writing():
            pass
        assert list_placements(other)[after.placement]
        assert before.placement not in list_placements(other)
        assert library.index(PICTURES).placement == after.placement
