"""Keeps the vector indexes of a library in Milvus; see `VectorStore`."""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.index_tables import IndexedVideoRow
from mvsearch.store.database.tables import SpaceRow
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Space
from mvsearch.store.vectors.choice import find_choice
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.milvus.address import MilvusAddress
from mvsearch.store.vectors.milvus.building import KIND, build, fill, is_usable
from mvsearch.store.vectors.milvus.client import MilvusServer, MissingCollectionError
from mvsearch.store.vectors.milvus.collection import MilvusCollection
from mvsearch.store.vectors.milvus.index import MilvusIndex
from mvsearch.store.vectors.milvus.rows import name_collection
from mvsearch.store.vectors.milvus.upkeep import Upkeep
from mvsearch.store.vectors.milvus.writing import MilvusWriter
from mvsearch.store.vectors.remote.contents import Contents
from mvsearch.store.vectors.remote.kept import KeptVectors
from mvsearch.store.vectors.remote.measured import MeasuredTable
from mvsearch.store.vectors.remote.placements import Placement, find_current
from mvsearch.store.vectors.space_files import Arrays
from mvsearch.store.vectors.update import build_in_memory

logger = logging.getLogger(__name__)

# Attempts to catch up with those who write; what they wrote meanwhile is compared here.
N_ATTEMPTS = 3
# Two libraries on one server differ in it, and a copy of a database from its original.
_IDENTITY = text(
    "SELECT concat_ws(' ', (SELECT system_identifier FROM pg_control_system()),"
    " (SELECT oid FROM pg_database WHERE datname = current_database()), current_schema())"
)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """What the catalogue says of a space in one state.

    Attributes:
        placement: in use; None if there is none.
        contents: the videos.
        added: handles of the videos that may lack in the collection.
    """

    placement: Placement
    contents: Contents
    added: tuple[int, ...]


class MilvusStore(MilvusWriter):
    """The indexes of a library with its catalogue in PostgreSQL and its vectors in Milvus.

    Args:
        database: of the library.
        address: of the server; asked at first use.
        is_read_only: whether neither server is changed.
    """

    # Rows that are deleted meanwhile are noticed by `MilvusIndex.is_intact`.
    is_in_transaction = True

    def __init__(
        self, database: Database, address: MilvusAddress, *, is_read_only: bool = False
    ) -> None:
        super().__init__(self.open_collection)
        self._database = database
        self._server = MilvusServer(address)
        self._is_read_only = is_read_only
        self._measured = MeasuredTable(database, is_read_only=is_read_only)
        self._contents: dict[str, Contents] = {}
        self._kept: dict[str, tuple[int, KeptVectors]] = {}
        self._has_warned = False

    def obtain(self, space: Space, reader: VectorReader) -> VectorIndex:
        """The index of the state that the reader sees, opened, updated or built."""
        with self._database.reading() as session:
            state = self._read_state(session, space)
        if state is not None and not state.added and _can_stay(space, state):
            index = self._open(space, state)
            if index is not None:
                return index
        if not self._is_read_only and not reader.is_empty(space.key):
            newest = self._bring_up_to_date(space, reader)
            if newest.generation == reader.generation(space.key) or not reader.is_holding:
                return newest
        # An older state, or nothing may be written: what is not in the collection is compared here.
        index = None if state is None else self._open(space, state, is_newest=False)
        if index is not None:
            return index
        with reader.snapshot(space.key) as snapshot:
            return build_in_memory(space, snapshot)

    def load_measured(self, index: VectorIndex, what: str) -> Arrays | None:
        """See `VectorStore`."""
        return self._measured.load(index, what)

    def save_measured(self, index: VectorIndex, what: str, arrays: Arrays) -> None:
        """See `VectorStore`."""
        self._measured.save(index, what, arrays)

    def drop_stale(self, spaces: Sequence[Space], reader: VectorReader) -> None:
        """Delete what is left of removed videos and of changes that failed.

        Where another store was chosen meanwhile, all collections of the library are deleted.
        """
        try:
            if self._is_left():
                self.upkeep.drop_all()
                return
            for space in spaces:
                self.upkeep.tidy(space.key)
            self.upkeep.drop_unknown([space.key for space in spaces])
        except MvsearchError as error:
            if not self._has_warned:
                logger.warning("Vectors of removed videos stay in Milvus for now: %s", error)
            self._has_warned = True

    def undisturbed(self) -> AbstractContextManager[None]:
        """Nobody changes what a transaction sees, but for rows that are deleted; see above."""
        return nullcontext()

    def forget(self) -> None:
        """Release what is in memory, and close the connection."""
        self._measured.forget()
        self._contents.clear()
        self._kept.clear()
        self._server.close()

    def rebuild(self, space: Space, reader: VectorReader) -> None:
        """Build the index of a space anew from the vectors of the catalogue."""
        if not reader.is_empty(space.key):
            build(self._database, space, reader, self.open_collection, is_forced=True)

    def compare(self, space: Space, reader: VectorReader) -> list[str]:
        """What of the collection of a space differs from the catalogue, one line each."""
        with self._database.reading(is_newest=True) as session:
            placement = find_current(session, space.key, KIND)
        if placement is None:
            return []
        collection = self.open_collection(placement)
        if not collection.exists():
            return [f"{space.key}: the Milvus server has lost the collection {collection.name}"]
        lost = len(self.upkeep.find_lost(space.key, collection))
        strangers = len(self.upkeep.find_strangers(space.key, collection))
        others = len(self.upkeep.find_others(space, placement))
        told = {
            "vectors of {} videos are missing in Milvus": lost,
            "Milvus has vectors of {} videos that are not in the library": strangers,
            "vectors of {} videos in Milvus are not those of the catalogue": others,
        }
        return [f"{space.key}: {line.format(n)}" for line, n in told.items() if n]

    def open_collection(self, placement: Placement) -> MilvusCollection:
        """The collection of a placement."""
        numbers = (placement.space_key, placement.number, placement.centre)
        name = name_collection(self._identity, *numbers)
        return MilvusCollection(self._server, name, len(placement.centre))

    @cached_property
    def upkeep(self) -> Upkeep:
        """What deletes rows and collections that nobody needs."""
        return Upkeep(self._database, self._server, self._identity, self.open_collection)

    @cached_property
    def _identity(self) -> str:
        with self._database.reading(is_newest=True) as session:
            return str(session.scalar(_IDENTITY))

    def _is_left(self) -> bool:
        """Whether another store keeps the indexes of the library now."""
        return find_choice(self._database) != str(self._server.address)

    def _read_state(self, session: Session, space: Space) -> _State | None:
        """The state of a space that a session sees; None if nothing is placed."""
        placement = find_current(session, space.key, KIND)
        space_row = session.get(SpaceRow, space.key)
        if placement is None or space_row is None:
            return None
        known = self._contents.get(space.key)
        contents = Contents.read(session, space.key, space_row.generation, placement.number, known)
        if known is None or known.generation <= contents.generation:
            self._contents[space.key] = contents
        row = IndexedVideoRow
        added = select(row.handle).where(
            row.space_key == space.key,
            row.video_id.is_not(None),
            row.n > 0,
            row.generation > placement.generation,
        )
        handles = (
            tuple(session.scalars(added)) if contents.generation > placement.generation else ()
        )
        return _State(placement, contents, handles)

    def _open(self, space: Space, state: _State, *, is_newest: bool = True) -> MilvusIndex | None:
        """The index of a state; None if the server has not all vectors of the newest state."""
        placement, contents = state.placement, state.contents
        collection = self.open_collection(placement)
        at = contents.locate(state.added)
        n = contents.n - int(contents.counts[at[at >= 0]].sum())
        try:
            collection.load()
            if is_newest and collection.count() < n:
                return None
        except MissingCollectionError:
            return None
        number, kept = self._kept.get(space.key, (0, KeptVectors()))
        if number != placement.number:
            kept = KeptVectors()
        self._kept[space.key] = (placement.number, kept)
        return MilvusIndex(
            space, placement, contents, collection, self._database, kept, state.added
        )

    def _bring_up_to_date(self, space: Space, reader: VectorReader) -> MilvusIndex:
        """Build or fill the collection of a space, and open it.

        Raises:
            MvsearchError: the server takes vectors, but does not have them afterwards.
        """
        index: MilvusIndex | None = None
        for _ in range(N_ATTEMPTS):
            with self._database.reading(is_newest=True) as session:
                state = self._read_state(session, space)
            if state is None or not _can_stay(space, state):
                build(self._database, space, reader, self.open_collection)
                continue
            index = self._open(space, state)
            placement, collection = state.placement, self.open_collection(state.placement)
            if index is None and not collection.exists():
                build(self._database, space, reader, self.open_collection, is_forced=True)
            elif index is None:  # all are counted
                fill(self._database, space, collection, placement, from_generation=-1)
            elif state.added:
                fill(self._database, space, collection, placement, placement.generation)
            else:
                return index
        # Others write all the time: what they added last is compared here.
        with self._database.reading(is_newest=True) as session:
            state = self._read_state(session, space)
        index = None if state is None else self._open(space, state)
        if index is None:
            raise MvsearchError(f"the Milvus server {self._server.address} loses what it takes")
        return index


def _can_stay(space: Space, state: _State) -> bool:
    """Whether the placement suits a state."""
    placement, contents = state.placement, state.contents
    if placement.generation >= contents.generation:
        return True
    return is_usable(space, placement, contents.n_videos, contents.n)
