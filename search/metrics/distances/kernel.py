"""Kernel distance (MMD) of two sets of embeddings: KID, KVD or KAD.

The rules:

- It is the squared maximum mean discrepancy with the kernel (x · y / d + 1)³ (Bińkowski et al.
  2018), by its unbiased estimate over m rows of each set: pairs of a row with itself do not count.
- As published code has it, it is the mean over subsets that are drawn without replacement from
  either set, with their deviation (of the population). What a subset takes is at most the smaller
  set, so that the size of the subsets belongs to the result.
- It has no bias that shrinks with N, unlike the Fréchet distance, and so it may be below 0 where
  the sets are alike. Two rows of each set are the least.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mvsearch.search.metrics.distances.gaussians import Draws, FloatArray, check_sets
from mvsearch.store.errors import QueryError

DEGREE = 3
OFFSET = 1.0


@dataclass(frozen=True, slots=True)
class KernelOptions:
    """How subsets are drawn; the defaults are those of published code.

    Attributes:
        n_subsets: over which the mean is.
        most_samples: of a subset; less where a set has less.
        seed: of the draws.
    """

    n_subsets: int = 100
    most_samples: int = 1000
    seed: int = 2020

    def __post_init__(self) -> None:
        """Refuse what leaves no pair of rows."""
        if self.n_subsets < 1 or self.most_samples < 2:
            raise QueryError("a kernel distance takes one subset or more, of two samples or more")


@dataclass(frozen=True, slots=True)
class KernelDistance:
    """A kernel distance.

    Attributes:
        mean, deviation: over the subsets.
        n_subsets: how many.
        n_samples: rows of each set in a subset.
    """

    mean: float
    deviation: float
    n_subsets: int
    n_samples: int

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "mean": self.mean,
            "deviation": self.deviation,
            "subsets": self.n_subsets,
            "samples": self.n_samples,
        }

    def describe(self) -> str:
        """In one line."""
        return f"(x · y / d + 1)³ over {self.n_subsets} subsets of {self.n_samples} samples"


def measure_kernel(
    reference: FloatArray,
    candidate: FloatArray,
    options: KernelOptions | None = None,
    draws: Draws | None = None,
) -> KernelDistance:
    """The kernel distance of two sets.

    Args:
        reference: (n, d), n ≥ 2.
        candidate: (m, d), m ≥ 2.
        options: the subsets.
        draws: instead of a generator of the seed.

    Raises:
        QueryError: a set has fewer than two samples or numbers that are not finite, or the sets
            differ in d.
    """
    check_sets(reference, candidate)
    options = options or KernelOptions()
    chosen = draws or np.random.default_rng(options.seed)
    n = min(options.most_samples, len(reference), len(candidate))
    found = []
    for _ in range(options.n_subsets):
        one = reference[chosen.choice(len(reference), size=n, replace=False)]
        other = candidate[chosen.choice(len(candidate), size=n, replace=False)]
        found.append(_compare(one, other))
    return KernelDistance(float(np.mean(found)), float(np.std(found)), options.n_subsets, n)


def _compare(one: FloatArray, other: FloatArray) -> float:
    """The unbiased squared discrepancy of two (n, d) sets."""
    n = len(one)
    own = sum(
        (kernel.sum() - np.trace(kernel)) / (n * (n - 1))
        for kernel in (_apply_kernel(one, one), _apply_kernel(other, other))
    )
    return float(own - 2 * _apply_kernel(one, other).mean())


def _apply_kernel(one: FloatArray, other: FloatArray) -> FloatArray:
    kernel: FloatArray = (one @ other.T / one.shape[1] + OFFSET) ** DEGREE
    return kernel
