"""Keeps the vector indexes of a library in its PostgreSQL database."""

import logging
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mvsearch.store.catalog.index_writer import Made
from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.database.blobs import normalise
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.index_tables import PlacementRow
from mvsearch.store.database.tables import EmbeddingRow, SpaceRow
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Embeddings, Matrix, Space
from mvsearch.store.vectors.exact.centering import (
    MAX_DRIFT,
    MIN_SETTLED_VIDEOS,
    is_centred,
    is_settled,
    place_vectors,
)
from mvsearch.store.vectors.index import VectorIndex
from mvsearch.store.vectors.pgvector import placing
from mvsearch.store.vectors.pgvector.comparing import compare_rows
from mvsearch.store.vectors.pgvector.index import PgvectorIndex
from mvsearch.store.vectors.pgvector.sweeping import building, drop_unused
from mvsearch.store.vectors.pgvector.tables import (
    KIND,
    MAX_LISTED_DIM,
    copy_rows,
    on_table,
    pack_rows,
)
from mvsearch.store.vectors.remote.contents import Contents
from mvsearch.store.vectors.remote.kept import KeptVectors
from mvsearch.store.vectors.remote.measured import MeasuredTable
from mvsearch.store.vectors.remote.writing import add_videos, drop_videos, remove_videos
from mvsearch.store.vectors.space_files import Arrays

logger = logging.getLogger(__name__)

# Others wait for one that places a space anew, instead of doing it again.
WAIT_SECONDS = 600.0
# What the server's index finds is measured again when there are so many times more vectors.
MAX_GROWTH = 4


class PgvectorStore:
    """The placed vectors of each space in a table, written in the catalogue's transactions.

    Args:
        database: of the library.
        is_read_only: whether nothing is written.
    """

    is_in_transaction = True

    def __init__(self, database: Database, *, is_read_only: bool = False) -> None:
        self._database = database
        self._is_read_only = is_read_only
        self._measured = MeasuredTable(database, is_read_only=is_read_only)
        self._contents: dict[str, Contents] = {}
        self._kept: dict[str, tuple[int, KeptVectors]] = {}
        self._refused: dict[str, int] = {}

    def add(self, session: Session, made: Sequence[Made], generations: Mapping[str, int]) -> None:
        """Copy vectors to the table of their space, which is made for the first ones.

        Where the space has others but no table, since another store kept them, all are placed when
        it is opened.
        """
        by_space: dict[Space, list[tuple[int, Embeddings]]] = defaultdict(list)
        for handle, (_, each) in zip(add_videos(session, made, generations), made, strict=True):
            by_space[each.space].append((handle, each))
        for space, some in by_space.items():
            row = _find_current(session, space.key)
            if row is None and _has_older(session, space.key, generations[space.key]):
                continue
            if row is None:
                row = placing.add_placement(session, space, is_current=True)
            centre = placing.read_centre(row)
            copy_rows(session, row.placement, (_pack(*one, centre) for one in some))

    def remove(
        self, session: Session, video_ids: Sequence[str], generations: Mapping[str, int]
    ) -> None:
        """Delete vectors, also from tables that only earlier states read."""
        for key, generation in sorted(generations.items()):
            handles = remove_videos(session, key, video_ids, generation)
            if not handles:
                continue
            is_filled = PlacementRow.is_current | PlacementRow.retired_seconds.is_not(None)
            for row in session.scalars(_of_space(key).where(is_filled)):
                gone = "DELETE FROM PLACED WHERE handle = ANY(CAST(:handles AS bigint[]))"
                session.execute(on_table(row.placement, gone), {"handles": handles})

    def drop(self, session: Session, space_keys: Collection[str]) -> None:
        """Forget spaces; their tables are dropped once nobody reads them."""
        placing.retire(session, list(space_keys))
        drop_videos(session, space_keys)

    def obtain(self, space: Space, reader: VectorReader) -> VectorIndex:
        """The index of the state that the reader sees.

        The centre of a small space is computed anew where it changed, as for the index of a folder;
        large ones wait for the end of the changes (`drop_stale`).
        """
        index, row, generation = self._see(space)
        is_refused = self._refused.get(space.key) == generation
        if self._is_read_only or reader.is_holding or is_refused:
            return index
        is_new = row is None and not reader.is_empty(space.key)
        is_small = index.n < placing.MIN_LISTED
        if is_new or (row is not None and is_small and _is_stale(space, row, generation, index)):
            self._bring_up_to_date(space, generation)
            index, *_ = self._see(space)
        return index

    def load_measured(self, index: VectorIndex, what: str) -> Arrays | None:
        """See `VectorStore`."""
        return self._measured.load(index, what)

    def save_measured(self, index: VectorIndex, what: str, arrays: Arrays) -> None:
        """See `VectorStore`."""
        self._measured.save(index, what, arrays)

    def drop_stale(self, spaces: Sequence[Space], reader: VectorReader) -> None:
        """Place large spaces anew that changed much, and drop tables that nobody reads.

        After an error that is left for the next time, because it may take minutes.
        """
        if sys.exc_info()[0] is not None:
            return
        try:
            for space in spaces:
                index, row, generation = self._see(space)
                is_large = (
                    index.contents.n_videos >= MIN_SETTLED_VIDEOS or index.n >= placing.MIN_LISTED
                )
                is_new = row is None and not reader.is_empty(space.key)
                is_stale = row is not None and _is_stale(space, row, generation, index)
                if is_new or (is_large and is_stale):
                    self._bring_up_to_date(space, generation)
            drop_unused(self._database)
        except MvsearchError as error:
            logger.warning("The search index was not brought up to date: %s", error)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Nobody changes what a transaction sees."""
        yield

    def forget(self) -> None:
        """Release the memory."""
        self._measured.forget()
        self._contents.clear()
        self._kept.clear()

    def rebuild(self, space: Space, reader: VectorReader, min_listed: int | None = None) -> None:
        """Place all vectors of a space anew from the catalogue, whatever is there.

        Args:
            space: of the library.
            reader: of the library.
            min_listed: number of vectors from which on the server has an index of them.
        """
        with building(self._database, space.key, WAIT_SECONDS):
            placing.place_anew(self._database, space, min_listed)

    def compare(self, space: Space, reader: VectorReader) -> list[str]:
        """What is wrong with the index of a space, a line each; nothing if it is right."""
        with reader.snapshot(space.key) as now:
            row = _find_current(now.session, space.key)
            if row is None:  # it is built when it is opened
                return []
            return list(compare_rows(now, row.placement, placing.read_centre(row)))

    def _bring_up_to_date(self, space: Space, generation: int) -> None:
        """Place a space anew, unless another has done it meanwhile or the user may not."""
        try:
            with building(self._database, space.key, WAIT_SECONDS):
                index, row, now = self._see(space)
                if row is None or _is_stale(space, row, now, index):
                    placing.place_anew(self._database, space)
        except MvsearchError as error:
            if not self._refused:
                logger.warning("The index of %s stays as it was: %s", space.key, error)
            self._refused[space.key] = generation

    def _is_older(self, key: str, contents: Contents) -> bool:
        """Whether newer contents of a space are known; a held state may be out of date."""
        known = self._contents.get(key)
        return known is not None and known.generation > contents.generation

    def _see(self, space: Space) -> tuple[PgvectorIndex, PlacementRow | None, int]:
        """The index in the state that this thread sees, its placement, and the generation."""
        with self._database.reading() as session:
            query = select(SpaceRow.generation).where(SpaceRow.key == space.key)
            generation = session.scalar(query) or 0
            row = _find_current(session, space.key)
            if row is None:
                contents = Contents.make(generation, 0, ())
            else:
                known = self._contents.get(space.key)
                contents = Contents.read(session, space.key, generation, row.placement, known)
                session.expunge(row)
        if not self._is_older(space.key, contents):
            self._contents[space.key] = contents
        kept = self._kept.get(space.key)
        if kept is None or kept[0] != contents.placement:
            kept = self._kept[space.key] = (contents.placement, KeptVectors())
        centre = np.zeros(space.dim, np.float32) if row is None else placing.read_centre(row)
        n_probed, recall = (0, 1.0) if row is None else (row.n_probed, row.recall)
        index = PgvectorIndex(
            space, contents, centre, self._database, kept[1], n_probed=n_probed, recall=recall
        )
        return index, row, generation


def _is_stale(space: Space, row: PlacementRow, generation: int, index: PgvectorIndex) -> bool:
    """Whether the vectors of a space are to be placed anew."""
    n_videos = index.contents.n_videos
    if row.generation == generation or not n_videos:
        return False
    if not row.n_listed:
        is_listable = index.n >= placing.MIN_LISTED and space.dim <= MAX_LISTED_DIM
        return is_listable or not is_settled(space, row.n_centred, n_videos)
    # Building the server's index takes long: a small library, too, keeps its centre for a while.
    is_drifted = is_centred(space) and abs(n_videos - row.n_centred) > MAX_DRIFT * row.n_centred
    return is_drifted or index.n > MAX_GROWTH * row.n_listed


def _has_older(session: Session, space_key: str, generation: int) -> bool:
    """Whether a space has vectors from before a generation."""
    made = EmbeddingRow
    query = select(made.video_id).where(made.space_key == space_key, made.generation < generation)
    return session.scalar(query.limit(1)) is not None


def _of_space(space_key: str) -> Select[Any]:
    """The placements of a space in this kind of store."""
    return select(PlacementRow).where(
        PlacementRow.space_key == space_key, PlacementRow.kind == KIND
    )


def _find_current(session: Session, space_key: str) -> PlacementRow | None:
    """The placement in use."""
    row: PlacementRow | None = session.scalar(_of_space(space_key).where(PlacementRow.is_current))
    return row


def _pack(handle: int, made: Embeddings, centre: Matrix) -> bytes:
    """Vectors as rows, placed from what the catalogue holds of them."""
    stored = normalise(made.vectors.astype(np.float16))
    pairs = [(each.start_seconds, each.end_seconds) for each in made.segments]
    times = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return pack_rows(handle, place_vectors(stored, centre), times[:, 0], times[:, 1])
