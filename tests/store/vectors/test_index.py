"""The index against brute force in numpy."""

import numpy as np
import pytest

import mvsearch.store.vectors.index
from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.centering import find_centre, is_settled, place_vectors
from mvsearch.store.vectors.index import SpaceIndex
from mvsearch.store.vectors.row_table import RowTable
from tests.store.examples import make_index, random_units

SPACE = Space("frames", "seer", "1", 32)
SIZES = {"a": 40, "b": 1, "c": 0, "d": 300}


@pytest.fixture(scope="module")
def raw() -> dict[str, Matrix]:
    return {name: random_units(n, SPACE.dim, seed=n) for name, n in SIZES.items()}


@pytest.fixture(scope="module")
def index(raw: dict[str, Matrix]) -> SpaceIndex:
    return make_index(SPACE, raw)


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
    assert index.n_rows == 341
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


@pytest.mark.parametrize("block_values", [1, 32 * 7, 32 * 64, 1 << 20])
@pytest.mark.parametrize("names", ["abd", "db", "da", ""])
def test_rows_are_read_in_blocks_whatever_their_size(
    index: SpaceIndex, monkeypatch: pytest.MonkeyPatch, names: str, block_values: int
) -> None:
    monkeypatch.setattr(mvsearch.store.vectors.index, "BLOCK_VALUES", block_values)
    spans = [(index.rows(name).start, index.rows(name).stop) for name in names]
    blocks = [rows / lengths[:, None] for rows, lengths in index.iter_rows(spans)]
    assert all(block.size <= max(block_values, SPACE.dim) for block in blocks)
    read = np.concatenate([np.zeros((0, SPACE.dim)), *blocks])
    expected = np.concatenate([np.zeros((0, SPACE.dim)), *map(index.vectors, names)])
    np.testing.assert_allclose(read, expected, atol=1e-6)


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
    empty = make_index(SPACE, {})
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
    raw = {"a": np.array([[1, 0]] * 3, dtype=np.float32), "b": np.array([[0, 1]], dtype=np.float32)}
    plain = Space("audio", "hearer", "1", 2)
    np.testing.assert_allclose(make_index(plain, raw).centre, [1 / 12, 1 / 12], rtol=1e-6)
    raw["b"] = raw["b"][:0]
    np.testing.assert_allclose(make_index(plain, raw).centre, [1 / 11, 0], rtol=1e-6)
    mean = np.array([0.5, 0.5], dtype=np.float32)
    for space in (Space("lyrics", "reader", "1", 2), Space("frames", "seer", "1", 2, "words")):
        np.testing.assert_array_equal(find_centre(space, mean, 5), [0, 0])
    np.testing.assert_array_equal(find_centre(plain, mean, 0), [0, 0])


def test_a_centre_stays_only_in_a_large_library_that_changes_little() -> None:
    plain, words = Space("audio", "hearer", "1", 2), Space("lyrics", "reader", "1", 2)
    assert [is_settled(plain, 2000, n) for n in (1499, 1500, 2500, 2501)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not is_settled(plain, 999, 1000)
    assert not is_settled(plain, 1000, 999)
    assert is_settled(words, 1, 10_000)


def test_a_vector_at_the_centre_stays_as_it_is() -> None:
    unit = np.array([[0.6, 0.8], [1.0, 0.0]], dtype=np.float32)
    placed = place_vectors(unit, unit[0])
    np.testing.assert_array_equal(placed[0], unit[0])
    np.testing.assert_allclose(placed[1], [0.4 / 0.8**0.5, -0.8 / 0.8**0.5], rtol=1e-6)


def test_what_is_left_out_is_not_found(index: SpaceIndex, placed: Matrix) -> None:
    queries = index.place(random_units(4, SPACE.dim, seed=6))
    similarities, rows = index.search(queries, 5, left_out=["d", "unknown"])
    np.testing.assert_array_equal(rows, index.search(queries, 5, ["a", "b"])[1])
    truth = queries @ placed[:41].T
    np.testing.assert_allclose(similarities, -np.sort(-truth, axis=1)[:, :5], atol=2e-3)
    assert (index.search(queries, 5, ["d"], left_out=["d"])[1] == -1).all()


def test_parts_that_do_not_belong_together_are_refused(index: SpaceIndex) -> None:
    table = RowTable().extended([("a", 3, 1)])
    rows, times = np.zeros(4096 + 3 * 64, np.uint8), np.zeros(4096 + 3 * 16, np.uint8)
    assert SpaceIndex(SPACE, 1, 1, table, index.centre, rows, times).n == 3
    for wrong in [(rows[64:], times), (rows, times[16:])]:
        with pytest.raises(LibraryDamagedError, match="does not fit together"):
            SpaceIndex(SPACE, 1, 1, table, index.centre, *wrong)
    with pytest.raises(ValueError, match="does not fit together"):
        RowTable(("a",), np.array([0, 3]), np.array([1, 2]))
    with pytest.raises(ValueError, match="before they begin"):
        RowTable(("a", "b"), np.array([0, 3, 2]), np.array([1, 2]))
