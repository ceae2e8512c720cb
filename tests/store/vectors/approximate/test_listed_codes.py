"""Codes in lists: FAISS searches them where they lie, or a copy, and finds what numpy finds."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mvsearch.store.vectors.approximate import listed_codes
from mvsearch.store.vectors.approximate.inverted_lists import InvertedLists, list_rows
from mvsearch.store.vectors.approximate.listed_codes import Codebook, ListedCodes
from tests.store.examples import random_units

N, DIM = 300, 16
ROWS = random_units(N, DIM, seed=1).astype(np.float16)
BOOK = Codebook(
    np.eye(DIM, dtype=np.float32)[::-1][:8].copy(),
    np.zeros(8, np.float32),
    random_units(5, 8, seed=2),
    np.concatenate([np.full(8, -2.0), np.full(8, 4.0)]).astype(np.float32),
)


@pytest.fixture
def codes() -> ListedCodes:
    some = list_rows(ROWS[:200], BOOK)
    return list_rows(ROWS, BOOK, some)


def find_rows(codes: Any, queries: np.ndarray, n_probed: int, allowed: Any = None) -> list[Any]:
    return InvertedLists(codes, 1, 1.0, N).find(queries, 7, n_probed, allowed).tolist()


@pytest.mark.parametrize("n_probed", [1, 2, 5])
@pytest.mark.parametrize("is_limited", [False, True])
def test_the_nearest_codes_of_the_nearest_lists_are_found(
    codes: ListedCodes, n_probed: int, is_limited: bool
) -> None:
    allowed = np.arange(N) % 3 == 0 if is_limited else None
    queries = random_units(4, DIM, seed=3)
    along = queries @ BOOK.axes.T
    centroids = np.linalg.norm(along[:, None] - BOOK.centroids, axis=2).argsort(axis=1)
    lists = list(codes.iter_lists())
    expected = []
    for query, order in zip(along, centroids, strict=True):
        found = []
        for number in order[:n_probed].tolist():
            decoded = BOOK.centroids[number] - 2 + 4 * (lists[number][1] + 0.5) / 255
            distances = np.linalg.norm(decoded - query, axis=1)
            found += list(zip(distances.tolist(), lists[number][2].tolist(), strict=True))
        rows = [row for _, row in sorted(found) if allowed is None or allowed[row]][:7]
        expected.append(rows + [-1] * (7 - len(rows)))
    assert find_rows(codes, queries, n_probed, allowed) == expected


def test_codes_are_not_copied(codes: ListedCodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ListedCodes, "copy_into_faiss", lambda _: pytest.fail("copied"))
    lists, queries = InvertedLists(codes, 1, 1.0, N), random_units(2, DIM, seed=3)
    before = lists.find(queries, 7, 5).tolist()
    codes.stored[codes.first :] = 0  # who erases the file erases what is searched
    assert lists.find(queries, 7, 5).tolist() == [[0] * 7] * 2 != before


@pytest.mark.parametrize("is_strange", [False, True])
def test_where_faiss_stores_lists_otherwise_they_are_copied(
    codes: ListedCodes, monkeypatch: pytest.MonkeyPatch, is_strange: bool
) -> None:
    faiss = listed_codes.load_faiss()
    queries = random_units(2, DIM, seed=3)
    expected = find_rows(codes, queries, 5)
    header = faiss.serialize_index(BOOK.make_index())
    changed = header[:-12] if is_strange else np.concatenate([header[:4], header])
    monkeypatch.setattr(faiss, "serialize_index", lambda _: changed)
    assert codes._view() is None
    assert find_rows(codes, queries, 5) == expected


def test_numbers_of_no_row_are_none(codes: ListedCodes) -> None:
    for _, _, rows in codes.iter_lists():
        rows[:] = N + 5
    assert find_rows(codes, random_units(2, DIM, seed=3), 5) == [[-1] * 7] * 2


def test_parts_that_do_not_belong_together_are_refused(codes: ListedCodes) -> None:
    wrong: list[dict[str, np.ndarray]] = [
        {"axes": BOOK.axes[:7]},
        {"axes": BOOK.axes[:0]},
        {"offset": BOOK.offset[:1]},
        {"centroids": BOOK.centroids[:, :3]},
        {"ranges": BOOK.ranges[:8]},
        {"ranges": BOOK.ranges.astype(np.float64)},
    ]
    for parts in wrong:
        with pytest.raises(ValueError, match="inconsistent"):
            replace(BOOK, **parts)
    for bounds in (codes.bounds[:-1], codes.bounds + 1, codes.bounds.astype(np.float64)):
        with pytest.raises(ValueError, match="inconsistent"):
            replace(codes, bounds=bounds)
    for bounds in (codes.bounds[[0, 2, 1, 3, 4, 5]], 9 * codes.bounds):
        with pytest.raises(ValueError, match="before they begin"):
            replace(codes, bounds=bounds)
