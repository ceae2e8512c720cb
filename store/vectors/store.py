"""The protocol of what keeps the vector indexes of a library."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from mvsearch.store.catalog.index_writer import IndexWriter
from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.records import Space
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.space_files import Arrays


class VectorStore(IndexWriter, Protocol):
    """The vector indexes of all spaces of a library.

    What it holds can be made again from the vectors of the catalogue.

    Attributes:
        is_in_transaction: whether an index is opened as quickly in the state that a transaction
            holds as in the newest one.
    """

    @property
    def is_in_transaction(self) -> bool: ...  # noqa: D102

    def obtain(self, space: Space, reader: VectorReader) -> VectorIndex:
        """The index of the state that the reader sees, opened, updated or built."""
        ...

    def rebuild(self, space: Space, reader: VectorReader) -> None:
        """Build the index of a space anew from the catalogue, whatever is there."""
        ...

    def compare(self, space: Space, reader: VectorReader) -> list[str]:
        """What is wrong with the index of a space, a line each; nothing if it is right.

        An index that is not there yet, or is brought up to date when it is opened, is not wrong.
        """
        ...

    def load_measured(self, index: VectorIndex, what: str) -> Arrays | None:
        """The arrays of `save_measured` for the placement of an index; None if there are none."""
        ...

    def save_measured(self, index: VectorIndex, what: str, arrays: Arrays) -> None:
        """Keep measurements of an index until its placement changes.

        Where they cannot be stored, they are kept in memory.
        """
        ...

    def drop_stale(self, spaces: Sequence[Space], reader: VectorReader) -> None:
        """Finish a series of changes: afterwards nothing of removed videos is held.

        It is called at the end of `Library.writing`, also after an error.
        """
        ...

    def undisturbed(self) -> AbstractContextManager[None]:
        """Keep others from changing what an open index reads, if that can happen."""
        ...

    def forget(self) -> None:
        """Release what is in memory, and close connections."""
        ...
