"""Metrics against hand arithmetic, scikit-learn, scipy and the reference code of others."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score, ndcg_score

from mvsearch.search.evaluation.metrics import (
    average_precision,
    first_rank,
    k_occurrence,
    ndcg_at_k,
    recall_at_k,
    recall_share_at_k,
    reciprocal_rank,
    skewness,
)


@st.composite
def relevance(draw: st.DrawFn) -> list[bool]:
    """A whole ranking: which places hold a right answer, one at least."""
    truth = draw(st.lists(st.booleans(), min_size=2, max_size=40))
    truth[draw(st.integers(0, len(truth) - 1))] = True
    return truth


def ranks_of(truth: list[bool]) -> tuple[int, ...]:
    return tuple(at for at, is_right in enumerate(truth, start=1) if is_right)


def test_by_hand_with_right_answers_at_2_and_5_of_three() -> None:
    ranks = (2, 5)  # the third was not found
    assert recall_at_k(ranks, 3, 1) == 0
    assert recall_at_k(ranks, 3, 2) == 1
    assert recall_share_at_k(ranks, 3, 2) == 1 / 3
    assert recall_share_at_k(ranks, 3, 5) == 2 / 3
    assert reciprocal_rank(ranks, 3) == 1 / 2
    assert first_rank(ranks, 3, 100) == 2
    assert average_precision(ranks, 3) == pytest.approx((1 / 2 + 2 / 5 + 0) / 3)
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg_at_k(ranks, 3, 10) == pytest.approx((1 / math.log2(3) + 1 / math.log2(6)) / ideal)


def test_what_was_not_found_is_a_miss_and_not_left_out() -> None:
    assert recall_at_k((), 2, 10) == recall_share_at_k((), 2, 10) == reciprocal_rank((), 2) == 0
    assert average_precision((), 2) == ndcg_at_k((), 2, 10) == 0
    assert first_rank((), 2, 46) == 46


def test_k_beyond_the_library_takes_all_that_was_found() -> None:
    assert recall_at_k((3,), 1, 1000) == recall_share_at_k((1, 3), 2, 1000) == 1
    assert recall_share_at_k((3,), 2, 1000) == 0.5
    assert ndcg_at_k((1, 2), 2, 1000) == 1


def test_ndcg_is_normalised_by_all_right_answers_not_by_those_found() -> None:
    assert ndcg_at_k((1,), 4, 4) == pytest.approx(0.3904, abs=1e-4)
    assert ndcg_at_k((1,), 4, 1) == 1


@pytest.mark.parametrize(
    ("ranks", "n_relevant", "k"),
    [((), 0, 1), ((1,), 0, 1), ((2, 1), 2, 1), ((1, 1), 2, 1), ((0,), 1, 1), ((1, 2), 1, 1)],
)
def test_what_is_no_ranking_or_has_no_right_answer_is_refused(
    ranks: tuple[int, ...], n_relevant: int, k: int
) -> None:
    for metric in (recall_at_k, recall_share_at_k, ndcg_at_k):
        with pytest.raises(ValueError, match=r"right answer|ranks rise"):
            metric(ranks, n_relevant, k)
    for metric in (reciprocal_rank, average_precision):
        with pytest.raises(ValueError, match=r"right answer|ranks rise"):
            metric(ranks, n_relevant)


def test_no_place_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="k is at least 1"):
        recall_at_k((1,), 1, 0)


@given(relevance(), st.integers(1, 50))
def test_as_scikit_learn_has_it(truth: list[bool], k: int) -> None:
    scores = -np.arange(len(truth), dtype=float)
    ranks = ranks_of(truth)
    expected = average_precision_score(truth, scores)
    assert average_precision(ranks, len(ranks)) == pytest.approx(expected)
    expected = ndcg_score([np.array(truth, float)], [scores], k=k)
    assert ndcg_at_k(ranks, len(ranks), k) == pytest.approx(expected)
    assert recall_share_at_k(ranks, len(ranks), k) == sum(truth[:k]) / sum(truth)
    assert recall_at_k(ranks, len(ranks), k) == any(truth[:k])


def rank_by_cosine(queries: np.ndarray, items: np.ndarray, right: np.ndarray) -> list[list[int]]:
    """Ranks of the right items of each query, by numpy alone."""
    queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    items = items / np.linalg.norm(items, axis=1, keepdims=True)
    order = np.argsort(-(queries @ items.T), axis=1, kind="stable")
    return [(np.flatnonzero(right[q][order[q]]) + 1).tolist() for q in range(len(queries))]


def test_as_published_code_has_it_on_a_thousand_pairs() -> None:
    """VM-NET (csehong/VM-NET @73c719b) and video-to-music-eval (seungheondoh @4270eb7)."""
    draw = np.random.RandomState(0)
    music = draw.randn(1000, 32)
    video = music + 2.5 * draw.randn(1000, 32)
    all_ranks = rank_by_cosine(video, music, np.eye(1000, dtype=bool))
    for k, expected in {1: 0.158, 10: 0.435, 25: 0.6, 50: 0.7, 100: 0.791, 1000: 1.0}.items():
        assert np.mean([recall_at_k(ranks, 1, k) for ranks in all_ranks]) == pytest.approx(expected)
    mean = np.mean([reciprocal_rank(ranks, 1) for ranks in all_ranks])
    assert mean == pytest.approx(0.2511959406303959)
    assert np.median([first_rank(ranks, 1, 1000) for ranks in all_ranks]) == 15


def test_as_published_code_has_it_with_several_right_answers() -> None:
    """VM-NET: a hit is any right answer within k."""
    right = np.eye(6, dtype=bool)
    right[0, 1] = right[1, 0] = True
    draw = np.random.RandomState(4)
    music, video = draw.randn(6, 3), draw.randn(6, 3)
    all_ranks = rank_by_cosine(music, video, right)
    for k, expected in {1: 1 / 3, 2: 2 / 3, 3: 2 / 3}.items():
        found = [
            recall_at_k(r, int(n), k) for r, n in zip(all_ranks, right.sum(axis=1), strict=True)
        ]
        assert np.mean(found) == pytest.approx(expected)


def test_as_published_code_has_it_for_three_right_answers_of_which_two_are_ranked() -> None:
    """video-to-music-eval, compute_metrics: `abcdefghij` with c, g and z right."""
    ranks = (3, 7)
    assert [recall_at_k(ranks, 3, k) for k in (1, 3, 5, 10)] == [0, 1, 1, 1]
    assert [recall_share_at_k(ranks, 3, k) for k in (1, 3, 5, 10)] == [0, 1 / 3, 1 / 3, 2 / 3]
    assert average_precision(ranks, 3) == pytest.approx(0.20634920634920637)
    assert reciprocal_rank(ranks, 3) == pytest.approx(0.3333333333333333)


def test_misses_are_in_the_median_unlike_in_published_code() -> None:
    """video-to-music-eval drops them, and calls the median of these twenty queries 7."""
    found = {3: 9, 4: 3, 5: 13, 9: 7, 10: 6, 13: 9, 14: 9, 15: 3, 16: 4}
    ranks = [first_rank((found[q],) if q in found else (), 1, 30) for q in range(20)]
    assert np.median(sorted(found.values())) == 7
    assert np.median(ranks) == 30


def test_occurrences_are_counted_within_k() -> None:
    counts = k_occurrence([[1, 2, 0], [2, 0], [1]], 2, 4)
    assert counts.tolist() == [1, 2, 2, 0]
    assert k_occurrence([[1, 2, 0], [2, 0], [1]], 99, 4).tolist() == [2, 2, 2, 0]
    assert k_occurrence([], 2, 3).tolist() == [0, 0, 0]


@pytest.mark.parametrize("ranking", [[0, 0], [3], [-1]])
def test_a_ranking_names_videos_of_the_library_once(ranking: list[int]) -> None:
    with pytest.raises(ValueError, match="once at most"):
        k_occurrence([ranking], 2, 3)


@given(st.lists(st.integers(0, 50), min_size=3, max_size=60).filter(lambda c: len(set(c)) > 1))
def test_skewness_is_that_of_scipy(counts: list[int]) -> None:
    assert skewness(counts) == pytest.approx(float(stats.skew(counts)), rel=1e-6, abs=1e-9)


def test_without_hubs_nothing_is_skewed() -> None:
    assert skewness([10, 10, 10]) == skewness([]) == 0
    assert skewness([0] * 99 + [99]) > 9
