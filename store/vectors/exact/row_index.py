"""The vector index over float16 rows, in memory or memory-mapped."""

import threading
from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mvsearch.store.catalog.reading.vectors import VectorReader
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

# Size of the cache of float32 vectors per space: converting from float16 is most of the work of
# comparing videos.
MAX_KEPT_BYTES = 256 << 20
TIMES_BYTES = 16
# A search that is limited to a smaller share of the rows compares all of them.
MAX_FEW = 0.05


class RowIndex:
    """A `VectorIndex` of rows in the order in which videos were added; removed ones leave gaps.

    Attributes:
        placement: the epoch of the row files. While it is the same, rows are only appended or
            erased, and keep their numbers and coordinates.
        n_rows: number of rows, including erased ones.
        starts, ends: (n_rows,) float64 seconds of the rows, NaN for none.
        centre: (dim,) float32; see `centering.find_centre`.
        lists: the inverted lists of a large index; None if every row is compared.
        is_mapped: whether rows are read from a file, where those of removed videos are overwritten;
            otherwise all rows are in memory.
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
            raise LibraryDamagedError(f"the index of {space.key} is inconsistent")
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
        """Whether `search` always finds the nearest rows."""
        return self.lists is None

    @property
    def is_remote(self) -> bool:
        """Never: rows are read from memory or a file."""
        return False

    @property
    def recall(self) -> float:
        """Share of the ten nearest rows that the lists find, measured on rows of the index."""
        return 1.0 if self.lists is None else self.lists.recall

    @cached_property
    def n(self) -> int:
        """The number of vectors."""
        return sum(span.stop - span.start for span in self._spans.values())

    @cached_property
    def handles(self) -> Rows:
        """The first row of each video, a number that does not identify its content."""
        firsts = [self.rows(video_id).start for video_id in self.video_ids]
        return np.array(firsts, dtype=np.int64)

    def resolve(self, handles: Rows) -> Rows:
        """The positions in `video_ids` of the videos of rows; -1 for erased rows."""
        return self._positions[self._find_videos(handles)]

    def is_intact(self, reader: VectorReader) -> bool:
        """Whether no video was removed so far; rows are erased after their video is removed."""
        key = self.space.key
        if not self.is_mapped or self.generation == reader.generation(key, is_newest=True):
            return True
        with reader.snapshot(key, is_newest=True) as now:
            known = self._table.known().items()
            return all(now.versions.get(video_id) == version for video_id, version in known)

    def place(self, queries: Matrix) -> Matrix:
        """Convert unit vectors (q, dim) of an encoder for `search`; see `place_vectors`."""
        return place_vectors(queries, self.centre)

    def search(
        self,
        queries: Matrix,
        k: int,
        within: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Neighbours:
        """Find the k rows most similar to each query, with the lists unless few rows are allowed.

        The cost of `within` and `left_out` is proportional to their numbers of videos.
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
        places = self._find_videos(rows)
        segments = np.where(rows < 0, -1, rows - self._table.offsets[places])
        return Neighbours(similarities, self._positions[places], segments)

    def score_sets(self, queries: Matrix, video_ids: Sequence[str]) -> Scores:
        """Compute the mean over the query vectors of the best match in each video, exactly."""
        spans = np.array([(r.start, r.stop) for r in map(self.rows, video_ids)], dtype=np.int64)
        return score_spans(self._reader, queries, spans.reshape(-1, 2))

    def is_scoring_cheaper(self, n_queries: int, k: int, video_ids: Sequence[str]) -> bool:
        """Whether comparing all rows costs less than a search; always without lists."""
        if self.lists is None:
            return True
        return is_reading_cheaper(sum(map(self.count, video_ids)), n_queries, k)

    def count(self, video_id: str) -> int:
        """The number of vectors of a video."""
        rows = self.rows(video_id)
        return int(rows.stop - rows.start)

    def vectors(self, video_id: str) -> Matrix:
        """The unit vectors of a video in the coordinates of the index, read-only.

        Returns:
            (n, dim) float32; (0, dim) if it has none.
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

    def read(self, video_ids: Sequence[str]) -> list[Matrix]:
        """The `vectors` of several videos."""
        return [self.vectors(video_id) for video_id in video_ids]

    def spans(self, video_id: str) -> Spans:
        """The times of a video's vectors."""
        rows = self.rows(video_id)
        return Spans(self.starts[rows], self.ends[rows])

    def rows(self, video_id: str) -> slice:
        """The rows of a video; an empty slice if it has none."""
        return self._spans.get(video_id, slice(0, 0))

    def _find_videos(self, rows: Rows) -> Rows:
        """The position in the table of the video of each row; -1 for row -1."""
        places = np.searchsorted(self._table.offsets, rows, side="right") - 1
        return np.where(np.asarray(rows) < 0, -1, places)

    def _choose(
        self, is_allowed: npt.NDArray[np.bool_] | None, *, is_limited: bool
    ) -> ExactIndex | ApproximateIndex:
        """Choose the exact index if there are no lists or few rows are allowed."""
        if self._approximate is None:
            return self._exact
        is_few = is_limited and is_allowed is not None and is_allowed.mean() < MAX_FEW
        return self._exact if is_few else self._approximate

    @cached_property
    def _positions(self) -> Rows:
        """The position in `video_ids` of each video of the table; -1 if removed, and at the end."""
        at = {video_id: position for position, video_id in enumerate(self.video_ids)}
        return np.array([*(at.get(video_id, -1) for video_id in self._table.ids), -1])

    @cached_property
    def _is_alive(self) -> npt.NDArray[np.bool_] | None:
        """(n_rows,) whether a row is not erased; None if none is."""
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
        """(n_rows,) whether a row may be found; None if all may."""
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
