"""What a vector index may write in the transactions of the catalogue."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from mvsearch.store.records import Embeddings

# A video by its id, and what it has in one space.
Made = tuple[str, Embeddings]


class IndexWriter(Protocol):
    """Writes an index in the session that changes the catalogue, so that both change at once.

    Each method is called after the generations of the spaces were advanced, whose rows stay locked
    until the transaction ends: those who write to the same space come one after the other.
    """

    def add(self, session: Session, made: Sequence[Made], generations: Mapping[str, int]) -> None:
        """Add vectors of videos, which have none in these spaces.

        Args:
            session: of the catalogue's change.
            made: the new vectors.
            generations: the new generation of each space, by its key.
        """
        ...

    def remove(
        self, session: Session, video_ids: Sequence[str], generations: Mapping[str, int]
    ) -> None:
        """Remove all vectors of videos in these spaces; they may have none there."""
        ...

    def drop(self, session: Session, space_keys: Collection[str]) -> None:
        """Remove spaces with all their vectors."""
        ...


class NoIndexWriter:
    """Writes nothing: the index is brought up to date when it is opened."""

    def add(self, session: Session, made: Sequence[Made], generations: Mapping[str, int]) -> None:
        """See `IndexWriter`."""

    def remove(
        self, session: Session, video_ids: Sequence[str], generations: Mapping[str, int]
    ) -> None:
        """See `IndexWriter`."""

    def drop(self, session: Session, space_keys: Collection[str]) -> None:
        """See `IndexWriter`."""
