"""The vector index of a space in Milvus, which finds rows of videos that the catalogue knows."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mvsearch.store.database.blobs import normalise
from mvsearch.store.database.connection import Database
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.exact.centering import place_vectors
from mvsearch.store.vectors.index import Integers, Neighbours
from mvsearch.store.vectors.milvus.best import BestRows
from mvsearch.store.vectors.milvus.building import read_stored
from mvsearch.store.vectors.milvus.client import MissingCollectionError
from mvsearch.store.vectors.milvus.collection import MAX_CHOSEN, MAX_K, Hits, MilvusCollection
from mvsearch.store.vectors.milvus.rows import choose_handles, split_rows
from mvsearch.store.vectors.remote.contents import Contents
from mvsearch.store.vectors.remote.kept import KeptVectors, VideoVectors
from mvsearch.store.vectors.remote.placements import Placement
from mvsearch.store.vectors.remote.remote_index import N_READ, RemoteIndex

# From this share of the videos on, those that may not be found are dropped from the answers.
MIN_SHARE = 0.1

Mask = npt.NDArray[np.bool_]


class MilvusIndex(RemoteIndex):
    """A `VectorIndex` whose search is that of a Milvus collection.

    The collection holds the rows of the newest state, and for a while those of others. So each row
    is looked up among the videos of this state, and the others are dropped. Vectors and times are
    read from the catalogue, which holds each video's as one row.

    Args:
        space: of the vectors.
        placement: that the collection holds.
        contents: the videos of this state.
        collection: of the placement.
        database: of the library.
        kept: see `RemoteIndex`.
        unplaced: handles whose vectors the collection lacks; they are compared here.
    """

    def __init__(
        self,
        space: Space,
        placement: Placement,
        contents: Contents,
        collection: MilvusCollection,
        database: Database,
        kept: KeptVectors,
        unplaced: Collection[int] = (),
    ) -> None:
        super().__init__(space, contents, placement.centre, database, kept)
        self.is_exact = not placement.n_listed
        self.recall = placement.recall
        self._collection = collection
        at = contents.locate(np.array(list(unplaced), dtype=np.int64))
        self._unplaced = at[at >= 0]

    def search(
        self,
        queries: Matrix,
        k: int,
        within: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Neighbours:
        """Find the k rows most similar to each query."""
        is_allowed = self._find_allowed(within, left_out)
        n_allowed = int(self.contents.counts[is_allowed].sum())
        best = BestRows(len(queries), min(k, n_allowed))
        if best.n and len(queries):
            try:
                self._ask_server(queries, is_allowed, best)
            except MissingCollectionError as error:
                raise MvsearchError(
                    f"the Milvus server {self._collection.server.address} has lost the vectors of"
                    f" {self.space.key}; to write them again: mvsearch check --repair"
                ) from error
            self._compare(queries, self._unplaced[is_allowed[self._unplaced]], best)
            lacking = best.find_lacking()
            if len(lacking):  # rows that a graph does not lead to, or that the server lost
                self._compare(queries, np.flatnonzero(is_allowed), best, lacking)
        return best.collect(k)

    def _find_allowed(self, within: Collection[str] | None, left_out: Collection[str]) -> Mask:
        """(videos,) whether a video may be found."""
        is_allowed: Mask = np.full(len(self.video_ids), within is None)
        if within is not None:
            is_allowed[self.contents.find(within)] = True
        is_allowed[self.contents.find(left_out)] = False
        return is_allowed

    def _ask_server(self, queries: Matrix, is_allowed: Mask, best: BestRows) -> None:
        """Search the collection, with larger k where rows that may not be found take the places."""
        for chosen, is_chosen in self._plan(is_allowed):
            n_chosen = int(self.contents.counts[is_chosen].sum())
            wanted, waiting = min(best.n, n_chosen), np.arange(len(queries))
            # Where nothing is left out by the server, some of what it finds is dropped.
            limit = best.n if chosen else int(best.n * self.n / max(1, n_chosen))
            while len(waiting) and limit <= MAX_K:
                found = self._collection.search(queries[waiting], limit, chosen)
                waiting = np.array(
                    [
                        at
                        for at, hits in zip(waiting.tolist(), found, strict=True)
                        if self._add(at, hits, is_chosen, best) < wanted and len(hits.rows) == limit
                    ],
                    dtype=np.int64,
                )
                limit = MAX_K if limit < MAX_K < 4 * limit else 4 * limit
            for at in waiting.tolist():
                self._go_through(queries[at], at, chosen, is_chosen, best, wanted)

    def _plan(self, is_allowed: Mask) -> Iterator[tuple[str, Mask]]:
        """Expressions that together choose the allowed videos, and the videos of each."""
        handles = self.handles
        allowed, others = np.flatnonzero(is_allowed), np.flatnonzero(~is_allowed)
        if not len(others):
            yield "", is_allowed
        elif len(allowed) > MAX_CHOSEN and len(others) <= MAX_CHOSEN:
            yield choose_handles(handles[others].tolist(), are_left_out=True), is_allowed
        elif len(allowed) > MAX_CHOSEN and len(allowed) >= MIN_SHARE * len(handles):
            yield "", is_allowed
        else:
            for first in range(0, len(allowed), MAX_CHOSEN):
                some = allowed[first : first + MAX_CHOSEN]
                is_chosen: Mask = np.zeros(len(handles), dtype=np.bool_)
                is_chosen[some] = True
                yield choose_handles(handles[some].tolist()), is_chosen

    def _go_through(
        self, query: Matrix, at: int, chosen: str, is_chosen: Mask, best: BestRows, wanted: int
    ) -> None:
        """Search deeper than one request can, in the order of similarity."""
        n_added = 0
        for hits in self._collection.iter_nearest(query, chosen):
            n_added += self._add(at, hits, is_chosen, best)
            if n_added >= wanted:
                return

    def _add(self, at: int, hits: Hits, is_allowed: Mask, best: BestRows) -> int:
        """Add the rows of a query that are of this state and may be found; how many these are."""
        handles, segments = split_rows(hits.rows)
        videos = self.contents.locate(handles)
        is_ours = (videos >= 0) & is_allowed[videos] & (segments < self.contents.counts[videos])
        best.add(at, hits.similarities[is_ours], videos[is_ours], segments[is_ours])
        return int(is_ours.sum())

    def _compare(
        self, queries: Matrix, videos: Integers, best: BestRows, only: Integers | None = None
    ) -> None:
        """Compare all vectors of some videos with some queries."""
        some = np.arange(len(queries)) if only is None else only
        for first in range(0, len(videos), N_READ):
            part = videos[first : first + N_READ]
            read = self.read([self.video_ids[at] for at in part])
            sizes = [len(vectors) for vectors in read]
            owners, segments = np.repeat(part, sizes), np.concatenate(list(map(np.arange, sizes)))
            similarities = queries[some] @ np.concatenate(read).T
            for at, row in zip(some.tolist(), similarities, strict=True):
                best.add(at, row, owners, segments)

    def _fetch(self, handles: Sequence[int]) -> Mapping[int, VideoVectors]:
        """Read vectors from the catalogue."""
        with self._database.reading() as session:
            return {
                handle: VideoVectors.make(
                    place_vectors(normalise(stored.vectors), self.centre),
                    stored.starts,
                    stored.ends,
                )
                for handle, stored in read_stored(session, self.space, handles)
            }
