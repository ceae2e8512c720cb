"""Finds the nearest vectors of one space and the videos they belong to."""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mvsearch.store.database.blobs import Seconds, measure_lengths, normalise, widen
from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.centering import place_vectors
from mvsearch.store.vectors.exact import ExactIndex
from mvsearch.store.vectors.inverted_lists import ListedCodes
from mvsearch.store.vectors.row_file import HEAD_BYTES, Bytes
from mvsearch.store.vectors.row_table import Rows, RowTable

# Vectors that were read stay as float32 up to so much a space: making these of float16 is most
# of the work of comparing videos.
MAX_KEPT_BYTES = 256 << 20
# Numbers that are read at once to be compared: 2 MB of float32, which stays near the processor.
BLOCK_VALUES = 1 << 19
TIMES_BYTES = 16
# Up to this share of the rows, a search that is limited to them compares them all.
MAX_FEW = 0.05


class SpaceIndex:
    """All vectors of one space, held as float16: similarities differ by less than 1e-3.

    Rows are in the order in which the videos came, with gaps where some have left.

    Attributes:
        space: what the vectors are.
        generation: of the space in the catalogue, whose state this is.
        epoch: another number means that vectors are placed otherwise, and other row numbers; while
            it stays, rows only come at the end or die.
        n_rows: how many rows there are, dead ones too; grows within an epoch.
        video_ids: sorted; those with vectors.
        starts, ends: (n_rows,) float64 seconds of the rows, NaN where untimed or dead.
        centre: (dim,) float32; see `store.placing.find_centre`.
        lists: the way to search a large index; None where every row is compared.
        is_mapped: whether the rows are read from a file, where those of a video that leaves the
            library are overwritten; otherwise all of it is in memory.
    """

    def __init__(
        self,
        space: Space,
        generation: int,
        epoch: int,
        table: RowTable,
        centre: Matrix,
        vectors: Bytes,
        times: Bytes,
        *,
        is_mapped: bool = False,
    ) -> None:
        self.space = space
        self.generation = generation
        self.epoch = epoch
        self.n_rows = table.n_rows
        self.centre = centre
        self._table = table
        sizes = (len(vectors) - HEAD_BYTES, len(times) - HEAD_BYTES)
        if sizes != (2 * space.dim * self.n_rows, TIMES_BYTES * self.n_rows):
            raise LibraryDamagedError(f"the index of {space.key} does not fit together")
        spans = times[HEAD_BYTES:].view("<f8").reshape(-1, 2)
        self.starts: Seconds = spans[:, 0]
        self.ends: Seconds = spans[:, 1]
        self.lists: ListedCodes | None = None
        self.is_mapped = is_mapped
        self._exact = ExactIndex(vectors, space.dim)
        self._spans = {
            video_id: slice(first, end)
            for video_id, first, end in zip(
                table.ids, table.offsets[:-1].tolist(), table.offsets[1:].tolist(), strict=True
            )
            if video_id and end > first
        }
        self.video_ids = tuple(sorted(self._spans))
        self._lengths: Matrix = np.zeros(self.n_rows, dtype=np.float32)  # zero where not measured
        self._kept: dict[str, Matrix] = {}
        self._n_bytes_kept = 0
        self._keeping = threading.Lock()

    @property
    def is_exact(self) -> bool:
        """Whether `search` finds the nearest rows for certain."""
        return self.lists is None

    @cached_property
    def n(self) -> int:
        """How many vectors there are."""
        return sum(span.stop - span.start for span in self._spans.values())

    def is_within(self, versions: Mapping[str, int]) -> bool:
        """Whether a state of the catalogue still has every vector of this index.

        Args:
            versions: of that state; see `store.snapshots.Snapshot`.
        """
        known = self._table.known()
        return all(versions.get(video_id) == version for video_id, version in known.items())

    def place(self, queries: Matrix) -> Matrix:
        """Unit vectors (q, dim) from an encoder as `search` takes them; see `place_vectors`."""
        return place_vectors(queries, self.centre)

    def search(
        self,
        queries: Matrix,
        k: int,
        video_ids: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> tuple[Matrix, Rows]:
        """Find the k rows most similar to each query.

        With `lists` some may be missed (`ListedCodes.recall`), unless few rows may be found; the
        similarities of those found are exact.

        Args:
            queries: (q, dim) float32, placed.
            k: at least 1.
            video_ids: only rows of these videos; None for all.
            left_out: no rows of these; costs by their number, `video_ids` by its own.

        Returns:
            (q, k) float32 similarities, best first, and (q, k) int64 rows; where there are fewer
            than k, the rows are -1 and the similarities minus infinity.
        """
        similarities = np.full((len(queries), k), -np.inf, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        n_found = min(k, self.n)
        if n_found == 0 or len(queries) == 0:
            return similarities, rows
        is_allowed = self._find_allowed(video_ids, left_out)
        if self.lists is None or (video_ids is not None and self._is_few(is_allowed)):
            found = self._exact.search(queries, n_found, is_allowed)
        else:
            found = self._search_lists(self.lists, queries, n_found, is_allowed)
        similarities[:, :n_found], rows[:, :n_found] = found
        similarities[rows < 0] = -np.inf
        return similarities, rows

    def vectors(self, video_id: str) -> Matrix:
        """The placed unit vectors of a video, not to be written to.

        Returns:
            (n, dim) float32, (0, dim) where it has none.
        """
        kept = self._kept.get(video_id)
        if kept is not None:
            return kept
        read = normalise(self._exact.rows[self.rows(video_id)])
        read.setflags(write=False)
        with self._keeping:
            if len(read) and self._n_bytes_kept + read.nbytes <= MAX_KEPT_BYTES:
                kept = self._kept.setdefault(video_id, read)
                self._n_bytes_kept += read.nbytes if kept is read else 0
        return read

    def iter_rows(self, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[Matrix, Matrix]]:
        """Read some rows under each other, once, in blocks.

        Args:
            spans: first row and the one after the last of each stretch; those that follow each
                other as the rows do are read in one piece.

        Yields:
            (b, dim) float32 placed vectors, overwritten by the next ones, and their (b,) lengths,
            which are nearly one, to divide similarities by.
        """
        size = max(1, BLOCK_VALUES // self.space.dim)
        block = np.empty((size, self.space.dim), dtype=np.float32)
        lengths = np.empty(size, dtype=np.float32)
        filled = 0
        for first, end in _join(spans):
            while first < end:
                last = min(end, first + size - filled)
                here = slice(filled, filled + last - first)
                widen(self._exact.rows[first:last], block[here])
                known = self._lengths[first:last]
                if not known.all():
                    known[:] = measure_lengths(block[here])
                lengths[here] = known
                first, filled = last, here.stop
                if filled == size:
                    yield block, lengths
                    filled = 0
        if filled:
            yield block[:filled], lengths[:filled]

    def rows(self, video_id: str) -> slice:
        """The rows of a video; an empty slice where it has none."""
        return self._spans.get(video_id, slice(0, 0))

    def video_of(self, rows: Rows) -> Rows:
        """For each row, the position of its video in `video_ids`; -1 for row -1 and dead rows."""
        arrivals = np.searchsorted(self._table.offsets, rows, side="right") - 1
        return self._positions[np.where(np.asarray(rows) < 0, -1, arrivals)]

    def _search_lists(
        self,
        lists: ListedCodes,
        queries: Matrix,
        k: int,
        is_allowed: npt.NDArray[np.bool_] | None,
    ) -> tuple[Matrix, Rows]:
        """What the lists find, compared exactly, and what came after them."""
        similarities = np.full((len(queries), k), -np.inf, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        for at, query in enumerate(queries):
            found = lists.find_allowed(query, k, is_allowed)
            near = widen(self._exact.rows[found]) @ query
            if self._tail is not None:
                allowed = None if is_allowed is None else is_allowed[lists.n :]
                late = self._tail.search(query[None], min(k, self._tail.n), allowed)
                is_there = late[1][0] >= 0
                near = np.concatenate([near, late[0][0][is_there]])
                found = np.concatenate([found, late[1][0][is_there] + lists.n])
            order = np.argsort(-near, kind="stable")[:k]
            similarities[at, : len(order)], rows[at, : len(order)] = near[order], found[order]
        return similarities, rows

    @cached_property
    def _tail(self) -> ExactIndex | None:
        """The rows that have no code yet, few enough to be copied."""
        if self.lists is None or self.lists.n == self.n_rows:
            return None
        rows = self._exact.rows[self.lists.n :].reshape(-1).view(np.uint8)
        return ExactIndex(np.concatenate([np.zeros(HEAD_BYTES, np.uint8), rows]), self.space.dim)

    def _is_few(self, is_allowed: npt.NDArray[np.bool_] | None) -> bool:
        """Whether so few rows may be found that to compare them all is quick."""
        return is_allowed is not None and is_allowed.mean() < MAX_FEW

    @cached_property
    def _positions(self) -> Rows:
        """Where the videos, as they came, are in `video_ids`; -1 for the dead, and at the end."""
        at = {video_id: position for position, video_id in enumerate(self.video_ids)}
        return np.array([*(at.get(video_id, -1) for video_id in self._table.ids), -1])

    @cached_property
    def _is_alive(self) -> npt.NDArray[np.bool_] | None:
        """Which rows are somebody's; None where all are."""
        dead = self._table.find_spans([""])
        if not any(end > first for first, end in dead):
            return None
        is_alive = np.ones(self.n_rows, dtype=np.bool_)
        for first, end in dead:
            is_alive[first:end] = False
        return is_alive

    def _find_allowed(
        self, video_ids: Collection[str] | None, left_out: Collection[str]
    ) -> npt.NDArray[np.bool_] | None:
        """Which rows may be found; None where all may."""
        if video_ids is None and not left_out:
            return self._is_alive
        if video_ids is not None:
            is_allowed = np.zeros(self.n_rows, dtype=np.bool_)
            for video_id in video_ids:
                is_allowed[self.rows(video_id)] = True
        elif self._is_alive is not None:
            is_allowed = self._is_alive.copy()
        else:
            is_allowed = np.ones(self.n_rows, dtype=np.bool_)
        for video_id in left_out:
            is_allowed[self.rows(video_id)] = False
        return is_allowed


def _join(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same rows in as few stretches as there are, in the same order."""
    held: tuple[int, int] | None = None
    for first, end in spans:
        if held is not None and held[1] == first:
            held = (held[0], end)
            continue
        if held is not None:
            yield held
        held = (first, end)
    if held is not None:
        yield held
