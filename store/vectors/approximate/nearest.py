"""Approximate nearest neighbours: inverted lists find likely rows, which are compared exactly."""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from mvsearch.store.database.blobs import HalfMatrix, widen
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.approximate.inverted_lists import (
    N_REFINED,
    REFINED_PER_WANTED,
    InvertedLists,
)
from mvsearch.store.vectors.exact.best_match import multiply
from mvsearch.store.vectors.exact.nearest import ExactIndex
from mvsearch.store.vectors.exact.row_file import HEAD_BYTES
from mvsearch.store.vectors.exact.row_table import Rows

# What it costs to read a row, and to find one by lists and compare it, in comparisons of a read row
# with a query vector; and rows that are read on end while one is fetched from elsewhere on a disk.
READING_COST, FINDING_COST, ROWS_A_PAGE = 30, 50, 1.6


class ApproximateIndex:
    """Rows searched by their codes, and those that have none yet one and all.

    Args:
        rows: (n, dim) float16.
        lists: the codes of the first rows.
    """

    def __init__(self, rows: HalfMatrix, lists: InvertedLists) -> None:
        self._rows = rows
        self._lists = lists

    def search(
        self, queries: Matrix, k: int, is_allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Matrix, Rows]:
        """About the k nearest rows of each query; see `ExactIndex.search`."""
        n_coded = self._lists.n
        is_listed = None if is_allowed is None else is_allowed[:n_coded]
        listed = self._lists.find_enough(queries, k, is_listed)
        similarities = np.full((len(queries), k), -np.inf, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        for at, query in enumerate(queries):
            found = listed[at][listed[at] >= 0]
            near = multiply(query[None], widen(self._rows[found]))[0]
            if self._tail is not None:
                allowed = None if is_allowed is None else is_allowed[n_coded:]
                late = self._tail.search(query[None], min(k, self._tail.n), allowed)
                is_there = late[1][0] >= 0
                near = np.concatenate([near, late[0][0][is_there]])
                found = np.concatenate([found, late[1][0][is_there] + n_coded])
            order = np.argsort(-near, kind="stable")[:k]
            similarities[at, : len(order)], rows[at, : len(order)] = near[order], found[order]
        return similarities, rows

    @cached_property
    def _tail(self) -> ExactIndex | None:
        """The rows that have no code yet, few enough to be copied."""
        if self._lists.n == len(self._rows):
            return None
        rows = self._rows[self._lists.n :].reshape(-1).view(np.uint8)
        head = np.zeros(HEAD_BYTES, np.uint8)
        return ExactIndex(np.concatenate([head, rows]), self._rows.shape[1])


def is_reading_cheaper(n_rows: int, n_queries: int, k: int) -> bool:
    """Whether to read all rows once costs less than to look for neighbours in lists.

    For each query vector lists find `REFINED_PER_WANTED` times k rows and compare them one by one;
    to read on must be less work than that, and no more to fetch from a disk (in pages of 4 KB).

    Args:
        n_rows: those that may be found.
        n_queries: vectors that are asked.
        k: neighbours that would be looked for.
    """
    n_found = n_queries * max(N_REFINED, REFINED_PER_WANTED * k)
    is_less_work = n_rows * (READING_COST + n_queries) <= FINDING_COST * n_found
    return is_less_work and n_rows <= ROWS_A_PAGE * n_found
