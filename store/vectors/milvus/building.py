"""Builds the collection of a space, and writes what it lacks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from mvsearch.store.catalog import changes
from mvsearch.store.catalog.reading.vectors import Snapshot, VectorReader
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.blobs import StoredVectors, normalise
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.index_tables import IndexedVideoRow
from mvsearch.store.database.rows.vectors import row_to_vectors
from mvsearch.store.database.tables import EmbeddingRow, SpaceRow
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.exact.centering import find_centre, is_settled, place_vectors
from mvsearch.store.vectors.milvus.collection import (
    MAX_CHOSEN,
    MAX_FLAT,
    MilvusCollection,
    PlacedVideo,
)
from mvsearch.store.vectors.milvus.recall import Probe
from mvsearch.store.vectors.milvus.rows import split_rows
from mvsearch.store.vectors.remote.placements import (
    Placement,
    add_placement,
    advance_placement,
    find_current,
    lock_building,
    lock_space,
    make_current,
)
from mvsearch.store.vectors.remote.writing import add_lacking

# The name of this kind in `PlacementRow`.
KIND = "milvus"
# A collection that all are compared in may grow by so much before it gets a graph.
MAX_GROWTH = 1.5
N_READ = 200

# Opens the collection of a placement.
Open = Callable[[Placement], MilvusCollection]
# Handle, generation and number of vectors.
Noted = tuple[int, int, int]


def is_usable(space: Space, placement: Placement, n_videos: int, n_vectors: int) -> bool:
    """Whether a placement can go on: its centre stays, and its collection suits its size."""
    if not is_settled(space, placement.n_centred, n_videos):
        return False
    return placement.n_listed > 0 or n_vectors <= MAX_GROWTH * MAX_FLAT


def build(
    database: Database,
    space: Space,
    reader: VectorReader,
    open_at: Open,
    *,
    is_forced: bool = False,
) -> Placement:
    """Build a placement of the newest state, and put it to use.

    Those who read the placement before go on reading it. A video that is written meanwhile is
    missing in the new one: `fill` writes it.

    Args:
        database: of the library.
        space: of the vectors.
        reader: of the catalogue.
        open_at: opens the collection of a placement.
        is_forced: build it even if one of the newest state is in use, and let all who have that one
            open leave it.

    Raises:
        LibraryUnreachableError: one of the servers is away; what is in use stays.
    """
    with database.writing() as session:
        lock_building(session, space.key)
        before = find_current(session, space.key, KIND)
        newest = reader.generation(space.key, is_newest=True)
        is_new = before is not None and before.generation == newest and open_at(before).exists()
        if before is not None and is_new and not is_forced:
            return before  # built by another while this one waited
        with database.writing() as noting:
            lock_space(noting, space.key)
            add_lacking(noting, space.key, newest)
        with reader.snapshot(space.key, is_newest=True) as snapshot:
            made = _write(session, space, snapshot, open_at)
        lock_space(session, space.key)
        if is_forced:
            made = _tell_readers(session, space.key, made)
        make_current(session, made)
        return made


def fill(
    database: Database,
    space: Space,
    collection: MilvusCollection,
    placement: Placement,
    from_generation: int,
) -> Placement:
    """Write the vectors that were added after a generation and that the collection lacks.

    Rows that are there are only counted. They may be missing where a video was written while the
    placement was built, or where the server was restored from a backup.
    """
    key = placement.space_key
    with database.reading(is_newest=True) as session:
        row = IndexedVideoRow
        query = select(row.handle, row.generation, row.n).where(row.space_key == key)
        query = query.where(row.video_id.is_not(None), row.generation > from_generation, row.n > 0)
        noted = [(one.handle, one.generation, one.n) for one in session.execute(query)]
        newest = session.scalar(select(SpaceRow.generation).where(SpaceRow.key == key)) or 0
        missing = find_missing(collection, noted)
        collection.write(iter_placed(session, space, placement.centre, missing))
    with database.writing() as session:
        return advance_placement(session, placement, newest)


def find_missing(collection: MilvusCollection, noted: Sequence[Noted]) -> list[int]:
    """The handles of which a collection lacks rows."""
    missing: list[int] = []
    for some in in_batches(noted, MAX_CHOSEN // 4):
        counts = dict.fromkeys((handle for handle, _, _ in some), 0)
        known = {handle: (generation, n) for handle, generation, n in some}
        for rows, generations in collection.iter_rows(list(counts)):
            handles, segments = split_rows(rows)
            found = zip(handles.tolist(), segments.tolist(), generations.tolist(), strict=True)
            for handle, segment, generation in found:
                counts[handle] += generation == known[handle][0] and segment < known[handle][1]
        missing += [handle for handle, count in counts.items() if count < known[handle][1]]
    return missing


def read_stored(
    session: Session, space: Space, handles: Sequence[int]
) -> Iterator[tuple[int, StoredVectors]]:
    """Yield the catalogue's vectors of handles, as far as they are there still."""
    note, made = IndexedVideoRow, EmbeddingRow
    is_same = (made.video_id == note.video_id) & (made.space_key == note.space_key)
    columns = (note.handle, note.generation, made.video_id, made.vectors, made.starts, made.ends)
    query = select(*columns).join(made, is_same & (made.generation == note.generation))
    for some in in_batches(handles, N_READ):
        for row in session.execute(query.where(note.handle.in_(some))):
            yield row.handle, row_to_vectors(row, space.dim, row.generation)


def iter_placed(
    session: Session, space: Space, centre: Matrix, handles: Sequence[int]
) -> Iterator[PlacedVideo]:
    """Yield the vectors of handles in the coordinates of a placement."""
    for handle, stored in read_stored(session, space, handles):
        placed = place_vectors(normalise(stored.vectors), centre)
        yield PlacedVideo(handle, stored.version, placed)


def _write(session: Session, space: Space, snapshot: Snapshot, open_at: Open) -> Placement:
    """Write all vectors of a snapshot into a new collection."""
    row = IndexedVideoRow
    query = select(row.handle, row.n).where(row.space_key == space.key, row.video_id.is_not(None))
    sizes = {one.handle: one.n for one in snapshot.session.execute(query.order_by(row.handle))}
    n, held = sum(sizes.values()), [handle for handle, size in sizes.items() if size]
    centre = _compute_centre(snapshot.session, space, held)
    n_videos, generation = len(snapshot.versions), snapshot.generation
    made = add_placement(session, space, KIND, centre, n_videos, generation)
    collection, is_exact = open_at(made), n <= MAX_FLAT
    collection.make_anew(is_exact=is_exact)
    videos = iter_placed(snapshot.session, space, centre, held)
    if is_exact:
        collection.write(videos)
        collection.settle(n)
        return made
    probe = Probe.draw(iter_placed(snapshot.session, space, centre, Probe.choose(held)))
    collection.write(probe.watch(videos))
    collection.settle(n)
    return replace(made, n_listed=n, recall=probe.measure(collection))


def _tell_readers(session: Session, space_key: str, made: Placement) -> Placement:
    """Give the space a new generation, at which indexes that are open are opened again."""
    before = session.scalar(select(SpaceRow.generation).where(SpaceRow.key == space_key))
    now = changes.advance_generations(session, [space_key])[space_key]
    session.flush()
    return replace(made, generation=now) if before == made.generation else made


def _compute_centre(session: Session, space: Space, handles: Sequence[int]) -> Matrix:
    """The centre of the videos with vectors; see `find_centre`."""
    total, n_filled = np.zeros(space.dim), 0
    for _, stored in read_stored(session, space, handles):
        total += normalise(stored.vectors).mean(axis=0)
        n_filled += 1
    mean: Matrix = (total / max(1, n_filled)).astype(np.float32)
    return find_centre(space, mean, n_filled)
