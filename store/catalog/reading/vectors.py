"""Reads vectors: of one video, or of a whole space at one generation."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.blobs import StoredVectors
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows.vectors import row_to_embeddings, row_to_peaks, row_to_vectors
from mvsearch.store.database.rows.videos import row_to_space
from mvsearch.store.database.tables import EmbeddingRow, SpaceRow, VideoRow
from mvsearch.store.records import Embeddings, SoundPeaks

# Videos read by one statement.
N_AT_ONCE = 64


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One state of a space, which does not change while others write.

    Attributes:
        generation: of the space; 0 for an unknown space.
        versions: by video id, the generation at which its vectors were written; equal versions
            mean equal vectors.
    """

    session: Session
    space_key: str
    dim: int
    generation: int
    versions: Mapping[str, int]

    def read(self, video_ids: Sequence[str]) -> Iterator[StoredVectors]:
        """Yield the vectors of videos in this order; only a batch is in memory at once."""
        for some in in_batches(video_ids, N_AT_ONCE):
            query = select(
                EmbeddingRow.video_id, EmbeddingRow.vectors, EmbeddingRow.starts, EmbeddingRow.ends
            ).where(EmbeddingRow.space_key == self.space_key, EmbeddingRow.video_id.in_(some))
            rows = {row.video_id: row for row in self.session.execute(query)}
            for video_id in some:
                yield row_to_vectors(rows[video_id], self.dim, self.versions[video_id])


@dataclass(frozen=True, slots=True, eq=False)
class PeakSnapshot:
    """The spectral peaks of one state of a space of sound.

    Attributes:
        generation: of the space; 0 for an unknown space.
        versions: by id of the videos with peaks; equal versions mean equal peaks.
    """

    session: Session
    space_key: str
    generation: int
    versions: Mapping[str, int]

    def read(self, video_ids: Sequence[str]) -> Iterator[tuple[str, SoundPeaks]]:
        """Yield the peaks of videos; only a batch is in memory at once."""
        for some in in_batches(video_ids, N_AT_ONCE):
            yield from _read_peaks(self.session, self.space_key, some).items()


class VectorReader(DatabaseReader):
    """Reads vectors, and the generations of spaces."""

    @property
    def is_holding(self) -> bool:
        """Whether this thread reads one held state, which may be out of date."""
        return self._database.is_holding

    def generation(self, space_key: str, *, is_newest: bool = False) -> int:
        """The generation of a space, which grows with every change; 0 for an unknown space.

        Args:
            space_key: of the space.
            is_newest: read the current state, even if this thread holds another.
        """
        with self._database.reading(is_newest=is_newest) as session:
            query = select(SpaceRow.generation).where(SpaceRow.key == space_key)
            return session.scalar(query) or 0

    def is_empty(self, space_key: str) -> bool:
        """Whether a space has no video in the current state, even if this thread holds another."""
        query = select(EmbeddingRow.video_id).where(EmbeddingRow.space_key == space_key).limit(1)
        with self._database.reading(is_newest=True) as session:
            return session.scalar(query) is None

    def generations(self) -> dict[str, int]:
        """The generation of every space that is in use, by its key."""
        query = select(SpaceRow.key, SpaceRow.generation).where(SpaceRow.is_used)
        with self._database.reading() as session:
            rows = session.execute(query)
            return {row.key: row.generation for row in rows}

    @contextmanager
    def snapshot(self, space_key: str, *, is_newest: bool = False) -> Iterator[Snapshot]:
        """Hold one state of a space for reading.

        The versions are read from an index of the table, without vectors: 10,000 in about 20 ms.

        Args:
            space_key: of the space.
            is_newest: hold the current state, even if this thread holds another.
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

    @contextmanager
    def peak_snapshot(self, space_key: str, *, is_newest: bool = False) -> Iterator[PeakSnapshot]:
        """Hold one state of the peaks of a space for reading; as `snapshot`."""
        versions = select(EmbeddingRow.video_id, EmbeddingRow.generation).where(
            EmbeddingRow.space_key == space_key, EmbeddingRow.peaks.is_not(None)
        )
        with self._database.reading(is_newest=is_newest) as session:
            space = session.get(SpaceRow, space_key)
            known = {row.video_id: row.generation for row in session.execute(versions)}
            generation = 0 if space is None else space.generation
            yield PeakSnapshot(session, space_key, generation, known)

    def peaks(self, video_ids: Sequence[str], space_key: str) -> dict[str, SoundPeaks]:
        """The spectral peaks of those of the videos that have any."""
        found: dict[str, SoundPeaks] = {}
        with self._database.reading() as session:
            for some in in_batches(video_ids, N_AT_ONCE):
                found |= _read_peaks(session, space_key, some)
        return found

    def without_peaks(self, space_key: str) -> set[str]:
        """The ids of the videos with vectors in a space of sound, but without spectral peaks."""
        query = select(EmbeddingRow.video_id).where(
            EmbeddingRow.space_key == space_key, EmbeddingRow.peaks.is_(None)
        )
        with self._database.reading() as session:
            return set(session.scalars(query))

    def without_tempo(self, revision: str) -> list[tuple[str, str]]:
        """The videos whose tempo and key were not measured by a revision, though there are peaks.

        Returns:
            The id of each, and the key of the space that has its peaks.
        """
        is_measured = VideoRow.tempo_revision.is_not_distinct_from(revision)
        query = (
            select(EmbeddingRow.video_id, EmbeddingRow.space_key)
            .join(VideoRow, VideoRow.id == EmbeddingRow.video_id)
            .where(EmbeddingRow.peaks.is_not(None), ~is_measured)
        )
        with self._database.reading() as session:
            rows = session.execute(query.order_by(EmbeddingRow.space_key, EmbeddingRow.video_id))
            return list({row.video_id: (row.video_id, row.space_key) for row in rows}.values())

    def has_vectors(self, space_key: str) -> bool:
        """Whether a space has any vector."""
        query = select(EmbeddingRow.video_id).where(
            EmbeddingRow.space_key == space_key, func.length(EmbeddingRow.vectors) > 0
        )
        with self._database.reading() as session:
            return session.execute(query.limit(1)).first() is not None

    def n_vectors(self, space_key: str) -> int:
        """The number of vectors of a space, computed from the sizes of their times."""
        n_bytes = func.sum(func.length(EmbeddingRow.starts))
        query = select(n_bytes).where(EmbeddingRow.space_key == space_key)
        with self._database.reading() as session:
            return (session.scalar(query) or 0) // 8

    def embeddings(self, video_id: str, space_key: str) -> Embeddings | None:
        """The segments and vectors of a video in a space; None if it has none."""
        with self._database.reading() as session:
            row = session.get(EmbeddingRow, (video_id, space_key))
            space = session.get(SpaceRow, space_key)
            if row is None or space is None:
                return None
            return row_to_embeddings(row, row_to_space(space))

    def iter_embeddings(self, space_key: str) -> Iterator[tuple[str, Embeddings]]:
        """Yield video ids and embeddings of a space, sorted by id; few are in memory at once."""
        query = (
            select(EmbeddingRow, SpaceRow)
            .join(SpaceRow, SpaceRow.key == EmbeddingRow.space_key)
            .where(EmbeddingRow.space_key == space_key)
            .order_by(EmbeddingRow.video_id)
            .execution_options(yield_per=32)
        )
        with self._database.reading() as session:
            for row, space in session.execute(query):
                yield row.video_id, row_to_embeddings(row, row_to_space(space))


def _read_peaks(
    session: Session, space_key: str, video_ids: Sequence[str]
) -> dict[str, SoundPeaks]:
    query = select(EmbeddingRow.video_id, EmbeddingRow.peaks).where(
        EmbeddingRow.space_key == space_key,
        EmbeddingRow.video_id.in_(video_ids),
        EmbeddingRow.peaks.is_not(None),
    )
    return {row.video_id: row_to_peaks(row) for row in session.execute(query)}
