"""Updates the index files of a space to the catalogue."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from mvsearch.store.catalog.reading.vectors import Snapshot
from mvsearch.store.database.blobs import StoredVectors, normalise
from mvsearch.store.own_files import replacing
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.approximate.inverted_list_files import erase_codes
from mvsearch.store.vectors.exact.centering import find_centre, is_settled, place_vectors
from mvsearch.store.vectors.exact.row_file import (
    BLOCK_ROWS,
    HEAD_BYTES,
    Bytes,
    append_rows,
    erase_rows,
    map_rows,
    renew_sums,
)
from mvsearch.store.vectors.exact.row_index import TIMES_BYTES, RowIndex
from mvsearch.store.vectors.exact.row_table import RowTable
from mvsearch.store.vectors.space_files import NO_STATE, NO_SUMS, Head, SpaceFiles

# Rows converted to float32 at once.
ROWS_AT_ONCE = 8192
# Files are rewritten when this share of their rows is dead.
MAX_DEAD = 0.25


def bring_up_to_date(files: SpaceFiles, snapshot: Snapshot) -> Head:
    """Update the files of a space to a snapshot of the current catalogue.

    The caller holds the lock of the files, and takes the snapshot after it: so the files never go
    back to an older state. `inverted_list_files` updates the lists.

    While the centre can stay (`centering.is_settled`), the cost is that of the changes: vectors of
    new videos are appended, those of removed videos are overwritten. Otherwise, and if the files
    are damaged, they are rewritten.

    Raises:
        OSError: the disk fails.
    """
    head = files.read_head()
    if head is not None:
        is_usable = files.open(head) is not None and not files.has_other_names(head)
        head = erase_removed(files, head, snapshot) if is_usable else None
    head = _write_anew(files, snapshot) if head is None else _append_new(files, head, snapshot)
    files.write_head(head)
    return head


def erase_removed(files: SpaceFiles, head: Head, snapshot: Snapshot) -> Head | None:
    """Erase the vectors of removed and changed videos; None if the files must be rewritten.

    Without such videos the head stays. Otherwise the remaining files have the state of the snapshot
    only if there are no new videos, and `NO_STATE` until their vectors are appended.

    Until the head is written again there is none: a program that is killed in between leaves unused
    files.
    """
    if not is_settled(files.space, head.n_centred, len(snapshot.versions)):
        return None
    known = head.table.known()
    left = {name for name, version in known.items() if snapshot.versions.get(name) != version}
    if not left:
        return head
    table = head.table.without(left)
    if table.n_dead > MAX_DEAD * table.n_rows:
        return None
    spans = [(first, end) for first, end in head.table.find_spans(left) if end > first]
    if spans and files.has_other_names(head):
        return None
    if spans:
        files.head.unlink()
        erase_rows(files.vectors(head.epoch), files.vector_bytes, spans)
        erase_rows(files.times(head.epoch), TIMES_BYTES, spans)
        erase_codes(files, head, spans)
    changed = {
        block
        for first, end in spans
        for block in range(first // BLOCK_ROWS, (end - 1) // BLOCK_ROWS + 1)
    }
    is_all = table.known() == snapshot.versions
    generation = snapshot.generation if is_all else NO_STATE
    return _sum_up(files, replace(head, generation=generation, table=table), changed)


def build_in_memory(space: Space, snapshot: Snapshot) -> RowIndex:
    """Build the index of a space in memory, where no file can be written."""
    vectors, times = io.BytesIO(), io.BytesIO()
    table, mean, n_filled = _copy_rows(space, snapshot, vectors, times)
    centre = find_centre(space, mean, n_filled)
    placed = np.frombuffer(vectors.getbuffer(), dtype=np.uint8)
    _place_rows(placed, centre)
    spans = np.frombuffer(times.getbuffer(), dtype=np.uint8)
    generation = snapshot.generation
    return RowIndex(space, generation, generation, table, centre, placed, spans)


def _write_anew(files: SpaceFiles, snapshot: Snapshot) -> Head:
    """Write the row files of a new epoch."""
    epoch = snapshot.generation
    # Under another name first: processes that have mapped files of this epoch keep them.
    with replacing(files.vectors(epoch)) as vectors, replacing(files.times(epoch)) as times:
        table, mean, n_filled = _copy_rows(files.space, snapshot, vectors, times)
        centre = find_centre(files.space, mean, n_filled)
        vectors.flush()
        placed = np.memmap(vectors, dtype=np.uint8, mode="r+")
        _place_rows(placed, centre)
        placed.flush()
    head = Head(epoch, epoch, len(snapshot.versions), centre, table, NO_SUMS, NO_SUMS)
    return _sum_up(files, head, set())


def _append_new(files: SpaceFiles, head: Head, snapshot: Snapshot) -> Head:
    """Append the vectors of new videos."""
    known = head.table.known()
    new = sorted(name for name in snapshot.versions if name not in known)
    added: list[tuple[str, int, int]] = []
    spans: list[Bytes] = []

    def place() -> Iterator[Bytes]:
        for one in snapshot.read(new):
            added.append((one.video_id, len(one.vectors), one.version))
            spans.append(_join_times(one))
            yield _to_bytes(place_vectors(normalise(one.vectors), head.centre))

    n_before = head.table.n_rows
    append_rows(files.vectors(head.epoch), n_before, files.vector_bytes, place())
    append_rows(files.times(head.epoch), n_before, TIMES_BYTES, spans)
    grown = replace(head, generation=snapshot.generation, table=head.table.extended(added))
    return _sum_up(files, grown, {n_before // BLOCK_ROWS} if n_before % BLOCK_ROWS else set())


def _sum_up(files: SpaceFiles, head: Head, changed: set[int]) -> Head:
    """The head with new checksums of the changed blocks."""
    n_rows = head.table.n_rows
    vectors = map_rows(files.vectors(head.epoch), n_rows, files.vector_bytes)
    times = map_rows(files.times(head.epoch), n_rows, TIMES_BYTES)
    return replace(
        head,
        vector_sums=renew_sums(head.vector_sums, vectors, files.vector_bytes, changed),
        time_sums=renew_sums(head.time_sums, times, TIMES_BYTES, changed),
    )


def _copy_rows(
    space: Space, snapshot: Snapshot, vectors: BinaryIO, times: BinaryIO
) -> tuple[RowTable, Matrix, int]:
    """Write all stored vectors by video id; returns the mean of the means of the videos."""
    vectors.write(bytes(HEAD_BYTES))
    times.write(bytes(HEAD_BYTES))
    added: list[tuple[str, int, int]] = []
    total, n_filled = np.zeros(space.dim), 0
    for one in snapshot.read(sorted(snapshot.versions)):
        vectors.write(one.vectors.astype("<f2", copy=False).tobytes())
        times.write(_join_times(one).tobytes())
        added.append((one.video_id, len(one.vectors), one.version))
        if len(one.vectors):
            total += normalise(one.vectors).mean(axis=0)
            n_filled += 1
    mean = (total / max(1, n_filled)).astype(np.float32)
    return RowTable().extended(added), mean, n_filled


def _place_rows(mapped: Bytes, centre: Matrix) -> None:
    """Shift stored vectors by the centre, in place."""
    rows = mapped[HEAD_BYTES:].view("<f2").reshape(-1, len(centre))
    for first in range(0, len(rows), ROWS_AT_ONCE):
        block = rows[first : first + ROWS_AT_ONCE]
        block[:] = place_vectors(normalise(block), centre)


def _join_times(one: StoredVectors) -> Bytes:
    """First and last seconds side by side, as bytes."""
    return _to_bytes(np.stack([one.starts, one.ends], axis=1), "<f8")


def _to_bytes(array: npt.NDArray[np.floating], kind: str = "<f2") -> Bytes:
    return np.frombuffer(array.astype(kind).tobytes(), dtype=np.uint8)
