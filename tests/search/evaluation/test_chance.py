"""Chance, against every order of a few videos and against many random orders of more."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from mvsearch.search.evaluation import chance, metrics


def average_over_all_orders(n: int, n_relevant: int) -> dict[str, float]:
    """Each metric's mean over all n! orders of n videos."""
    values: dict[str, list[float]] = {}
    for order in permutations(range(n)):
        ranks = sorted(order.index(video) + 1 for video in range(n_relevant))
        for name, value in {
            "recall": metrics.recall_at_k(ranks, n_relevant, 2),
            "share": metrics.recall_share_at_k(ranks, n_relevant, 2),
            "rr": metrics.reciprocal_rank(ranks, n_relevant),
            "ap": metrics.average_precision(ranks, n_relevant),
            "ndcg": metrics.ndcg_at_k(ranks, n_relevant, 2),
            "ndcg10": metrics.ndcg_at_k(ranks, n_relevant, 10),
        }.items():
            values.setdefault(name, []).append(value)
    return {name: float(np.mean(found)) for name, found in values.items()}


@pytest.mark.parametrize(("n", "n_relevant"), [(1, 1), (2, 1), (5, 1), (5, 3), (6, 2), (4, 4)])
def test_it_is_the_mean_over_all_orders(n: int, n_relevant: int) -> None:
    expected = average_over_all_orders(n, n_relevant)
    assert chance.expect_recall_at_k(n, n_relevant, 2) == pytest.approx(expected["recall"])
    assert chance.expect_recall_share_at_k(n, n_relevant, 2) == pytest.approx(expected["share"])
    assert chance.expect_reciprocal_rank(n, n_relevant) == pytest.approx(expected["rr"])
    assert chance.expect_average_precision(n, n_relevant) == pytest.approx(expected["ap"])
    assert chance.expect_ndcg_at_k(n, n_relevant, 2) == pytest.approx(expected["ndcg"])
    assert chance.expect_ndcg_at_k(n, n_relevant, 10) == pytest.approx(expected["ndcg10"])


def test_it_is_near_the_mean_of_random_orders_of_a_library() -> None:
    generator = np.random.default_rng(5)
    orders = generator.permuted(np.tile(np.arange(1, 47), (4000, 1)), axis=1)
    drawn = [tuple(sorted(order[:3].tolist())) for order in orders]
    precision = np.mean([metrics.average_precision(ranks, 3) for ranks in drawn])
    assert chance.expect_average_precision(46, 3) == pytest.approx(precision, abs=0.01)
    first = np.median([ranks[0] for ranks in drawn])
    assert chance.expect_median_rank([(46, 3)]) == pytest.approx(first, abs=1)


def test_the_first_rank_spreads_as_scipy_says() -> None:
    spread = chance.spread_first_rank(46, 4)
    # None among the first r is right: no success in r draws without replacement.
    expected = [1 - stats.hypergeom.pmf(0, 46, 4, r) for r in range(1, 47)]
    assert spread == pytest.approx(np.array(expected))
    assert spread[-1] == 1


def test_the_median_lies_in_the_middle_and_mixes_queries() -> None:
    assert chance.expect_median_rank([(34, 1)]) == 17.5
    assert chance.expect_median_rank([(35, 1)]) == 18
    # Always 1, and 1 to 9 alike: (1 + 1/9) / 2 > 1/2 of the queries are answered at rank 1.
    assert chance.expect_median_rank([(1, 1), (9, 1)]) == 1
    with pytest.raises(ValueError, match="no query"):
        chance.expect_median_rank([])


def test_all_is_found_where_k_is_the_library_or_more() -> None:
    assert chance.expect_recall_at_k(5, 1, 5) == chance.expect_recall_at_k(5, 1, 99) == 1
    assert chance.expect_recall_share_at_k(5, 2, 99) == 1


@pytest.mark.parametrize(("n", "n_relevant"), [(0, 0), (5, 0), (5, 6)])
def test_no_right_answer_has_no_chance(n: int, n_relevant: int) -> None:
    for expect in (chance.expect_reciprocal_rank, chance.expect_average_precision):
        with pytest.raises(ValueError, match="right answers among"):
            expect(n, n_relevant)
