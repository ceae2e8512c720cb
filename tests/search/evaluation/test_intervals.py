"""Intervals against scipy's bootstrap, numpy's medians and the coverage that they promise."""

import numpy as np
import pytest
from scipy import stats

from mvsearch.search.evaluation.intervals import (
    BootstrapOptions,
    Interval,
    average_resamples,
    draw_resamples,
    span_interval,
    take_medians,
)

MANY = BootstrapOptions(n_resamples=20_000, seed=3)


def interval_of_mean(values: np.ndarray, sources: list[str], options: BootstrapOptions) -> Interval:
    resamples = draw_resamples(sources, options)
    interval = span_interval(average_resamples(values, resamples), resamples.n_sources)
    assert interval is not None
    return interval


def test_of_one_query_a_video_it_is_that_of_scipy() -> None:
    values = np.random.default_rng(1).exponential(size=40)
    ours = interval_of_mean(values, [f"v{at}" for at in range(40)], MANY)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.01)
    assert ours.high == pytest.approx(theirs.high, abs=0.01)


def test_of_clusters_it_is_that_of_scipy_over_their_means() -> None:
    """With as many queries each, drawing videos is drawing their means."""
    values = np.random.default_rng(4).normal(size=(25, 6)) + np.arange(25)[:, None]
    sources = [f"v{at}" for at in range(25) for _ in range(6)]
    ours = interval_of_mean(values.ravel(), sources, MANY)
    theirs = stats.bootstrap(
        (values.mean(axis=1),), np.mean, n_resamples=20_000, method="percentile", rng=5
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.1)
    alone = interval_of_mean(values.ravel(), [str(at) for at in range(150)], MANY)
    assert ours.high - ours.low > 1.8 * (alone.high - alone.low)


def test_medians_are_those_of_the_drawn_queries() -> None:
    generator = np.random.default_rng(6)
    sources = [f"v{at % 5}" for at in range(23)]
    values = generator.integers(1, 9, size=23).astype(float)
    values[[2, 11]] = np.nan
    resamples = draw_resamples(sources, BootstrapOptions(n_resamples=200, seed=1))
    for weights, median in zip(resamples.weights, take_medians(values, resamples), strict=True):
        drawn = np.repeat(values, weights)
        known = drawn[~np.isnan(drawn)]
        assert median == (np.median(known) if known.size else pytest.approx(np.nan, nan_ok=True))


def test_a_resample_without_a_value_has_none() -> None:
    values = np.array([1.0, np.nan])
    resamples = draw_resamples(["a", "b"], BootstrapOptions(n_resamples=64, seed=1))
    only_b = resamples.weights[:, 0] == 0
    assert only_b.any()
    for drawn in (average_resamples(values, resamples), take_medians(values, resamples)):
        assert np.isnan(drawn[only_b]).all()
        assert (drawn[~only_b] == 1).all()
    assert np.isnan(take_medians(np.full(2, np.nan), resamples)).all()


def test_of_one_video_nothing_can_be_said() -> None:
    resamples = draw_resamples(["a", "a", "a"])
    drawn = average_resamples(np.array([0.0, 1.0, 1.0]), resamples)
    assert span_interval(drawn, resamples.n_sources) is None
    assert span_interval(np.full(9, np.nan), 5) is None


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    values = np.arange(30.0)
    sources = [str(at) for at in range(30)]
    first = interval_of_mean(values, sources, BootstrapOptions(seed=1))
    assert interval_of_mean(values, sources, BootstrapOptions(seed=1)) == first
    assert interval_of_mean(values, sources, BootstrapOptions(seed=2)) != first


def test_it_holds_the_truth_about_as_often_as_it_says() -> None:
    """Videos differ in how easy they are; queries of one go together."""
    generator = np.random.default_rng(8)
    sources = [str(at) for at in range(40) for _ in range(4)]
    n_held = 0
    for seed in range(300):
        ease = np.repeat(generator.beta(4, 2, size=40), 4)
        values = (generator.uniform(size=160) < ease).astype(float)
        interval = interval_of_mean(values, sources, BootstrapOptions(n_resamples=400, seed=seed))
        n_held += interval.low <= 4 / 6 <= interval.high
    assert 0.90 <= n_held / 300 <= 0.98
