"""Rows of float16: where those of each video are, and where they are seen from."""

import numpy as np
import pytest

from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.exact.centering import find_centre, is_settled, place_vectors
from mvsearch.store.vectors.exact.row_index import RowIndex
from mvsearch.store.vectors.exact.row_table import RowTable
from tests.store.examples import make_index, random_units

SPACE = Space("frames", "seer", "1", 32)
SIZES = {"a": 40, "b": 1, "c": 0, "d": 300}


@pytest.fixture(scope="module")
def raw() -> dict[str, Matrix]:
    return {name: random_units(n, SPACE.dim, seed=n) for name, n in SIZES.items()}


@pytest.fixture(scope="module")
def index(raw: dict[str, Matrix]) -> RowIndex:
    return make_index(SPACE, raw)


@pytest.fixture(scope="module")
def placed(raw: dict[str, Matrix]) -> Matrix:
    """What the index should hold, worked out in float64."""
    filled = [vectors.astype(np.float64) for vectors in raw.values() if len(vectors)]
    centre = np.mean([vectors.mean(axis=0) for vectors in filled], axis=0) * 3 / 13
    moved = np.concatenate(filled) - centre
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)


def test_rows_follow_the_videos(index: RowIndex) -> None:
    assert index.video_ids == ("a", "b", "d")
    assert index.n == 341
    assert index.n_rows == 341
    assert index.rows("d") == slice(41, 341)
    assert index.rows("c") == index.rows("unknown") == slice(0, 0)
    assert index.starts[[0, 39, 40, 41, 340]].tolist() == [0, 19.5, 0, 0, 149.5]
    np.testing.assert_array_equal(index.ends - index.starts, 0.5)
    assert index.handles.tolist() == [0, 40, 41]
    assert index.resolve(np.array([0, 39, 40, 41, 340, -1])).tolist() == [0, 0, 1, 2, 2, -1]


def test_vectors_come_back_placed(index: RowIndex, placed: Matrix) -> None:
    for name in index.video_ids:
        vectors = index.vectors(name)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, placed[index.rows(name)], atol=2e-3)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert index.vectors("c").shape == index.vectors("unknown").shape == (0, 32)


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


def test_parts_that_do_not_belong_together_are_refused(index: RowIndex) -> None:
    table = RowTable().extended([("a", 3, 1)])
    rows, times = np.zeros(4096 + 3 * 64, np.uint8), np.zeros(4096 + 3 * 16, np.uint8)
    assert RowIndex(SPACE, 1, 1, table, index.centre, rows, times).n == 3
    for wrong in [(rows[64:], times), (rows, times[16:])]:
        with pytest.raises(LibraryDamagedError, match="inconsistent"):
            RowIndex(SPACE, 1, 1, table, index.centre, *wrong)
    with pytest.raises(ValueError, match="inconsistent"):
        RowTable(("a",), np.array([0, 3]), np.array([1, 2]))
    with pytest.raises(ValueError, match="before they begin"):
        RowTable(("a", "b"), np.array([0, 3, 2]), np.array([1, 2]))
