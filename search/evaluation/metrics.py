"""Computes retrieval metrics of one query from the ranks of its right answers.

The rules, which hold for every function here:

- Ranks start at 1 and have no ties: equal scores are ordered by video id, so that runs agree.
- `ranks` are the ascending ranks of the right answers found; `n_relevant` is the number of all
  right answers, of which those not found are misses.
- A query without a right answer has no value: a ValueError. Averages leave such queries out and
  report their number.
- k may be larger than the library; all answers are then within k.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def _check(ranks: Sequence[int], n_relevant: int, k: int = 1) -> None:
    if n_relevant < 1:
        raise ValueError("a query without a right answer has no value")
    if len(ranks) > n_relevant:
        raise ValueError(f"{len(ranks)} right answers found, of {n_relevant}")
    if list(ranks) != sorted(set(ranks)) or (ranks and ranks[0] < 1):
        raise ValueError(f"ranks rise from 1, without ties: {ranks}")
    if k < 1:
        raise ValueError(f"k is at least 1: {k}")


def recall_at_k(ranks: Sequence[int], n_relevant: int, k: int) -> float:
    """1.0 if any right answer is among the first k, else 0.0 ("success", "hit rate").

    Papers on retrieval with one right answer call this recall@k. For the share of several right
    answers see `recall_share_at_k`.
    """
    _check(ranks, n_relevant, k)
    return float(bool(ranks) and ranks[0] <= k)


def recall_share_at_k(ranks: Sequence[int], n_relevant: int, k: int) -> float:
    """The share of all right answers that are among the first k (recall in textbooks)."""
    _check(ranks, n_relevant, k)
    return sum(rank <= k for rank in ranks) / n_relevant


def precision_at_k(ranks: Sequence[int], n_relevant: int, n_videos: int, k: int) -> float:
    """The share of the first k that are right; of all where there are not so many."""
    _check(ranks, n_relevant, k)
    return sum(rank <= k for rank in ranks) / min(k, n_videos)


def reciprocal_rank(ranks: Sequence[int], n_relevant: int) -> float:
    """1 / the rank of the first right answer; 0.0 if none was found."""
    _check(ranks, n_relevant)
    return 1.0 / ranks[0] if ranks else 0.0


def first_rank(ranks: Sequence[int], n_relevant: int, n_videos: int) -> int:
    """The rank of the first right answer; the worst rank if none was found.

    So a median covers all queries, not only those with answers found.
    """
    _check(ranks, n_relevant)
    return ranks[0] if ranks else n_videos


def average_precision(ranks: Sequence[int], n_relevant: int) -> float:
    """The mean, over all right answers, of the precision at each one's rank.

    Right answers not found add zero. If all are ranked, it equals scikit-learn's
    `average_precision_score`. (Manning, Raghavan, Schütze, "Introduction to Information
    Retrieval", 8.4.)
    """
    _check(ranks, n_relevant)
    return sum(at / rank for at, rank in enumerate(ranks, start=1)) / n_relevant


def ndcg_at_k(ranks: Sequence[int], n_relevant: int, k: int) -> float:
    """Normalised discounted cumulative gain of the first k, with gains of 0 or 1.

    The ideal order has min(k, n_relevant) right answers first. (Järvelin and Kekäläinen, "Cumulated
    gain-based evaluation of IR techniques", TOIS 2002; the discount is log2 of rank + 1.)
    """
    _check(ranks, n_relevant, k)
    gain = sum(1.0 / math.log2(rank + 1) for rank in ranks if rank <= k)
    return gain / ideal_gain(n_relevant, k)


def ideal_gain(n_relevant: int, k: int) -> float:
    """The discounted cumulative gain of the first k in the ideal order."""
    return sum(1.0 / math.log2(rank + 1) for rank in range(1, min(k, n_relevant) + 1))


def k_occurrence(rankings: Iterable[Sequence[int]], k: int, n_videos: int) -> Counts:
    """The number of rankings that contain each video among the first k.

    Args:
        rankings: numbers of videos from 0 to n_videos - 1, best first, one sequence per query.
        k: maximum rank; rankings may be shorter.
        n_videos: in the library.

    Returns:
        (n_videos,) counts. (Radovanović, Nanopoulos, Ivanović, "Hubs in Space", JMLR 2010.)

    Raises:
        ValueError: a ranking names a video twice or one that is not in the library.
    """
    counts = np.zeros(n_videos, dtype=np.int64)
    for ranking in rankings:
        if len(set(ranking)) < len(ranking) or not all(0 <= at < n_videos for at in ranking):
            raise ValueError(f"a ranking names each of {n_videos} videos once at most: {ranking}")
        counts[list(ranking[:k])] += 1
    return counts


def skewness(counts: Sequence[int] | Counts) -> float:
    """The skewness (third standardised moment) of the k-occurrence: far above 0 if there are hubs.

    Returns:
        m3 / m2^1.5 with moments over all videos; 0.0 if all counts are equal.
    """
    values = np.asarray(counts, dtype=np.float64)
    if values.size == 0 or np.ptp(values) == 0:
        return 0.0
    away = values - values.mean()
    return float(np.mean(away**3) / np.mean(away**2) ** 1.5)
