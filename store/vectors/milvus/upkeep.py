"""Deletes what is left in Milvus of removed videos, failed changes and replaced collections."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Numeric, Select, delete, func, select

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.index_tables import IndexedVideoRow, PlacementRow
from mvsearch.store.records import Space
from mvsearch.store.vectors.milvus.building import KIND, Open, find_missing, iter_placed
from mvsearch.store.vectors.milvus.client import MilvusServer
from mvsearch.store.vectors.milvus.collection import MilvusCollection
from mvsearch.store.vectors.milvus.rows import number_rows, read_placement, split_rows
from mvsearch.store.vectors.remote.placements import (
    Placement,
    drop_placements,
    find_current,
    list_retired,
    lock_space,
    try_lock_building,
)

logger = logging.getLogger(__name__)

# How long a replaced collection is kept for those who read it.
RETIRED_SECONDS = 600.0
# Videos whose vectors are compared number by number, and what float16 may round.
N_COMPARED, TOLERANCE = 100, 2e-3


class Upkeep:
    """Keeps the collections of a library equal to its catalogue.

    Args:
        database: of the library.
        server: that has the collections.
        identity: of the library; see `rows.name_library`.
        open_at: opens the collection of a placement.
    """

    def __init__(
        self, database: Database, server: MilvusServer, identity: str, open_at: Open
    ) -> None:
        self._database = database
        self._server = server
        self._identity = identity
        self._open_at = open_at

    def tidy(self, space_key: str) -> None:
        """Delete replaced collections of a space, and rows of videos that it does not have."""
        with self._database.writing() as session:
            if not try_lock_building(session, space_key):
                return
            for old in list_retired(session, space_key, KIND, RETIRED_SECONDS):
                self._open_at(old).drop()
                drop_placements(session, [old.number])
            placement = find_current(session, space_key, KIND)
        if placement is not None:
            collection = self._open_at(placement)
            if collection.count() > self._count(space_key):
                self.delete_strangers(space_key, collection)

    def drop_unknown(self, space_keys: Sequence[str]) -> None:
        """Delete collections of this library that a killed builder left."""
        with self._database.writing() as session:
            if not all(try_lock_building(session, key) for key in sorted(space_keys)):
                return
            query = select(PlacementRow.placement).where(PlacementRow.kind == KIND)
            known = set(session.scalars(query))
            for name in self._server.ask("list_collections"):
                placement = read_placement(self._identity, name)
                if placement is not None and placement not in known:
                    self._server.change("drop_collection", name)

    def drop_all(self) -> None:
        """Delete all collections of the library, which something else searches now."""
        with self._database.writing() as session:
            session.execute(delete(PlacementRow).where(PlacementRow.kind == KIND))
        for name in self._server.ask("list_collections"):
            if read_placement(self._identity, name) is not None:
                self._server.change("drop_collection", name)

    def delete_strangers(self, space_key: str, collection: MilvusCollection) -> int:
        """Delete rows of videos that the catalogue does not have; the number of their videos.

        A change that is not committed yet looks like one that failed. So the space is locked, which
        waits for such changes, before the rows in doubt are looked up again.
        """
        doubtful = set(self.find_strangers(space_key, collection))
        if not doubtful:
            return 0
        with self._database.writing() as session:
            lock_space(session, space_key)
            for some in in_batches(sorted(doubtful)):
                query = _select_handles(space_key).where(IndexedVideoRow.handle.in_(some))
                doubtful -= set(session.scalars(query))
            collection.delete(sorted(doubtful))
        logger.info("deleted the rows of %d videos that %s has not", len(doubtful), space_key)
        return len(doubtful)

    def find_strangers(self, space_key: str, collection: MilvusCollection) -> list[int]:
        """The handles in a collection that are of no video of the newest state."""
        with self._database.reading(is_newest=True) as session:
            known = set(session.scalars(_select_handles(space_key)))
        found: set[int] = set()
        for rows, _ in collection.iter_rows():
            found |= set(split_rows(rows)[0].tolist()) - known
        return sorted(found)

    def find_lost(self, space_key: str, collection: MilvusCollection) -> list[int]:
        """The handles of which a collection lacks vectors."""
        row = IndexedVideoRow
        query = select(row.handle, row.generation, row.n).where(row.space_key == space_key)
        query = query.where(row.video_id.is_not(None), row.n > 0)
        with self._database.reading(is_newest=True) as session:
            noted = [(one.handle, one.generation, one.n) for one in session.execute(query)]
        return find_missing(collection, noted)

    def find_others(self, space: Space, placement: Placement) -> list[int]:
        """The handles, of a sample, whose vectors are not those of the catalogue."""
        row, collection = IndexedVideoRow, self._open_at(placement)
        query = _select_handles(space.key).where(row.n > 0)
        with self._database.reading(is_newest=True) as session:
            sample = session.scalars(query.order_by(func.hashint8(row.handle)).limit(N_COMPARED))
            handles = list(sample)
            held = collection.read(handles) if handles else {}
            return [
                video.handle
                for video in iter_placed(session, space, placement.centre, handles)
                if not all(
                    np.allclose(held.get(int(at), vector), vector, atol=TOLERANCE)
                    for at, vector in zip(
                        number_rows(video.handle, len(video.vectors)), video.vectors, strict=True
                    )
                )
            ]

    def _count(self, space_key: str) -> int:
        """The number of vectors of a space by the catalogue."""
        row = IndexedVideoRow
        query = select(func.sum(row.n, type_=Numeric)).where(row.space_key == space_key)
        with self._database.reading(is_newest=True) as session:
            return int(session.scalar(query.where(row.video_id.is_not(None))) or 0)


def _select_handles(space_key: str) -> Select[Any]:
    row = IndexedVideoRow
    return select(row.handle).where(row.space_key == space_key, row.video_id.is_not(None))
