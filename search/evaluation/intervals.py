"""Computes 95 % bootstrap intervals, resampling by video.

Queries from one video are not independent, so videos are drawn with replacement, each with all its
queries (cluster bootstrap; Field and Welsh, "Bootstrapping clustered data", JRSS B 2007). The
interval is that of the percentiles (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
13.3). If all queries have the same value, the interval has no width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Weights = npt.NDArray[np.int64]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class BootstrapOptions:
    """The parameters of the bootstrap.

    Attributes:
        n_resamples: number of resamples.
        seed: of the generator.
    """

    n_resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """Two limits, the lower first."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Resamples:
    """The count of each video in each resample, and the video of each query.

    Attributes:
        counts: (resamples, videos) number of times that a video was drawn.
        owner: (queries,) column of the video of a query.
    """

    counts: Weights
    owner: npt.NDArray[np.intp]

    @property
    def n_sources(self) -> int:
        """The number of videos."""
        return int(self.counts.shape[1])

    @property
    def weights(self) -> Weights:
        """(resamples, queries) number of times that the video of a query was drawn."""
        return self.counts[:, self.owner]


@lru_cache(maxsize=64)
def _draw_counts(n_sources: int, options: BootstrapOptions) -> Weights:
    generator = np.random.default_rng(options.seed)
    shares = np.full(n_sources, 1.0 / n_sources)
    counts = generator.multinomial(n_sources, shares, size=options.n_resamples)
    counts.setflags(write=False)  # it is cached and shared
    return counts


def draw_resamples(sources: Sequence[str], options: BootstrapOptions | None = None) -> Resamples:
    """Draw the videos with replacement.

    The same videos give the same draws, so that differences are paired.

    Args:
        sources: id of the video of each query, at least one.
        options: number of draws and seed.
    """
    names, owner = np.unique(np.asarray(sources, dtype=object).astype(str), return_inverse=True)
    counts = _draw_counts(len(names), options or BootstrapOptions())
    return Resamples(counts, owner)


def average_resamples(values: FloatArray, resamples: Resamples) -> FloatArray:
    """The mean of each resample.

    Args:
        values: (queries,); NaN is left out.
        resamples: of the same queries.

    Returns:
        (resamples,), NaN for a resample without values.
    """
    known = ~np.isnan(values)
    owner, n = resamples.owner[known], resamples.n_sources
    counts = resamples.counts.astype(np.float64)
    n_drawn = counts @ np.bincount(owner, minlength=n).astype(np.float64)
    total = counts @ np.bincount(owner, weights=values[known], minlength=n)
    return np.where(n_drawn > 0, total / np.maximum(n_drawn, 1.0), np.nan)


def take_medians(values: FloatArray, resamples: Resamples) -> FloatArray:
    """The median of each resample; arguments and result as in `average_resamples`."""
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        return np.full(len(resamples.counts), np.nan)
    order = known[np.argsort(values[known], kind="stable")]
    reached = np.cumsum(resamples.weights[:, order], axis=1)
    n_drawn = reached[:, -1:]
    # The two middle places are equal if the number is odd.
    lower = np.argmax(reached >= (n_drawn + 1) // 2, axis=1)
    upper = np.argmax(reached >= n_drawn // 2 + 1, axis=1)
    middle = (values[order][lower] + values[order][upper]) / 2
    return np.where(n_drawn[:, 0] > 0, middle, np.nan)


def span_interval(drawn: FloatArray, n_sources: int) -> Interval | None:
    """The central 95 % of the values of resamples.

    Returns:
        None for a single video, or without values.
    """
    known = drawn[~np.isnan(drawn)]
    if n_sources < 2 or known.size == 0:
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
