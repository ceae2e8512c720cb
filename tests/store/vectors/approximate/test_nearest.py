"""When lists are asked, and when all rows are read."""

import pytest

from mvsearch.store.vectors.approximate.nearest import is_reading_cheaper

# That a search asks for, for each video that is wanted.
NEIGHBOURS = 64


@pytest.mark.parametrize(
    ("n_rows", "n_queries", "n_wanted", "is_cheaper"),
    [
        (1_000_000, 1, 10, False),  # a phrase
        (1_000_000, 14, 10, False),  # a clip of five seconds
        (1_000_000, 400, 10, False),
        (1_000_000, 400, 500, True),  # most of a library is wanted
        (200_000, 1, 10, False),
        (200_000, 400, 100, True),
        (20_000, 14, 10, True),  # few that may be found
        (10**7, 400, 10, False),
    ],
)
def test_lists_are_read_through_where_they_would_find_most_rows_anyway(
    n_rows: int, n_queries: int, n_wanted: int, is_cheaper: bool
) -> None:
    k = NEIGHBOURS * n_wanted
    assert is_reading_cheaper(n_rows, n_queries, k) == is_cheaper


def test_a_long_index_is_never_read_for_what_lists_fetch_less_of() -> None:
    """Whatever the queries, to read all fetches no more pages of a disk than lists would."""
    for n_queries in (1, 10, 100, 1000):
        for n_wanted in (1, 10, 100, 1000):
            n_found = n_queries * 4 * NEIGHBOURS * n_wanted
            n_rows = int(2 * n_found)
            k = NEIGHBOURS * n_wanted
            assert not is_reading_cheaper(n_rows, n_queries, k)
