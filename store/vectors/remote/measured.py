"""Keeps measurements of indexes in the database."""

import logging

from sqlalchemy import ColumnElement, String, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.index_tables import MeasuredRow, PlacementRow
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.space_files import READING_ERRORS, Arrays, pack_arrays, unpack_arrays

logger = logging.getLogger(__name__)

# Changes with every change of a row: the transaction that wrote it.
VERSION: ColumnElement[str] = literal_column("measured.xmin::text", String)


class MeasuredTable:
    """The measurements of the placements of a library, also kept in memory.

    Args:
        database: of the library.
        is_read_only: whether new measurements stay in memory.
    """

    def __init__(self, database: Database, *, is_read_only: bool = False) -> None:
        self._database = database
        self._is_read_only = is_read_only
        # With the placement and the version of the row; that of unsaved ones is empty.
        self._known: dict[tuple[str, str], tuple[int, str, Arrays]] = {}

    def load(self, index: VectorIndex, what: str) -> Arrays | None:
        """See `VectorStore.load_measured`; what another process has measured since is read."""
        known = self._known.get((index.space.key, what))
        is_kept = known is not None and known[0] == index.placement
        where = MeasuredRow.placement == index.placement, MeasuredRow.what == what
        with self._database.reading() as session:
            version = session.scalar(select(VERSION).where(*where))
            if known is not None and is_kept and version in (None, known[1]):
                return known[2]
            packed = session.scalar(select(MeasuredRow.arrays).where(*where))
        if version is None or packed is None:
            return None
        try:
            arrays = unpack_arrays(packed)
        except READING_ERRORS:
            return None
        self._known[index.space.key, what] = (index.placement, version, arrays)
        return arrays

    def save(self, index: VectorIndex, what: str, arrays: Arrays) -> None:
        """See `VectorStore.save_measured`."""
        self._known[index.space.key, what] = (index.placement, "", arrays)
        if self._is_read_only:
            return
        values = {"placement": index.placement, "what": what, "arrays": pack_arrays(arrays)}
        query = insert(MeasuredRow).values(values)
        query = query.on_conflict_do_update(
            index_elements=["placement", "what"], set_={"arrays": query.excluded.arrays}
        )
        try:
            with self._database.writing() as session:
                if session.get(PlacementRow, index.placement) is None:
                    return
                version = session.scalar(query.returning(VERSION))
            self._known[index.space.key, what] = (index.placement, str(version), arrays)
        except LibraryDamagedError:
            raise
        except MvsearchError as error:
            logger.warning("Measurements of %s cannot be kept: %s", index.space.key, error)

    def forget(self) -> None:
        """Release the memory."""
        self._known.clear()
