"""The index against brute force in numpy."""

import numpy as np
import pytest

from store.errors import LibraryDamagedError
from store.reading import StoredVectors
from store.records import Matrix, Space
from store.vectors import SpaceIndex, find_centre, place_vectors
from tests.store.examples import random_units

SPACE = Space("frames", "seer", "1", 32)
SIZES = {"a": 40, "b": 1, "c": 0, "d": 300}


@pytest.fixture(scope="module")
def raw() -> dict[str, Matrix]:
    return {name: random_units(n, SPACE.dim, seed=n) for name, n in SIZES.items()}


def store(raw: dict[str, Matrix]) -> list[StoredVectors]:
    return [
        StoredVectors(
            name,
            vectors.astype(np.float16),
            np.arange(len(vectors)) / 2.0,
            np.arange(len(vectors)) / 2.0 + 0.5,
        )
        for name, vectors in raw.items()
    ]


@pytest.fixture(scope="module")
def index(raw: dict[str, Matrix]) -> SpaceIndex:
    return SpaceIndex.build(SPACE, store(raw))


@pytest.fixture(scope="module")
def placed(raw: dict[str, Matrix]) -> Matrix:
    """What the index should hold, worked out in float64."""
    filled = [vectors.astype(np.float64) for vectors in raw.values() if len(vectors)]
    centre = np.mean([vectors.mean(axis=0) for vectors in filled], axis=0) * 3 / 13
    moved = np.concatenate(filled) - centre
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)


def test_rows_follow_the_videos(index: SpaceIndex) -> None:
    assert index.video_ids == ("a", "b", "d")
    assert index.n == 341
    assert index.offsets.tolist() == [0, 40, 41, 341]
    assert index.rows("d") == slice(41, 341)
    assert index.rows("c") == index.rows("unknown") == slice(0, 0)
    assert index.starts[[0, 39, 40, 41, 340]].tolist() == [0, 19.5, 0, 0, 149.5]
    np.testing.assert_array_equal(index.ends - index.starts, 0.5)
    assert index.video_of(np.array([0, 39, 40, 41, 340, -1])).tolist() == [0, 0, 1, 2, 2, -1]


def test_vectors_come_back_placed(index: SpaceIndex, placed: Matrix) -> None:
    for name in index.video_ids:
        vectors = index.vectors(name)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, placed[index.rows(name)], atol=2e-3)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert index.vectors("c").shape == index.vectors("unknown").shape == (0, 32)


@pytest.mark.parametrize("video_ids", [None, ["b", "d"], {"a"}, ["b", "unknown"], []])
def test_a_search_is_exact(index: SpaceIndex, placed: Matrix, video_ids: list[str] | None) -> None:
    queries = index.place(random_units(7, SPACE.dim, seed=99))
    similarities, rows = index.search(queries, 10, video_ids)
    truth = queries.astype(np.float64) @ placed.astype(np.float64).T
    if video_ids is not None:
        allowed = np.isin(np.array(["a"] * 40 + ["b"] + ["d"] * 300), list(video_ids))
        truth[:, ~allowed] = -np.inf
    best = -np.sort(-truth, axis=1)[:, :10]
    assert similarities.shape == rows.shape == (7, 10)
    assert (similarities.dtype, rows.dtype) == (np.float32, np.int64)
    np.testing.assert_allclose(similarities, best, atol=2e-3)
    np.testing.assert_array_equal(rows < 0, best == -np.inf)
    found = np.take_along_axis(truth, rows, axis=1)
    np.testing.assert_allclose(found[rows >= 0], similarities[rows >= 0], atol=2e-3)
    for row in rows:
        assert len(set(row[row >= 0])) == (row >= 0).sum()


def test_more_than_there_is_comes_with_empty_places(index: SpaceIndex) -> None:
    queries = index.place(random_units(2, SPACE.dim, seed=5))
    similarities, rows = index.search(queries, 400)
    assert sorted(rows[0][:341]) == list(range(341))
    assert (rows[:, 341:] == -1).all()
    assert np.isneginf(similarities[:, 341:]).all()


def test_a_vector_finds_itself(index: SpaceIndex, raw: dict[str, Matrix]) -> None:
    similarities, rows = index.search(index.place(raw["d"][250:260]), 1)
    assert rows[:, 0].tolist() == list(range(41 + 250, 41 + 260))
    np.testing.assert_allclose(similarities, 1, atol=2e-3)


def test_an_empty_index_finds_nothing() -> None:
    empty = SpaceIndex.build(SPACE, [])
    queries = empty.place(random_units(3, SPACE.dim, seed=1))
    np.testing.assert_allclose(queries, random_units(3, SPACE.dim, seed=1), atol=1e-6)
    similarities, rows = empty.search(queries, 4)
    assert np.isneginf(similarities).all()
    assert (rows == -1).all()
    assert empty.n == 0
    assert empty.video_ids == ()
    assert empty.search(queries[:0], 4)[1].shape == (0, 4)
    assert empty.video_of(rows[0]).tolist() == [-1] * 4


def test_a_centre_counts_each_video_once_and_is_shrunk() -> None:
    means = np.array([[1, 0], [0, 1]], dtype=np.float32)
    plain = Space("audio", "hearer", "1", 2)
    np.testing.assert_allclose(find_centre(plain, means), [1 / 12, 1 / 12], rtol=1e-6)
    np.testing.assert_allclose(find_centre(plain, means[:1]), [1 / 11, 0], rtol=1e-6)
    for space in (Space("lyrics", "reader", "1", 2), Space("frames", "seer", "1", 2, "words")):
        np.testing.assert_array_equal(find_centre(space, means), [0, 0])
    np.testing.assert_array_equal(find_centre(plain, means[:0]), [0, 0])


def test_a_vector_at_the_centre_stays_as_it_is() -> None:
    unit = np.array([[0.6, 0.8], [1.0, 0.0]], dtype=np.float32)
    placed = place_vectors(unit, unit[0])
    np.testing.assert_array_equal(placed[0], unit[0])
    np.testing.assert_allclose(placed[1], [0.4 / 0.8**0.5, -0.8 / 0.8**0.5], rtol=1e-6)


def test_an_index_comes_back_from_bytes(index: SpaceIndex) -> None:
    back = SpaceIndex.from_bytes(SPACE, index.to_bytes(), index.to_arrays())
    queries = index.place(random_units(3, SPACE.dim, seed=8))
    for ours, theirs in zip(index.search(queries, 5), back.search(queries, 5), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert back.video_ids == index.video_ids


def test_parts_that_do_not_belong_together_are_refused(index: SpaceIndex) -> None:
    arrays = index.to_arrays()
    with pytest.raises(LibraryDamagedError, match="FAISS cannot read"):
        SpaceIndex.from_bytes(SPACE, index.to_bytes()[:500], arrays)
    for name, other in [("starts", arrays["starts"][1:]), ("centre", arrays["centre"][1:])]:
        with pytest.raises(LibraryDamagedError, match="does not fit together"):
            SpaceIndex.from_bytes(SPACE, index.to_bytes(), arrays | {name: other})
    with pytest.raises(LibraryDamagedError, match="does not fit together"):
        SpaceIndex.from_bytes(Space("frames", "seer", "1", 31), index.to_bytes(), arrays)
