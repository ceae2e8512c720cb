"""Keeps the best rows of each query, from answers in any order."""

import numpy as np

from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import Integers, Neighbours
from mvsearch.store.vectors.milvus.rows import SEGMENT_BITS, split_rows


class BestRows:
    """The n rows most similar to each of q queries so far; a row that is added twice counts once.

    Equal similarities are in the order of the videos, and of the segments in these.
    """

    def __init__(self, n_queries: int, n: int) -> None:
        self.n = n
        self._similarities: list[Matrix] = [np.zeros(0, dtype=np.float32)] * n_queries
        # Position of the video, and behind it that of the segment, as in the numbers of rows.
        self._places: list[Integers] = [np.zeros(0, dtype=np.int64)] * n_queries

    def add(self, at: int, similarities: Matrix, videos: Integers, segments: Integers) -> None:
        """Add rows (m,) to those of a query."""
        if not len(similarities):
            return
        places = np.concatenate([self._places[at], (videos << SEGMENT_BITS) | segments])
        places, firsts = np.unique(places, return_index=True)
        known = np.concatenate([self._similarities[at], similarities])[firsts]
        order = np.argsort(-known, kind="stable")[: self.n]
        self._similarities[at], self._places[at] = known[order], places[order]

    def find_lacking(self) -> Integers:
        """The queries with fewer than n rows."""
        lacking = [at for at, one in enumerate(self._places) if len(one) < self.n]
        return np.array(lacking, dtype=np.int64)

    def collect(self, k: int) -> Neighbours:
        """The rows as neighbours, with empty places behind the last."""
        n_queries = len(self._places)
        similarities = np.full((n_queries, k), -np.inf, dtype=np.float32)
        places = np.full((n_queries, k), -1, dtype=np.int64)
        for at, own in enumerate(self._places):
            similarities[at, : len(own)] = self._similarities[at]
            places[at, : len(own)] = own
        videos, segments = split_rows(places)
        return Neighbours(similarities, videos, np.where(places < 0, -1, segments))
