"""Dynamic time warping against published FastDTW's numbers, brute force and hand arithmetic."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from mvsearch.search.metrics.distances.warping import MAX_CELLS, Distance, Warping, warp
from mvsearch.store.errors import QueryError
from tests.search.metrics.oracles import read_oracle


def column(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)[:, None]


def warp_slowly(first: np.ndarray, second: np.ndarray, distance: Distance) -> float:
    """The definition itself, cell by cell."""
    local = cdist(first, second, distance)
    costs = np.full((len(first) + 1, len(second) + 1), np.inf)
    costs[0, 0] = 0.0
    for i in range(len(first)):
        for j in range(len(second)):
            costs[i + 1, j + 1] = local[i, j] + min(costs[i, j + 1], costs[i + 1, j], costs[i, j])
    return float(costs[-1, -1])


def check_path(warping: Warping, first: np.ndarray, second: np.ndarray, how: Distance) -> None:
    """The path goes from end to end in single steps, and costs what the distance says."""
    path = warping.path
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [len(first) - 1, len(second) - 1]
    steps = np.diff(path, axis=0)
    assert ((steps >= 0) & (steps <= 1)).all()
    assert (steps.sum(axis=1) >= 1).all()
    local = cdist(first, second, how)
    assert local[path[:, 0], path[:, 1]].sum() == pytest.approx(warping.distance)
    assert warping.mean_step == pytest.approx(warping.distance / len(path))


def test_by_hand_one_waits_for_the_other() -> None:
    # 1-2, 2-2, 3-3, 4-4, 5-4: two steps of one each.
    found = warp(column([1, 2, 3, 4, 5]), column([2, 3, 4]))
    assert found.distance == 2
    assert found.path.tolist() == [[0, 0], [1, 0], [2, 1], [3, 2], [4, 2]]
    # One element waits through all of the other sequence.
    assert warp(column([3]), column([1, 2, 5])).distance == 2 + 1 + 2


def test_distances_of_several_dimensions_by_hand() -> None:
    first, second = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0]])
    assert warp(first, second, distance="euclidean").distance == 5
    assert warp(first, second, distance="cityblock").distance == 7


def test_of_equal_ways_back_the_first_sequence_is_gone_back_in_first() -> None:
    expected = [[0, j] for j in range(5)] + [[i, 4] for i in range(1, 7)]
    assert warp(column([0] * 7), column([0] * 5)).path.tolist() == expected


def make_inputs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What the formulas of the reference data stand for, by description."""
    draw = np.random.RandomState(0)
    many = draw.randn(30, 12), draw.randn(37, 12)
    walk = np.random.RandomState(1)
    return {
        "docstring": (column([1, 2, 3, 4, 5]), column([2, 3, 4])),
        "sine": (
            column(np.sin(np.linspace(0, 6, 40))),
            column(np.sin(np.linspace(0, 6, 55) + 0.4)),
        ),
        "2d L1 default": many,
        "2d p=2": many,
        "random walk": (column(np.cumsum(walk.randn(101))), column(np.cumsum(walk.randn(80)))),
        "constants (ties)": (column([0] * 7), column([0] * 5)),
        "single": (column([3]), column([1, 2, 5])),
    }


def test_distances_and_paths_are_those_of_published_code() -> None:
    """slaypni/fastdtw @ea13ae2: every case, each step of its path included."""
    inputs = make_inputs()
    cases = [c for c in read_oracle("fastdtw.json")["cases"] if c["func"] == "dtw(exact)"]
    assert len(cases) == 5
    for case in cases:
        first, second = inputs[case["desc"]]
        how: Distance = "euclidean" if case["dist"] == "2" else "cityblock"
        found = warp(first, second, how)
        assert found.distance == pytest.approx(case["distance"], rel=1e-9), case["desc"]
        assert len(found.path) == case["path_len"]
        if case["path"] is not None:
            assert found.path.tolist() == case["path"]
        if "path_sum" in case:
            assert found.path.sum(axis=0).tolist() == case["path_sum"]


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 3),
    st.sampled_from(["euclidean", "cityblock"]),
    st.integers(0, 2**32 - 1),
)
def test_the_path_is_the_cheapest(n: int, m: int, dim: int, how: Distance, seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = draw.normal(size=(n, dim)).cumsum(axis=0), draw.normal(size=(m, dim))
    least = warp_slowly(first, second, how)
    exact = warp(first, second, how)
    assert exact.distance == pytest.approx(least)
    check_path(exact, first, second, how)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (np.zeros((0, 2)), np.zeros((3, 2)), "empty"),
        (np.zeros((3, 2)), np.zeros((3, 1)), "cannot be compared"),
        (np.zeros(3), np.zeros(3), "cannot be compared"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "no numbers"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    first: np.ndarray, second: np.ndarray, why: str
) -> None:
    with pytest.raises(QueryError, match=why):
        warp(first, second)


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(QueryError, match="euclidean or cityblock"):
        warp(column([1]), column([1]), "cosine")  # type: ignore[arg-type]


def test_too_long_a_pair_says_what_to_take() -> None:
    side = int(MAX_CELLS**0.5) + 1
    long = np.zeros((side, 1))
    with pytest.raises(QueryError, match="take fewer seconds"):
        warp(long, long)
