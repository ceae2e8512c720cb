import numpy as np
import pytest
from scipy.linalg import subspace_angles

from mvsearch.indexer.training.audiovisual.correlation import correlate, whiten
from mvsearch.store.errors import TrainingError
from mvsearch.store.records import Matrix


def make_sides(n: int) -> tuple[Matrix, Matrix, Matrix]:
    generator = np.random.default_rng(2)
    hidden = generator.normal(size=(n, 2))
    sides = []
    for dim in (5, 4):
        noise = generator.normal(size=(n, dim))
        sides.append((hidden @ generator.normal(size=(2, dim)) + noise).astype(np.float32))
    return sides[0], sides[1], np.full(n, 1 / n, np.float32)


def test_correlations_are_the_cosines_of_the_angles_between_the_two_sides() -> None:
    pictures, sounds, weights = make_sides(60)
    whitened = [
        whiten(side, weights, n_kept=9, shrinkage=0.0).apply(side) for side in (pictures, sounds)
    ]
    left, right = correlate(*whitened, weights, dim=4)
    made = [side @ projection for side, projection in zip(whitened, (left, right), strict=True)]
    found = [np.corrcoef(made[0][:, k], made[1][:, k])[0, 1] for k in range(4)]

    centred = [side - side.mean(axis=0) for side in (pictures, sounds)]
    expected = np.cos(subspace_angles(*centred))[::-1]  # Björck and Golub 1973
    np.testing.assert_allclose(found, expected, atol=1e-4)
    # Directions are as long as they are correlated, and those past the last one are zero.
    np.testing.assert_allclose(np.linalg.norm(left, axis=0), expected, atol=1e-4)
    assert not correlate(*whitened, weights, dim=6)[0][:, 4:].any()


@pytest.mark.parametrize("n", [4, 60])  # fewer and more windows than dimensions
def test_whitened_vectors_have_unit_covariance_but_for_the_shrinkage(n: int) -> None:
    pictures, _, weights = make_sides(n)
    centred = pictures - pictures.mean(axis=0)
    variances = np.sort(np.linalg.eigvalsh(centred.T @ centred / n))[::-1][: min(n - 1, 5)]
    for shrinkage in (0.0, 0.5):
        made = whiten(pictures, weights, n_kept=9, shrinkage=shrinkage).apply(pictures)
        covariance = made.T @ made / n
        expected = np.diag(variances / (variances + shrinkage * variances[0]))
        np.testing.assert_allclose(covariance, expected, atol=1e-4)


def test_where_all_vectors_are_equal_there_is_nothing_to_learn() -> None:
    same = np.ones((6, 3), np.float32)
    with pytest.raises(TrainingError, match="the same"):
        whiten(same, np.full(6, 1 / 6, np.float32), 2, 0.1)
