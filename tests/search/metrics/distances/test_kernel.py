import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.search.metrics.distances.kernel import KernelOptions, measure_kernel
from mvsearch.store.errors import QueryError
from tests.search.metrics.oracles import needs_oracles, read_case


@needs_oracles
def test_is_what_published_code_gives():
    case = read_case("inception_score_kid.json", "KID")
    random = np.random.RandomState(2)
    one, other = random.randn(60, 8), random.randn(50, 8) * 1.2 + 0.2
    options = KernelOptions(n_subsets=5)
    found = measure_kernel(one, other, options, np.random.RandomState(2020))
    assert (found.n_subsets, found.n_samples) == (5, 50)
    assert found.mean == pytest.approx(case["kernel_inception_distance_mean"], rel=1e-9)
    assert found.deviation == pytest.approx(case["kernel_inception_distance_std"], rel=1e-9)


def test_by_hand():
    # One number a row, d = 1. Own pairs: (0·1 + 1)³ = 1 and (2·3 + 1)³ = 343, each counted twice of
    # two; across: 0·2, 0·3, 1·2, 1·3 give 1, 1, 27, 64.
    one, other = np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]])
    found = measure_kernel(one, other)
    assert found.mean == pytest.approx(1 + 343 - 2 * (1 + 1 + 27 + 64) / 4)
    assert found.deviation == pytest.approx(0, abs=1e-9)


def test_one_distribution_has_no_bias():
    random = np.random.default_rng(4)
    drawn = [measure_kernel(*random.normal(size=(2, 20, 6))).mean for _ in range(60)]
    assert abs(np.mean(drawn)) < 3 * np.std(drawn) / math.sqrt(60)
    assert min(drawn) < 0


def test_the_seed_decides_the_subsets():
    random = np.random.default_rng(5)
    sets = random.normal(size=(40, 3)), random.normal(size=(30, 3)) + 0.5
    first, again, other = (measure_kernel(*sets, KernelOptions(10, 12, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.mean != other.mean
    assert_allclose(first.mean, other.mean, atol=5 * max(first.deviation, other.deviation))


@pytest.mark.parametrize(
    ("shape", "complaint"), [((1, 3), "two samples or more"), ((5, 4), "do not compare")]
)
def test_what_does_not_compare_is_refused(shape, complaint):
    with pytest.raises(QueryError, match=complaint):
        measure_kernel(np.ones((5, 3)), np.ones(shape))
    with pytest.raises(QueryError, match="not finite"):
        measure_kernel(np.ones((5, 3)), np.full((5, 3), np.nan))
    with pytest.raises(QueryError, match="one subset or more"):
        KernelOptions(n_subsets=0)
