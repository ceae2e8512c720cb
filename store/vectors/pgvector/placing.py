"""Places the vectors of a space anew: a table is built beside that in use, and takes its place."""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mvsearch.store.catalog import changes
from mvsearch.store.catalog.reading.vectors import Snapshot, VectorReader
from mvsearch.store.database.blobs import normalise
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.index_tables import IndexedVideoRow, PlacementRow
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.exact.centering import find_centre, is_centred, place_vectors
from mvsearch.store.vectors.pgvector.recall import measure_recall
from mvsearch.store.vectors.pgvector.sweeping import discard
from mvsearch.store.vectors.pgvector.tables import (
    KIND,
    MAX_LISTED_DIM,
    copy_rows,
    create_table,
    list_vectors,
    on_table,
    pack_rows,
)
from mvsearch.store.vectors.remote.writing import add_lacking

logger = logging.getLogger(__name__)

# From this number of vectors on, the server has an index of them: below, all are compared to score
# the videos.
MIN_LISTED = 20_000
# Memory for building that index: for each vector its numbers and its links, up to a limit.
LINK_BYTES, MAX_BUILD_BYTES = 2000, 4 << 30


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """What a placement is built from."""

    centre: Matrix
    n_centred: int
    generation: int


def place_anew(database: Database, space: Space, min_listed: int | None = None) -> None:
    """Build a new placement of a space, and use it from then on.

    Nobody waits for it: others read and write the table in use, and what they have changed by the
    end is changed in the new one too, while the space is locked. The caller holds the lock of
    builders.

    Args:
        database: of the library.
        space: of the vectors.
        min_listed: number of vectors from which on the server has an index of them.
    """
    reader = VectorReader(database)
    min_listed = MIN_LISTED if min_listed is None else min_listed
    with database.writing() as session:
        generation = changes.advance_generations(session, [space.key])[space.key]
        add_lacking(session, space.key, generation)
        row = add_placement(session, space)
        placement = row.placement
    try:
        state = _fill(database, reader, space, placement)
        n_rows = _count_rows(database, placement)
        if min_listed <= n_rows and space.dim <= MAX_LISTED_DIM:
            _list_rows(database, space, placement, n_rows)
            with reader.snapshot(space.key, is_newest=True) as now, database.writing() as session:
                _add_changes(session, now, placement, state.centre, state.generation)
                state = replace(state, generation=now.generation)
        _exchange(database, reader, space, placement, state)
    except BaseException:
        with suppress(MvsearchError):  # else it is dropped later
            discard(database, placement)
        raise


def add_placement(session: Session, space: Space, *, is_current: bool = False) -> PlacementRow:
    """Add an empty placement without a centre."""
    row = PlacementRow(
        space_key=space.key,
        kind=KIND,
        dim=space.dim,
        centre=np.zeros(space.dim, dtype="<f4").tobytes(),
        n_centred=0,
        generation=0,
        is_current=is_current,
        n_listed=0,
        n_probed=0,
        recall=1.0,
    )
    session.add(row)
    session.flush()
    create_table(session, row.placement, space.dim)
    return row


def read_centre(row: PlacementRow) -> Matrix:
    """The centre of a placement: (dim,) float32."""
    return np.frombuffer(row.centre, dtype="<f4").astype(np.float32)


def _fill(database: Database, reader: VectorReader, space: Space, placement: int) -> _State:
    """Copy all vectors of one state into the table."""
    with reader.snapshot(space.key, is_newest=True) as now, database.writing() as session:
        mean, n_filled = _find_mean(space, now)
        centre = find_centre(space, mean, n_filled)
        row = session.get_one(PlacementRow, placement)
        row.centre = centre.astype("<f4").tobytes()
        _add_changes(session, now, placement, centre, -1)
        session.execute(on_table(placement, "ANALYZE PLACED"))
        return _State(centre, len(now.versions), now.generation)


def _find_mean(space: Space, now: Snapshot) -> tuple[Matrix, int]:
    """The mean of the videos' mean vectors, and their number; as for the index of a folder."""
    total, n_filled = np.zeros(space.dim), 0
    if is_centred(space):
        for one in now.read(sorted(now.versions)):
            if len(one.vectors):
                total += normalise(one.vectors).mean(axis=0)
                n_filled += 1
    return (total / max(1, n_filled)).astype(np.float32), n_filled


def _add_changes(
    session: Session, now: Snapshot, placement: int, centre: Matrix, known: int
) -> None:
    """Bring the rows of a placement from a known generation to that of a snapshot."""
    row = IndexedVideoRow
    changed = select(row.handle, row.video_id).where(
        row.space_key == now.space_key, row.generation > known
    )
    handles: dict[str, int] = {}
    gone: list[int] = []
    for handle, video_id in now.session.execute(changed):
        if video_id is None:
            gone.append(handle)
        elif video_id in now.versions:
            handles[video_id] = handle
    if gone and known >= 0:
        session.execute(
            on_table(placement, "DELETE FROM PLACED WHERE handle = ANY(CAST(:gone AS bigint[]))"),
            {"gone": gone},
        )

    def pack() -> Iterator[bytes]:
        for one in now.read(sorted(handles)):
            placed = place_vectors(normalise(one.vectors), centre)
            yield pack_rows(handles[one.video_id], placed, one.starts, one.ends)

    if handles:
        copy_rows(session, placement, pack())


def _count_rows(database: Database, placement: int) -> int:
    with database.reading(is_newest=True) as session:
        return session.scalar(on_table(placement, "SELECT count(*) FROM PLACED")) or 0


def _list_rows(database: Database, space: Space, placement: int, n_rows: int) -> None:
    """Build the index of the server, and measure how well it finds."""
    logger.info("building the index of %d vectors of %s", n_rows, space.key)
    began = time.monotonic()
    needed = n_rows * (2 * space.dim + LINK_BYTES)
    try:
        list_vectors(database, placement, min(needed, MAX_BUILD_BYTES))
    except MvsearchError:
        # Several processes need shared memory, of which containers have little by default.
        list_vectors(database, placement, min(needed, MAX_BUILD_BYTES), is_parallel=False)
    with database.reading(is_newest=True) as session:
        n_probed, recall = measure_recall(session, space, placement)
    with database.writing() as session:
        row = session.get_one(PlacementRow, placement)
        row.n_listed, row.n_probed, row.recall = n_rows, n_probed, recall
    logger.info("built it in %.0f s; recall %.3f", time.monotonic() - began, recall)


def _exchange(
    database: Database, reader: VectorReader, space: Space, placement: int, state: _State
) -> None:
    """Use a placement in place of that in use, with what changed meanwhile."""
    with database.writing() as session:
        # From here on, those who write to the space wait.
        generation = changes.advance_generations(session, [space.key])[space.key]
        session.flush()
        with reader.snapshot(space.key, is_newest=True) as now:
            _add_changes(session, now, placement, state.centre, state.generation)
        retire(session, [space.key])
        row = session.get_one(PlacementRow, placement)
        row.is_current, row.generation, row.n_centred = True, generation, state.n_centred
        # Whoever reads a new placement knows nothing of the videos before.
        is_gone = IndexedVideoRow.video_id.is_(None) & (IndexedVideoRow.space_key == space.key)
        session.execute(delete(IndexedVideoRow).where(is_gone))


def retire(session: Session, space_keys: list[str]) -> None:
    """Let nobody use the placements of spaces that are in use."""
    used = select(PlacementRow).where(PlacementRow.space_key.in_(space_keys))
    for row in session.scalars(used.where(PlacementRow.is_current)):
        row.is_current, row.retired_seconds = False, time.time()
    session.flush()
