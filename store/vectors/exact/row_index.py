"""The vector index over float16 rows, in memory or memory-mapped."""

import threading
from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mvsearch.store.catalog.snapshots import VectorReader
from mvsearch.store.database.blobs import normalise
from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.approximate.inverted_lists import InvertedLists
from mvsearch.store.vectors.approximate.nearest import ApproximateIndex, is_reading_cheaper
from mvsearch.store.vectors.exact.best_match import RowReader, score_spans
from mvsearch.store.vectors.exact.centering import place_vectors
from mvsearch.store.vectors.exact.nearest import ExactIndex
from mvsearch.store.vectors.exact.row_file import HEAD_BYTES, Bytes
from mvsearch.store.vectors.exact.row_table import Rows, RowTable
from mvsearch.store.vectors.index import Neighbours, Scores, Spans

# Vectors that were read stay as float32 up to so much a space: making these of float16 is most
# of the work of comparing videos.
MAX_KEPT_BYTES = 256 << 20
TIMES_BYTES = 16
# Up to this share of the rows, a search that is limited to them compares them all.
MAX_FEW = 0.05


class RowIndex:
    """A `VectorIndex` of rows in the order in which the videos came, with gaps where some left.

    Attributes:
        placement: another number means that vectors are placed otherwise, and other row numbers;
            while it stays, rows only come at the end or die. The row files call it their epoch.
        n_rows: how many rows there are, dead ones too; grows within a placement.
        starts, ends: (n_rows,) float64 seconds of the rows, NaN where untimed or dead.
        centre: (dim,) float32; see `centering.find_centre`.
        lists: the way to search a large index; None where every row is compared.
        is_mapped: whether the rows are read from a file, where those of a video that leaves the
            library are overwritten; otherwise all of it is in memory.
    """

    def __init__(
        self,
        space: Space,
        generation: int,
        placement: int,
        table: RowTable,
        centre: Matrix,
        vectors: Bytes,
        times: Bytes,
        *,
        is_mapped: bool = False,
        lists: InvertedLists | None = None,
    ) -> None:
        self.space = space
        self.generation = generation
        self.placement = placement
        self.n_rows = table.n_rows
        self.centre = centre
        self._table = table
        sizes = (len(vectors) - HEAD_BYTES, len(times) - HEAD_BYTES)
        if sizes != (2 * space.dim * self.n_rows, TIMES_BYTES * self.n_rows):
            raise LibraryDamagedError(f"the index of {space.key} does not fit together")
        spans = times[HEAD_BYTES:].view("<f8").reshape(-1, 2)
        self.starts, self.ends = spans[:, 0], spans[:, 1]
        self.is_mapped = is_mapped
        self.lists = lists
        self._exact = ExactIndex(vectors, space.dim)
        self._approximate = None if lists is None else ApproximateIndex(self._exact.rows, lists)
        self._reader = RowReader(self._exact.rows)
        self._spans = {
            video_id: slice(first, end)
            for video_id, first, end in zip(
                table.ids, table.offsets[:-1].tolist(), table.offsets[1:].tolist(), strict=True
            )
            if video_id and end > first
        }
        self.video_ids = tuple(sorted(self._spans))
        self._kept: dict[str, Matrix] = {}
        self._n_bytes_kept = 0
        self._keeping = threading.Lock()

    @property
    def is_exact(self) -> bool:
        """Whether `search` finds the nearest rows for certain."""
        return self.lists is None

    @property
    def recall(self) -> float:
        """Share of the ten nearest rows that lists found, on rows of the index itself."""
        return 1.0 if self.lists is None else self.lists.recall

    @cached_property
    def n(self) -> int:
        """How many vectors there are."""
        return sum(span.stop - span.start for span in self._spans.values())

    @cached_property
    def handles(self) -> Rows:
        """The first row of each video: its number is nobody's name."""
        firsts = [self.rows(video_id).start for video_id in self.video_ids]
        return np.array(firsts, dtype=np.int64)

    def resolve(self, handles: Rows) -> Rows:
        """The positions in `video_ids` of the videos that rows belong to; -1 for dead rows."""
        return self._positions[self._find_arrivals(handles)]

    def is_intact(self, reader: VectorReader) -> bool:
        """Whether all that was read until now was there: rows die after their video has left."""
        key = self.space.key
        if not self.is_mapped or self.generation == reader.generation(key, is_newest=True):
            return True
        with reader.snapshot(key, is_newest=True) as now:
            known = self._table.known().items()
            return all(now.versions.get(video_id) == version for video_id, version in known)

    def place(self, queries: Matrix) -> Matrix:
        """Unit vectors (q, dim) from an encoder as `search` takes them; see `place_vectors`."""
        return place_vectors(queries, self.centre)

    def search(
        self,
        queries: Matrix,
        k: int,
        within: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Neighbours:
        """Find the k rows most similar to each query, by lists unless few rows may be found.

        `left_out` costs by its number of videos, `within` by its own.
        """
        similarities = np.full((len(queries), k), -np.inf, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        n_found = min(k, self.n)
        if n_found and len(queries):
            is_allowed = self._find_allowed(within, left_out)
            chosen = self._choose(is_allowed, is_limited=within is not None)
            found = chosen.search(queries, n_found, is_allowed)
            similarities[:, :n_found], rows[:, :n_found] = found
            similarities[rows < 0] = -np.inf
        arrivals = self._find_arrivals(rows)
        segments = np.where(rows < 0, -1, rows - self._table.offsets[arrivals])
        return Neighbours(similarities, self._positions[arrivals], segments)

    def score_sets(self, queries: Matrix, video_ids: Sequence[str]) -> Scores:
        """Mean over the query vectors of the best match in each video, by comparing all rows."""
        spans = np.array([(r.start, r.stop) for r in map(self.rows, video_ids)], dtype=np.int64)
        return score_spans(self._reader, queries, spans.reshape(-1, 2))

    def is_scoring_cheaper(self, n_queries: int, k: int, video_ids: Sequence[str]) -> bool:
        """Where every row is compared anyway, a search saves nothing."""
        if self.lists is None:
            return True
        return is_reading_cheaper(sum(map(self.count, video_ids)), n_queries, k)

    def count(self, video_id: str) -> int:
        """How many vectors a video has."""
        rows = self.rows(video_id)
        return int(rows.stop - rows.start)

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

    def spans(self, video_id: str) -> Spans:
        """The times of a video's vectors."""
        rows = self.rows(video_id)
        return Spans(self.starts[rows], self.ends[rows])

    def rows(self, video_id: str) -> slice:
        """The rows of a video; an empty slice where it has none."""
        return self._spans.get(video_id, slice(0, 0))

    def _find_arrivals(self, rows: Rows) -> Rows:
        """Of each row, when its video came: its place in the table; -1 for row -1."""
        arrivals = np.searchsorted(self._table.offsets, rows, side="right") - 1
        return np.where(np.asarray(rows) < 0, -1, arrivals)

    def _choose(
        self, is_allowed: npt.NDArray[np.bool_] | None, *, is_limited: bool
    ) -> ExactIndex | ApproximateIndex:
        """What searches: where few rows may be found, to compare them all is quick."""
        if self._approximate is None:
            return self._exact
        is_few = is_limited and is_allowed is not None and is_allowed.mean() < MAX_FEW
        return self._exact if is_few else self._approximate

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
        self, within: Collection[str] | None, left_out: Collection[str]
    ) -> npt.NDArray[np.bool_] | None:
        """Which rows may be found; None where all may."""
        if within is None and not left_out:
            return self._is_alive
        if within is not None:
            is_allowed = np.zeros(self.n_rows, dtype=np.bool_)
            for video_id in within:
                is_allowed[self.rows(video_id)] = True
        elif self._is_alive is not None:
            is_allowed = self._is_alive.copy()
        else:
            is_allowed = np.ones(self.n_rows, dtype=np.bool_)
        for video_id in left_out:
            is_allowed[self.rows(video_id)] = False
        return is_allowed
