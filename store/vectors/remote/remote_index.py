"""What every vector index on a server does alike: it knows the videos, and reads few of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select

from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.index_tables import IndexedVideoRow
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.exact.centering import place_vectors
from mvsearch.store.vectors.index import Integers, Scores, Spans
from mvsearch.store.vectors.remote.contents import Contents
from mvsearch.store.vectors.remote.kept import KeptVectors, VideoVectors

# Up to so many vectors, comparing all costs less than finding candidates first.
MAX_COMPARED = 20_000
# Videos that are read by one statement.
N_READ = 400


class RemoteIndex(ABC):
    """The base of a `VectorIndex` whose vectors lie on a server; `_fetch` and `search` are missing.

    Args:
        space: of the vectors.
        contents: the videos of this state.
        centre: (dim,) float32; see `centering.find_centre`.
        database: of the library.
        kept: what was read of this placement, also by indexes of other states.
    """

    is_remote = True

    def __init__(
        self,
        space: Space,
        contents: Contents,
        centre: Matrix,
        database: Database,
        kept: KeptVectors,
    ) -> None:
        self.space = space
        self.contents = contents
        self.centre = centre
        self.generation = contents.generation
        self.placement = contents.placement
        self._database = database
        self._kept = kept
        self._is_broken = False

    @property
    def n(self) -> int:
        """The number of vectors."""
        return self.contents.n

    @property
    def video_ids(self) -> tuple[str, ...]:
        """The ids of the videos with vectors, sorted."""
        return self.contents.video_ids

    @property
    def handles(self) -> Integers:
        """(videos,) the handle of each of `video_ids`; see `IndexedVideoRow`."""
        return self.contents.handles

    def place(self, queries: Matrix) -> Matrix:
        """Convert unit vectors (q, dim) of an encoder for `search`; see `place_vectors`."""
        return place_vectors(queries, self.centre)

    def count(self, video_id: str) -> int:
        """The number of vectors of a video."""
        at = self.contents.position(video_id)
        return 0 if at is None else int(self.contents.counts[at])

    def vectors(self, video_id: str) -> Matrix:
        """The unit vectors of a video in the coordinates of the index, read-only."""
        return self._read([video_id])[0].vectors

    def read(self, video_ids: Sequence[str]) -> list[Matrix]:
        """The `vectors` of several videos, asked for at once."""
        return [one.vectors for one in self._read(video_ids)]

    def spans(self, video_id: str) -> Spans:
        """The times of a video's vectors, which are read with these."""
        return self._read([video_id])[0].spans

    def resolve(self, handles: Integers) -> Integers:
        """The positions in `video_ids` of the videos of handles; -1 for a removed one."""
        return self.contents.locate(handles)

    def is_scoring_cheaper(self, n_queries: int, k: int, video_ids: Sequence[str]) -> bool:
        """Whether these videos have so few vectors that all are compared."""
        return len(video_ids) <= MAX_COMPARED and sum(map(self.count, video_ids)) <= MAX_COMPARED

    def score_sets(self, queries: Matrix, video_ids: Sequence[str]) -> Scores:
        """Compute the mean over the query vectors of the best match in each video, exactly."""
        scores = np.full(len(video_ids), np.nan)
        held = [at for at, video_id in enumerate(video_ids) if self.count(video_id)]
        for some in in_batches(held, N_READ):
            read = self.read([video_ids[at] for at in some])
            firsts = np.cumsum([0, *map(len, read[:-1])])
            similarities = queries @ np.concatenate(read).T
            best = np.maximum.reduceat(similarities, firsts, axis=1)
            scores[some] = best.mean(axis=0, dtype=np.float64)
        return scores

    def is_intact(self, reader: VectorReader) -> bool:
        """Whether all was found that was asked for, and no video was removed meanwhile."""
        if self._is_broken:
            return False
        key = self.space.key
        if self.generation == reader.generation(key, is_newest=True):
            return True
        row = IndexedVideoRow
        gone = select(row.handle).where(
            row.space_key == key, row.generation > self.generation, row.video_id.is_(None)
        )
        with self._database.reading(is_newest=True) as session:
            handles = np.array(session.scalars(gone).all(), dtype=np.int64)
        return not (self.contents.locate(handles) >= 0).any()

    @abstractmethod
    def _fetch(self, handles: Sequence[int]) -> Mapping[int, VideoVectors]:
        """Read vectors from the server by their handles; those that are gone are left out."""

    def _read(self, video_ids: Sequence[str]) -> list[VideoVectors]:
        contents = self.contents
        places = {video_id: contents.position(video_id) for video_id in video_ids}
        counts = {
            int(contents.handles[at]): int(contents.counts[at])
            for at in places.values()
            if at is not None
        }
        found = self._kept.find(counts)
        for some in in_batches([handle for handle in counts if handle not in found], N_READ):
            fetched = self._fetch(some)
            for handle in some:
                known = fetched.get(handle)
                if known is not None and len(known.vectors) == counts[handle]:
                    self._kept.keep(handle, known)
                else:
                    self._is_broken = True  # removed meanwhile
                    known = VideoVectors.make_empty(counts[handle], self.space.dim)
                found[handle] = known
        none = VideoVectors.make_empty(0, self.space.dim)
        at_of = [places[video_id] for video_id in video_ids]
        return [none if at is None else found[int(contents.handles[at])] for at in at_of]
