"""Fréchet distance of two fitted Gaussians, and its extrapolation to infinite samples.

For the rules and their sources see `frechet`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import QueryError

FloatArray = npt.NDArray[np.float64]
Draws = np.random.Generator | np.random.RandomState


@dataclass(frozen=True, slots=True)
class ExtrapolationOptions:
    """The parameters of the extrapolation; the defaults are those of fadtk.

    Attributes:
        n_sizes: number of sample sizes, evenly spaced from `least_samples` to all.
        least_samples: smallest sample size; the candidate must have more samples.
        seed: of the draws, with replacement.
    """

    n_sizes: int = 25
    least_samples: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.n_sizes < 3 or self.least_samples < 2:
            raise QueryError("extrapolation takes three sizes or more, of two samples or more")


@dataclass(frozen=True, slots=True)
class Distance:
    """A squared Fréchet distance and its two parts.

    Attributes:
        means: |m₁ - m₂|².
        covariances: tr S₁ + tr S₂ - 2 tr (S₁ S₂)^½.
    """

    means: float
    covariances: float

    @property
    def value(self) -> float:
        """Their sum."""
        return self.means + self.covariances


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """The distance extrapolated to infinite samples.

    Attributes:
        value: of the line at 1 / N = 0; noise may make it negative.
        slope: of the distance over 1 / N.
        r_squared: coefficient of determination of the line.
        points: (N, distance) of each draw.
    """

    value: float
    slope: float
    r_squared: float
    points: tuple[tuple[int, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        points = [{"samples": n, "distance": distance} for n, distance in self.points]
        line: dict[str, Any] = {"value": self.value, "slope": self.slope}
        return line | {"r_squared": self.r_squared, "points": points}


def measure_frechet(reference: FloatArray, candidate: FloatArray) -> Distance:
    """The squared Fréchet distance of the Gaussians of two sets.

    Args:
        reference: (n, d), n ≥ 2.
        candidate: (m, d), m ≥ 2.

    Raises:
        QueryError: a set has fewer than two samples or values that are not finite, or the sets
            differ in d.
    """
    check_sets(reference, candidate)
    return _compare(_fit(reference), _fit(candidate))


def extrapolate_frechet(
    reference: FloatArray,
    candidate: FloatArray,
    options: ExtrapolationOptions,
    draws: Draws | None = None,
) -> Extrapolation:
    """Extrapolate the distance to infinite samples of the candidate.

    Args:
        reference: (n, d), always used completely.
        candidate: (m, d), m above `options.least_samples`.
        options: sizes and seed.
        draws: a generator to use instead of the seed.

    Raises:
        QueryError: as `measure_frechet`, or the candidate has too few samples.
    """
    check_sets(reference, candidate)
    n_all, n_least = len(candidate), options.least_samples
    if n_all <= n_least:
        raise QueryError(f"extrapolation needs more than {n_least} samples, not {n_all}")
    whole, chosen = _fit(reference), draws or np.random.default_rng(options.seed)
    points: list[tuple[int, float]] = []
    for n in np.linspace(n_least, n_all, options.n_sizes).astype(int).tolist():
        drawn = candidate[chosen.choice(n_all, size=n, replace=True)]
        points.append((n, _compare(whole, _fit(drawn)).value))
    return _draw_line(points)


def check_sets(reference: FloatArray, candidate: FloatArray) -> None:
    """Validate two sets.

    Raises:
        QueryError: a set has fewer than two samples or values that are not finite, or the sets
            differ in d.
    """
    _check(reference, "reference")
    _check(candidate, "candidate")
    dim, other = reference.shape[1], candidate.shape[1]
    if dim != other:
        raise QueryError(f"embeddings of {dim} and of {other} numbers do not compare")


def _check(vectors: FloatArray, role: str) -> None:
    if vectors.ndim != 2 or vectors.shape[1] < 1:
        raise QueryError(f"the {role} is no matrix of samples: its shape is {vectors.shape}")
    if len(vectors) < 2:
        raise QueryError(f"a covariance needs two samples or more: the {role} has {len(vectors)}")
    if not np.isfinite(vectors).all():
        raise QueryError(f"the {role} holds numbers that are not finite")


def _fit(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The mean (d,) of (n, d), and a factor (min(n, d), d) whose Fᵀ F is the covariance."""
    mean = vectors.mean(axis=0)
    factor = (vectors - mean) / np.sqrt(len(vectors) - 1)
    if len(factor) > factor.shape[1]:
        factor = np.linalg.qr(factor, mode="r")
    return mean, factor


def _compare(one: tuple[FloatArray, FloatArray], other: tuple[FloatArray, FloatArray]) -> Distance:
    (mean_one, factor_one), (mean_other, factor_other) = one, other
    means = float(np.sum((mean_one - mean_other) ** 2))
    traces = float(np.sum(factor_one**2) + np.sum(factor_other**2))
    roots = float(np.linalg.svd(factor_one @ factor_other.T, compute_uv=False).sum())
    return Distance(means, max(0.0, traces - 2 * roots))


def _draw_line(points: list[tuple[int, float]]) -> Extrapolation:
    """Fit a line to distances over 1 / N by least squares."""
    shares = 1 / np.array([n for n, _ in points], dtype=np.float64)
    distances = np.array([distance for _, distance in points])
    slope, value = np.polyfit(shares, distances, 1)
    left = float(np.sum((distances - (slope * shares + value)) ** 2))
    spread = float(np.sum((distances - distances.mean()) ** 2))
    # Equal distances have no variance to explain.
    r_squared = 1 - left / spread if spread > 0 else 1.0
    return Extrapolation(float(value), float(slope), r_squared, tuple(points))
