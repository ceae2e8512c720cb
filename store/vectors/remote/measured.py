"""Keeps measurements of indexes in the database."""

import logging

from sqlalchemy.dialects.postgresql import insert

from mvsearch.store.database.connection import Database
from mvsearch.store.database.index_tables import MeasuredRow, PlacementRow
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.space_files import READING_ERRORS, Arrays, pack_arrays, unpack_arrays

logger = logging.getLogger(__name__)


class MeasuredTable:
    """The measurements of the placements of a library, also kept in memory.

    Args:
        database: of the library.
        is_read_only: whether new measurements stay in memory.
    """

    def __init__(self, database: Database, *, is_read_only: bool = False) -> None:
        self._database = database
        self._is_read_only = is_read_only
        self._known: dict[tuple[str, str], tuple[int, Arrays]] = {}

    def load(self, index: VectorIndex, what: str) -> Arrays | None:
        """See `VectorStore.load_measured`."""
        known = self._known.get((index.space.key, what))
        if known is None or known[0] != index.placement:
            with self._database.reading() as session:
                row = session.get(MeasuredRow, (index.placement, what))
                if row is None:
                    return None
                packed = row.arrays
            try:
                known = (index.placement, unpack_arrays(packed))
            except READING_ERRORS:
                return None
            self._known[index.space.key, what] = known
        return known[1]

    def save(self, index: VectorIndex, what: str, arrays: Arrays) -> None:
        """See `VectorStore.save_measured`."""
        self._known[index.space.key, what] = (index.placement, arrays)
        if self._is_read_only:
            return
        values = {"placement": index.placement, "what": what, "arrays": pack_arrays(arrays)}
        query = insert(MeasuredRow).values(values)
        query = query.on_conflict_do_update(
            index_elements=["placement", "what"], set_={"arrays": query.excluded.arrays}
        )
        try:
            with self._database.writing() as session:
                if session.get(PlacementRow, index.placement) is not None:
                    session.execute(query)
        except LibraryDamagedError:
            raise
        except MvsearchError as error:
            logger.warning("Measurements of %s cannot be kept: %s", index.space.key, error)

    def forget(self) -> None:
        """Release the memory."""
        self._known.clear()
