"""Reads the vectors of a space at one generation, video by video."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.blobs import StoredVectors
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows import row_to_space
from mvsearch.store.database.tables import EmbeddingRow, SpaceRow
from mvsearch.store.database.vector_rows import row_to_vectors

# Videos read by one statement; SQLite's own builds began at 999 values in one.
N_AT_ONCE = 64


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One state of a space; it stands while it is read, whoever writes meanwhile.

    Attributes:
        generation: of the space; 0 where it is unknown.
        versions: by video id, the generation at which its vectors came; another number means
            other vectors.
    """

    session: Session
    space_key: str
    dim: int
    generation: int
    versions: Mapping[str, int]

    def read(self, video_ids: Sequence[str]) -> Iterator[StoredVectors]:
        """The vectors of some videos, in the order asked for, a few in memory at once."""
        for some in in_batches(video_ids, N_AT_ONCE):
            query = select(
                EmbeddingRow.video_id, EmbeddingRow.vectors, EmbeddingRow.starts, EmbeddingRow.ends
            ).where(EmbeddingRow.space_key == self.space_key, EmbeddingRow.video_id.in_(some))
            rows = {row.video_id: row for row in self.session.execute(query)}
            for video_id in some:
                yield row_to_vectors(rows[video_id], self.dim, self.versions[video_id])


class VectorReader(DatabaseReader):
    """The questions about vectors as they are stored."""

    @property
    def is_holding(self) -> bool:
        """Whether this thread reads one state only, which may be an older one."""
        return self._database.is_holding

    def generation(self, space_key: str, *, is_newest: bool = False) -> int:
        """A number that grows with every change to a space's vectors; 0 for an unknown space."""
        with self._database.reading(is_newest=is_newest) as session:
            query = select(SpaceRow.generation).where(SpaceRow.key == space_key)
            return session.scalar(query) or 0

    def is_empty(self, space_key: str) -> bool:
        """Whether no video is in a space now, whatever state this thread holds."""
        query = select(EmbeddingRow.video_id).where(EmbeddingRow.space_key == space_key).limit(1)
        with self._database.reading(is_newest=True) as session:
            return session.scalar(query) is None

    def generations(self) -> dict[str, int]:
        """The generation of every space, by its key."""
        with self._database.reading() as session:
            rows = session.execute(select(SpaceRow.key, SpaceRow.generation))
            return {row.key: row.generation for row in rows}

    @contextmanager
    def snapshot(self, space_key: str, *, is_newest: bool = False) -> Iterator[Snapshot]:
        """Hold a space still to read from it; which videos have changed costs no read of vectors.

        An index of the table covers the question: 10,000 videos are asked about in some 20 ms.

        Args:
            space_key: of the space.
            is_newest: the state as it is now, whatever state this thread holds.
        """
        versions = select(EmbeddingRow.video_id, EmbeddingRow.generation).where(
            EmbeddingRow.space_key == space_key
        )
        with self._database.reading(is_newest=is_newest) as session:
            space = session.get(SpaceRow, space_key)
            if space is None:
                yield Snapshot(session, space_key, 1, 0, {})
                return
            known = {row.video_id: row.generation for row in session.execute(versions)}
            yield Snapshot(session, space_key, row_to_space(space).dim, space.generation, known)
