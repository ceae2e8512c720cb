"""Kernel distance (MMD) of two sets of embeddings: KID, KVD or KAD.

The rules:

- It is the squared maximum mean discrepancy with the kernel (x · y / d + 1)³ (Bińkowski et al.
  2018), by the unbiased estimate over m rows of each set, without pairs of a row with itself.
- As in published code, it is the mean over subsets drawn without replacement from each set, with
  the standard deviation of the subsets (of the population). A subset is at most as large as the
  smaller set, so its size is part of the result.
- Unlike the Fréchet distance it has no bias that depends on N, so it may be negative for similar
  sets. Each set needs at least two rows.
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
    """The parameters of the subsets; the defaults are those of published code.

    Attributes:
        n_subsets: number of subsets.
        most_samples: maximum size of a subset.
        seed: of the draws.
    """

    n_subsets: int = 100
    most_samples: int = 1000
    seed: int = 2020

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.n_subsets < 1 or self.most_samples < 2:
            raise QueryError("a kernel distance takes one subset or more, of two samples or more")


@dataclass(frozen=True, slots=True)
class KernelDistance:
    """A kernel distance.

    Attributes:
        mean, deviation: over the subsets.
        n_subsets: number of subsets.
        n_samples: size of a subset.
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
        """The kernel and the subsets in one line."""
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
        options: of the subsets.
        draws: a generator to use instead of the seed.

    Raises:
        QueryError: a set has fewer than two samples or values that are not finite, or the sets
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
