"""The vector index of a space whose placed vectors are rows in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.database.connection import Database
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.index import Integers, Neighbours, Scores
from mvsearch.store.vectors.pgvector.queries import (
    Allowed,
    Found,
    read_rows,
    score_videos,
    search_rows,
)
from mvsearch.store.vectors.remote.contents import Contents
from mvsearch.store.vectors.remote.kept import KeptVectors, VideoVectors
from mvsearch.store.vectors.remote.remote_index import MAX_COMPARED, RemoteIndex

# Costs in microseconds, measured with 512 numbers a vector: of comparing a row, of searching with
# the index and of each row that it finds, of reading a row to score it, and of each product then.
COMPARING, SEARCHING, FINDING, SCORING, MULTIPLYING = 1.2, 1500, 15, 0.7, 0.2
# Neighbours beyond which all rows are compared.
MAX_LISTED_K = 5000


class PgvectorIndex(RemoteIndex):
    """A `VectorIndex` in PostgreSQL; inside `Library.holding` it reads the held state.

    Args:
        space: of the vectors.
        contents: the videos of this state.
        centre: (dim,) float32.
        database: of the library.
        kept: what was read of this placement.
        n_probed: how many rows the index of the server keeps in view; 0 where there is none, and
            every row is compared.
        recall: of the index of the server; 1 without it.
    """

    def __init__(
        self,
        space: Space,
        contents: Contents,
        centre: Matrix,
        database: Database,
        kept: KeptVectors,
        *,
        n_probed: int = 0,
        recall: float = 1.0,
    ) -> None:
        super().__init__(space, contents, centre, database, kept)
        self._n_probed = n_probed
        self.recall = recall

    @property
    def is_exact(self) -> bool:
        """Whether `search` always finds the nearest rows."""
        return self._n_probed == 0

    def search(
        self,
        queries: Matrix,
        k: int,
        within: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Neighbours:
        """Find the k nearest rows of each query; of equal ones, by video id and segment.

        With the index of the server unless few rows are allowed.
        """
        places = np.full((2, len(queries), k), -1, dtype=np.int64)
        similarities = np.full((len(queries), k), -np.inf, dtype=np.float32)
        allowed, n_allowed = self._restrict(within, left_out)
        n_found = min(k, n_allowed)
        if n_found and len(queries):
            effort = self._choose(n_found, n_allowed)
            lacking = self._fill(places, similarities, queries, n_found, allowed, effort)
            if effort is not None and len(lacking):
                part = places[:, lacking], similarities[lacking]
                self._fill(*part, queries[lacking], n_found, allowed, None)
                places[:, lacking], similarities[lacking] = part
        return Neighbours(similarities, places[0], places[1])

    def score_sets(self, queries: Matrix, video_ids: Sequence[str]) -> Scores:
        """Compute the mean over the query vectors of the best match in each video, exactly."""
        held = {name: at for name in video_ids if (at := self.contents.position(name)) is not None}
        if not held:
            return np.full(len(video_ids), np.nan)
        handles = self.contents.handles
        with self._database.reading() as session:
            chosen = handles[list(held.values())]
            scores = score_videos(session, self.placement, queries, chosen)
        known = {name: scores.get(int(handles[at]), np.nan) for name, at in held.items()}
        return np.array([known.get(name, np.nan) for name in video_ids], dtype=np.float64)

    def is_scoring_cheaper(self, n_queries: int, k: int, video_ids: Sequence[str]) -> bool:
        """Whether comparing all rows of these videos costs less than a search."""
        if self.is_exact:
            return True
        n_rows = self.contents.n
        if len(video_ids) < len(self.contents.video_ids):
            n_rows = int(self.contents.counts[self.contents.find(video_ids)].sum())
        cost = n_rows * (SCORING + MULTIPLYING * n_queries)
        return n_rows <= MAX_COMPARED or cost <= n_queries * (SEARCHING + FINDING * k)

    def is_intact(self, reader: VectorReader) -> bool:
        """Whether all was found that was asked for: a transaction sees one state."""
        return not self._is_broken

    def _fetch(self, handles: Sequence[int]) -> Mapping[int, VideoVectors]:
        """Read vectors by their handles."""
        with self._database.reading() as session:
            rows = read_rows(session, self.placement, self.space.dim, handles)
        return {handle: VideoVectors.widen(*row) for handle, row in rows.items()}

    def _restrict(
        self, within: Collection[str] | None, left_out: Collection[str]
    ) -> tuple[Allowed, int]:
        """The allowed videos, and how many rows they have."""
        contents = self.contents
        out = contents.find(set(left_out))
        if within is None and 2 * len(out) <= len(contents.video_ids):
            n_allowed = contents.n - int(contents.counts[out].sum())
            return Allowed(None, contents.handles[out]), n_allowed
        chosen = np.arange(len(contents.handles)) if within is None else contents.find(set(within))
        chosen = np.setdiff1d(chosen, out)
        return Allowed(contents.handles[chosen]), int(contents.counts[chosen].sum())

    def _choose(self, k: int, n_allowed: int) -> int | None:
        """How many rows the index keeps in view; None if comparing all allowed rows costs less."""
        cost = (SEARCHING + FINDING * k) * self.n / n_allowed
        if self.is_exact or k > MAX_LISTED_K or n_allowed * COMPARING <= cost:
            return None
        return max(self._n_probed, k)

    def _fill(
        self,
        places: Integers,
        similarities: Matrix,
        queries: Matrix,
        k: int,
        allowed: Allowed,
        effort: int | None,
    ) -> Integers:
        """Write what is found into arrays; returns the queries that lack some."""
        with self._database.reading() as session:
            found = search_rows(session, self.placement, queries, k, allowed, effort)
        videos = self.contents.locate(found.handles)
        is_known = videos >= 0  # others came after this state
        at, rank, order = _rank(found, videos, is_known, k)
        places[0, at, rank], places[1, at, rank] = videos[order], found.segments[order]
        similarities[at, rank] = found.similarities[order]
        n_each = np.bincount(at, minlength=len(queries))
        return np.flatnonzero(n_each < k)


def _rank(
    found: Found, videos: Integers, is_known: np.ndarray, k: int
) -> tuple[Integers, Integers, Integers]:
    """Put what was found in order: the query, the rank below k and the row of each that stays."""
    order = np.lexsort((found.segments, videos, -found.similarities, found.queries))
    order = order[is_known[order]]
    queries = found.queries[order]
    firsts = np.searchsorted(queries, queries, side="left")
    rank = np.arange(len(queries)) - firsts
    is_kept = rank < k
    return queries[is_kept], rank[is_kept], order[is_kept]
