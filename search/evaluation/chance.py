"""Computes the exact expectation of each metric under random order.

The ranks of the right answers are then a random set of `n_relevant` of `n_videos` (hypergeometric).
Every function takes 1 <= n_relevant <= n_videos and raises a ValueError otherwise.
"""

import math
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mvsearch.search.evaluation.metrics import ideal_gain

FloatArray = npt.NDArray[np.float64]


def _check(n_videos: int, n_relevant: int) -> None:
    if not 1 <= n_relevant <= n_videos:
        raise ValueError(f"{n_relevant} right answers among {n_videos} videos")


@lru_cache(maxsize=4096)
def expect_recall_at_k(n_videos: int, n_relevant: int, k: int) -> float:
    """The probability that a right answer is among the first k: 1 - C(n - R, k) / C(n, k)."""
    _check(n_videos, n_relevant)
    k = min(k, n_videos)
    return 1.0 - math.comb(n_videos - n_relevant, k) / math.comb(n_videos, k)


def expect_recall_share_at_k(n_videos: int, n_relevant: int, k: int) -> float:
    """The expected share of right answers among the first k: k / n."""
    _check(n_videos, n_relevant)
    return min(k, n_videos) / n_videos


def expect_precision(n_videos: int, n_relevant: int) -> float:
    """The expected share of right answers among the first k, for any k: R / n."""
    _check(n_videos, n_relevant)
    return n_relevant / n_videos


@lru_cache(maxsize=4096)
def expect_reciprocal_rank(n_videos: int, n_relevant: int) -> float:
    """The expectation of 1 / the rank of the first right answer."""
    chances = np.diff(spread_first_rank(n_videos, n_relevant), prepend=0.0)
    return float(np.sum(chances / np.arange(1, n_videos + 1)))


@lru_cache(maxsize=4096)
def expect_average_precision(n_videos: int, n_relevant: int) -> float:
    """The expected average precision: (H + (R - 1) / (n - 1) × (n - H)) / n, H = 1 + 1/2 … 1/n.

    Of the i - 1 answers before a right one at rank i, (R - 1) / (n - 1) are right on average.
    (Bestgen, "Exact expected average precision of the random baseline", 2015.)
    """
    _check(n_videos, n_relevant)
    harmonic = float(np.sum(1.0 / np.arange(1, n_videos + 1)))
    share = (n_relevant - 1) / max(n_videos - 1, 1)
    return (harmonic + share * (n_videos - harmonic)) / n_videos


@lru_cache(maxsize=4096)
def expect_ndcg_at_k(n_videos: int, n_relevant: int, k: int) -> float:
    """The expected nDCG@k: the answer at each rank is right with probability R / n."""
    _check(n_videos, n_relevant)
    return n_relevant / n_videos * ideal_gain(n_videos, k) / ideal_gain(n_relevant, k)


def spread_first_rank(n_videos: int, n_relevant: int) -> FloatArray:
    """The probability that the first right answer is at rank r or before.

    Returns:
        (n_videos,) for r = 1 … n_videos, rising to 1.
    """
    _check(n_videos, n_relevant)
    before = np.arange(n_videos, dtype=np.float64)
    # After i wrong answers the next one is wrong with probability (n - R - i) / (n - i).
    goes_on = np.maximum(n_videos - n_relevant - before, 0.0) / (n_videos - before)
    misses: FloatArray = np.cumprod(goes_on, dtype=np.float64)
    return 1.0 - misses


def expect_median_rank(sizes: Iterable[tuple[int, int]]) -> float:
    """The median of the first right answer's rank over several queries.

    Args:
        sizes: (n_videos, n_relevant) of each query.

    Returns:
        The median of the mixture of their distributions; the mean of two ranks that share it.
    """
    n_alike = Counter(sizes)
    if not n_alike:
        raise ValueError("no query")
    mixed = np.zeros(max(n for n, _ in n_alike))
    for (n_videos, n_relevant), n_queries in n_alike.items():
        spread = spread_first_rank(n_videos, n_relevant)
        mixed += n_queries * np.pad(spread, (0, len(mixed) - n_videos), constant_values=1.0)
    mixed /= n_alike.total()
    # Tolerates rounding if exactly half lie at or before a rank.
    lower = int(np.argmax(mixed >= 0.5 - 1e-9)) + 1
    upper = int(np.argmax(mixed > 0.5 + 1e-9)) + 1
    return (lower + upper) / 2
