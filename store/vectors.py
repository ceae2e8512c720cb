"""Exact nearest neighbours among the vectors of one space; the only module that knows FAISS."""

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from store.blobs import Seconds, normalise
from store.errors import LibraryDamagedError
from store.reading import StoredVectors
from store.records import Matrix, Space

Rows = npt.NDArray[np.int64]

# The library mean counts as much as this many videos are known; see `find_centre`.
CENTRE_PRIOR_VIDEOS = 10
# Rows converted to float32 at once while an index is built.
ROWS_AT_ONCE = 8192
# Vectors that were read stay as float32 up to so much a space: making these of float16 is most
# of the work of comparing videos.
MAX_KEPT_BYTES = 256 << 20
# Below this a difference from the centre is rounding, and its direction means nothing.
MIN_DISTANCE = 1e-4


def find_centre(space: Space, means: Matrix) -> Matrix:
    """The point that similarities in a space are seen from.

    Unit vectors of pictures or sounds share a large common part (all are photographs, all are
    music), so every cosine is high, and a few vectors near the mean are neighbours of everything
    ("hubs"; Suzuki et al. 2013, "Centering similarity measures to reduce hubs"). Without the mean,
    what tells videos apart is left. The mean of few videos is mostly these videos themselves, so it
    is shrunk towards zero. Words are not centred: they are compared with vectors of another kind,
    whose mean is another.

    Args:
        space: decides whether anything is subtracted.
        means: (n_videos, dim) the mean vector of each video, so that long videos count no more.

    Returns:
        (dim,) float32.
    """
    n_videos = len(means)
    if n_videos == 0 or space.view == "words" or space.modality == "lyrics":
        return np.zeros(space.dim, dtype=np.float32)
    shrinkage = n_videos / (n_videos + CENTRE_PRIOR_VIDEOS)
    centre: Matrix = (means.mean(axis=0, dtype=np.float64) * shrinkage).astype(np.float32)
    return centre


def place_vectors(vectors: Matrix, centre: Matrix) -> Matrix:
    """Vectors as seen from the centre, of length one; one that equals it stays as it is.

    Args:
        vectors: (n, dim) float32.
        centre: (dim,) float32.
    """
    placed = vectors - centre
    lengths = np.linalg.norm(placed, axis=1, keepdims=True)
    is_far = lengths > MIN_DISTANCE
    return np.where(is_far, placed / np.where(is_far, lengths, 1), vectors)


class SpaceIndex:
    """All vectors of one space, searched exactly.

    The vectors are held as float16 (half of float32's memory; similarities differ by less than
    1e-3) and compared by inner product, which for unit vectors is the cosine.

    Attributes:
        space: what the vectors are.
        video_ids: sorted; the rows follow this order.
        offsets: (n_videos + 1,) int64; rows of video v are `offsets[v]:offsets[v + 1]`.
        starts, ends: (n,) float64 seconds of the rows, NaN where untimed.
        centre: (dim,) float32; see `find_centre`.
    """

    def __init__(
        self,
        space: Space,
        video_ids: Sequence[str],
        offsets: Rows,
        starts: Seconds,
        ends: Seconds,
        centre: Matrix,
        faiss_index: Any,
    ) -> None:
        self.space = space
        self.video_ids = tuple(video_ids)
        self.offsets = offsets
        self.starts = starts
        self.ends = ends
        self.centre = centre
        self._index = faiss_index
        self._kept: dict[str, Matrix] = {}
        self._n_bytes_kept = 0
        n_rows = int(offsets[-1])
        if not (
            (faiss_index.ntotal, faiss_index.d) == (n_rows, space.dim)
            and offsets.shape == (len(self.video_ids) + 1,)
            and starts.shape == ends.shape == (n_rows,)
            and centre.shape == (space.dim,)
        ):
            raise LibraryDamagedError(f"the index of {space.key} does not fit together")

    @classmethod
    def build(cls, space: Space, stored: Sequence[StoredVectors]) -> Self:
        """Build the index of a space from what the catalogue holds, sorted by video id."""
        faiss = _load_faiss()
        filled = [one for one in stored if len(one.vectors)]
        means = [normalise(one.vectors).mean(axis=0) for one in filled]
        centre = find_centre(space, np.array(means, dtype=np.float32).reshape(-1, space.dim))
        index = faiss.IndexScalarQuantizer(
            space.dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        for vectors in _in_blocks(filled):
            index.add(place_vectors(normalise(vectors), centre))
        return cls(
            space,
            [one.video_id for one in filled],
            np.cumsum([0, *(len(one.vectors) for one in filled)], dtype=np.int64),
            np.concatenate([np.empty(0), *(one.starts for one in filled)]),
            np.concatenate([np.empty(0), *(one.ends for one in filled)]),
            centre,
            index,
        )

    @property
    def n(self) -> int:
        """How many vectors there are."""
        return int(self.offsets[-1])

    @property
    def is_exact(self) -> bool:
        """Whether `search` finds the nearest rows for certain."""
        return True

    def place(self, queries: Matrix) -> Matrix:
        """Unit vectors (q, dim) from an encoder as `search` takes them; see `place_vectors`."""
        return place_vectors(queries, self.centre)

    def search(
        self, queries: Matrix, k: int, video_ids: Collection[str] | None = None
    ) -> tuple[Matrix, Rows]:
        """Find the k rows most similar to each query, exactly.

        Args:
            queries: (q, dim) float32, placed.
            k: at least 1.
            video_ids: only rows of these videos; None for all.

        Returns:
            (q, k) float32 similarities, best first, and (q, k) int64 rows; where there are fewer
            than k, the rows are -1 and the similarities minus infinity.
        """
        faiss = _load_faiss()
        similarities = np.full((len(queries), k), -np.inf, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        n_found = min(k, self.n)
        if n_found == 0 or len(queries) == 0:
            return similarities, rows
        params = None
        if video_ids is not None:
            bits = np.packbits(self._mask(video_ids), bitorder="little")
            params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        found = self._index.search(
            np.ascontiguousarray(queries, dtype=np.float32), n_found, params=params
        )
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
        rows = self.rows(video_id)
        if rows.start == rows.stop:
            return np.empty((0, self.space.dim), dtype=np.float32)
        read = normalise(self._index.reconstruct_n(rows.start, rows.stop - rows.start))
        read.setflags(write=False)
        if self._n_bytes_kept + read.nbytes <= MAX_KEPT_BYTES:
            self._kept[video_id] = read
            self._n_bytes_kept += read.nbytes
        return read

    def rows(self, video_id: str) -> slice:
        """The rows of a video; an empty slice where it has none."""
        position = self._positions.get(video_id)
        if position is None:
            return slice(0, 0)
        return slice(int(self.offsets[position]), int(self.offsets[position + 1]))

    def video_of(self, rows: Rows) -> Rows:
        """For each row, the position of its video in `video_ids`; -1 for row -1."""
        return np.searchsorted(self.offsets, rows, side="right").astype(np.int64) - 1

    def to_bytes(self) -> npt.NDArray[np.uint8]:
        """The FAISS index as bytes."""
        faiss = _load_faiss()
        serialised: npt.NDArray[np.uint8] = faiss.serialize_index(self._index)
        return serialised

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything else, as arrays without Python objects."""
        return {
            "video_ids": np.array(self.video_ids, dtype=np.str_),
            "offsets": self.offsets,
            "starts": self.starts,
            "ends": self.ends,
            "centre": self.centre,
        }

    @classmethod
    def from_bytes(
        cls, space: Space, serialised: npt.NDArray[np.uint8], arrays: dict[str, npt.NDArray[Any]]
    ) -> Self:
        """The index that `to_bytes` and `to_arrays` took apart.

        Raises:
            LibraryDamagedError: they do not belong together, or FAISS cannot read them.
        """
        faiss = _load_faiss()
        try:
            index = faiss.deserialize_index(serialised)
        except RuntimeError as error:
            raise LibraryDamagedError(f"FAISS cannot read the index of {space.key}") from error
        fields = {name: arrays[name] for name in ("offsets", "starts", "ends", "centre")}
        return cls(space, arrays["video_ids"].tolist(), **fields, faiss_index=index)

    @cached_property
    def _positions(self) -> dict[str, int]:
        """Where each video is in `video_ids`."""
        return {video_id: position for position, video_id in enumerate(self.video_ids)}

    def _mask(self, video_ids: Collection[str]) -> npt.NDArray[np.bool_]:
        """Which rows belong to these videos."""
        mask = np.zeros(self.n, dtype=np.bool_)
        for video_id in video_ids:
            mask[self.rows(video_id)] = True
        return mask


def _in_blocks(stored: Sequence[StoredVectors]) -> Iterator[npt.NDArray[np.float16]]:
    """The vectors of many videos in blocks of a bounded size."""
    waiting: list[npt.NDArray[np.float16]] = []
    n_waiting = 0
    for one in stored:
        waiting.append(one.vectors)
        n_waiting += len(one.vectors)
        if n_waiting >= ROWS_AT_ONCE:
            yield np.concatenate(waiting)
            waiting, n_waiting = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _load_faiss() -> Any:
    """FAISS, imported when it is first needed.

    Untyped: its annotations are those of C++, before it replaces methods by ones that take arrays.
    """
    import faiss

    return faiss
