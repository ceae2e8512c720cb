"""Who is worth comparing in full with whom, of estimates that serve both of a pair."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pytest

from mvsearch.search.retrieval.candidates import ROWS, CandidateFinder, TopCandidates

N_VIDEOS = 2 * ROWS + 5


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as given:
        yield given


def draw_scores(n: int) -> np.ndarray:
    """Scores that are the same both ways; a fifth of the pairs have none, nor has any with itself.

    The last video has none with anybody.
    """
    rng = np.random.default_rng(5)
    drawn = np.triu(rng.normal(size=(n, n)), 1)
    drawn[rng.random((n, n)) < 0.2] = np.nan
    scores = np.triu(drawn, 1) + np.triu(drawn, 1).T
    np.fill_diagonal(scores, np.nan)
    scores[-1], scores[:, -1] = np.nan, np.nan
    return scores


def rank(row: np.ndarray, depth: int) -> list[int]:
    """The positions of the highest scores by sorting all of them."""
    ranked = np.argsort(-row, kind="stable")  # NaN comes last
    return [at for at in ranked.tolist() if not np.isnan(row[at])][:depth]


@pytest.mark.parametrize("depth", [1, 7, N_VIDEOS - 1, 3 * N_VIDEOS])
@pytest.mark.parametrize("n_at_once", [1, 6, N_VIDEOS])
def test_half_of_the_scores_tell_the_best_of_all(depth: int, n_at_once: int) -> None:
    scores = draw_scores(N_VIDEOS)
    best = TopCandidates(N_VIDEOS, depth)
    for first in range(0, N_VIDEOS, n_at_once):
        rows = slice(first, first + n_at_once)
        best.update(first, scores[rows, first:])
        for at in range(first, min(N_VIDEOS, first + n_at_once)):
            assert best.list(at).tolist() == rank(scores[at], depth)


def test_equal_scores_are_listed_in_the_order_of_the_library() -> None:
    best = TopCandidates(5, 3)
    best.update(0, np.where(np.eye(5, dtype=bool), np.nan, 0.5))
    assert [best.list(at).tolist() == sorted(best.list(at)) for at in range(5)] == [True] * 5


def test_estimates_are_asked_for_once_a_pair_of_blocks(
    pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = draw_scores(N_VIDEOS)
    asked: list[tuple[int, int]] = []

    def estimate(self: CandidateFinder, first: int, last: int, begin: int) -> np.ndarray:
        asked.append((first, begin))
        return scores[first:last, begin:].copy()

    monkeypatch.setattr(CandidateFinder, "_estimate", estimate)
    finder = CandidateFinder({}, [str(at) for at in range(N_VIDEOS)], lambda *_: scores, pool)
    listed = [found.tolist() for found in finder.iter_best(4)]
    assert listed == [rank(row, 4) for row in scores]
    assert sorted(asked) == [(0, 0), (ROWS, ROWS), (2 * ROWS, 2 * ROWS)]
    assert finder.find_best(3, 4).tolist() == listed[3]
    assert list(CandidateFinder({}, [], lambda *_: scores, pool).iter_best(4)) == []
