"""Finds the towers with the most correlated projections, in closed form: regularised CCA.

Canonical correlation analysis (Hotelling 1936) whitens both sides and takes the singular vectors
of what is left of their covariance; the shrinkage of the whitening is that of canonical ridge
(Vinod 1976). Of few videos it learns more than gradients do, so it is what a training starts from
and what it is compared with.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import TrainingError
from mvsearch.store.records import Matrix

Reals = npt.NDArray[np.float64]

# Relative variance below which there is rounding alone.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """A basis in which vectors have no mean and, nearly, no covariance but the unit one.

    Attributes:
        centre: (dim,) float32.
        basis: (dim, r) float32.
    """

    centre: Matrix
    basis: Matrix

    def apply(self, vectors: Matrix) -> Matrix:
        """Map (n, dim) to (n, r)."""
        made: Matrix = np.matmul(vectors - self.centre, self.basis, dtype=np.float32)
        return made


def whiten(vectors: Matrix, weights: Matrix, n_kept: int, shrinkage: float) -> Whitening:
    """Find the directions of most variance, and scale each to a variance of about one.

    Args:
        vectors: (n, dim) float32.
        weights: (n,) that add up to one.
        n_kept: number of directions, fewer where there are not so many.
        shrinkage: share of the largest variance that is added to each before the scaling, so that
            directions of little variance, which are mostly noise, stay small.

    Raises:
        TrainingError: all vectors are equal.
    """
    centre: Reals = weights.astype(np.float64) @ vectors
    rows: Reals = (vectors - centre) * np.sqrt(weights.astype(np.float64))[:, None]
    variances, directions = _find_directions(rows)
    if variances[0] <= ROUNDING * float(np.mean(np.square(vectors, dtype=np.float64))):
        raise TrainingError("all pictures or all sounds are the same: there is nothing to learn")
    is_kept = variances[:n_kept] > ROUNDING * variances[0]
    kept = variances[:n_kept][is_kept]
    scales = np.sqrt(kept + shrinkage * kept[0])
    basis = directions[:, :n_kept][:, is_kept] / scales
    return Whitening(centre.astype(np.float32), basis.astype(np.float32))


def _find_directions(rows: Reals) -> tuple[Reals, Reals]:
    """Variances, falling, and directions as columns, by the smaller of the two Gram matrices."""
    if len(rows) < rows.shape[1]:
        _, scales, directions = np.linalg.svd(rows, full_matrices=False)
        return scales**2, directions.T
    variances, directions = np.linalg.eigh(rows.T @ rows)
    return np.maximum(variances[::-1], 0.0), directions[:, ::-1]


def correlate(pictures: Matrix, sounds: Matrix, weights: Matrix, dim: int) -> tuple[Matrix, Matrix]:
    """Find the projections of two whitened sides that correlate most.

    Args:
        pictures: (n, r) whitened.
        sounds: (n, s) whitened, of the same windows.
        weights: (n,) that add up to one.
        dim: of the projections; further ones would be zero where there are fewer.

    Returns:
        (r, dim) and (s, dim) float32. Each direction is scaled by its correlation, so that the
        cosine is led by those that the two sides share.
    """
    shared = (pictures * weights[:, None]).T.astype(np.float64) @ sounds
    left, correlations, right = np.linalg.svd(shared, full_matrices=False)
    n = min(dim, len(correlations))
    made = left[:, :n] * correlations[:n], right[:n].T * correlations[:n]
    return _pad(made[0], dim), _pad(made[1], dim)


def _pad(matrix: Reals, dim: int) -> Matrix:
    padded: Matrix = np.pad(matrix, ((0, 0), (0, dim - matrix.shape[1]))).astype(np.float32)
    return padded
