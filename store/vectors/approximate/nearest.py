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

# Cost of reading a row, and of finding one with lists and comparing it, in units of one comparison
# of a row in memory; and rows read in sequence in the time of one random read from a disk.
READING_COST, FINDING_COST, ROWS_A_PAGE = 30, 50, 1.6


class ApproximateIndex:
    """Searches rows by their codes, and compares all rows that have no code yet.

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
        """Find approximately the k nearest rows of each query; see `ExactIndex.search`."""
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
        """An index of a copy of the rows without a code; None if there are none."""
        if self._lists.n == len(self._rows):
            return None
        rows = self._rows[self._lists.n :].reshape(-1).view(np.uint8)
        head = np.zeros(HEAD_BYTES, np.uint8)
        return ExactIndex(np.concatenate([head, rows]), self._rows.shape[1])


def is_reading_cheaper(n_rows: int, n_queries: int, k: int) -> bool:
    """Whether reading all rows once costs less than a search with lists.

    For each query vector, lists find `REFINED_PER_WANTED` times k rows, which are compared one by
    one. Reading all rows must need less computation, and no more reads of pages (4 KB) from disk.

    Args:
        n_rows: number of allowed rows.
        n_queries: number of query vectors.
        k: number of neighbours.
    """
    n_found = n_queries * max(N_REFINED, REFINED_PER_WANTED * k)
    is_less_work = n_rows * (READING_COST + n_queries) <= FINDING_COST * n_found
    return is_less_work and n_rows <= ROWS_A_PAGE * n_found
