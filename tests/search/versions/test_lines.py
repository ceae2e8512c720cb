"""Lines in order, against the textbook's longest common subsequence."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from mvsearch.search.versions.lines import match_lines


def longest(one: str, other: str) -> int:
    @cache
    def count(i: int, j: int) -> int:
        if not (i and j):
            return 0
        if one[i - 1] == other[j - 1]:
            return count(i - 1, j - 1) + 1
        return max(count(i - 1, j), count(i, j - 1))

    return count(len(one), len(other))


def product(one: str, other: str) -> np.ndarray:
    return np.array([[float(a == b) for b in other] for a in one], dtype=np.float32)


def times(n: int, late: float = 0.0) -> np.ndarray:
    return 3.0 * np.arange(n) + late


@pytest.mark.parametrize("seed", range(8))
def test_as_many_pairs_as_the_longest_common_subsequence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = ("".join(rng.choice(list("abcde"), n)) for n in (14, 11))
    found = match_lines(product(one, other), (times(14), times(11)))
    assert found is not None
    assert len(found.pairs) == longest(one, other)
    assert all(one[i] == other[j] for i, j in found.pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(found.pairs))


def test_order_counts_and_a_refrain_counts_once() -> None:
    backwards = match_lines(product("abcdef", "fedcba"), (times(6), times(6)))
    assert backwards is not None
    assert backwards.n_distinct == 1
    kinds = np.array([0, 1, 0, 1, 0, 1])
    sung = match_lines(product("ababab", "ababab"), (times(6), times(6)), kinds=(kinds, kinds))
    assert sung is not None
    assert (len(sung.pairs), sung.n_distinct, sung.first_share) == (6, 2, 1)


def test_the_offset_is_how_much_later_lines_come() -> None:
    found = match_lines(product("abcd", "xabcd"), (times(4), times(5, 7.0)))
    assert found is not None
    assert found.offset_seconds == 10
    assert (found.first_share, found.second_share) == (1, 0.8)
    untimed = np.full(5, np.nan)
    assert (without := match_lines(product("abcd", "xabcd"), (times(4), untimed))) is not None
    assert without.offset_seconds is None


def test_nothing_shared_is_none() -> None:
    assert match_lines(product("abc", "xyz"), (times(3), times(3))) is None
