"""The protocol of a vector index of one space."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mvsearch.store.catalog.snapshots import VectorReader
from mvsearch.store.database.blobs import Seconds
from mvsearch.store.records import Matrix, Space

Integers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The k stored vectors most similar to each of q query vectors.

    Attributes:
        similarities: (q, k) float32 inner products, best first; minus infinity where fewer than k
            vectors may be found.
        videos: (q, k) int64, the video of each as its position in `VectorIndex.video_ids`; -1 where
            there is none.
        segments: (q, k) int64, the position of each in `VectorIndex.vectors` of its video; -1 where
            there is none.
    """

    similarities: Matrix
    videos: Integers
    segments: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """When the n vectors of a video begin and end.

    Attributes:
        starts, ends: (n,) float64 seconds, NaN where there is no time.
    """

    starts: Seconds
    ends: Seconds


class VectorIndex(Protocol):
    """All vectors of one space, in one state of the library that does not change.

    Vectors are unit vectors, stored with at least the precision of float16: similarities differ
    from those of the catalogue's vectors by less than 1e-3. Several threads may ask at once.
    `tests/store/vectors/test_contract.py` holds every implementation against numpy.

    Attributes:
        space: what the vectors are.
        generation: of the space in the catalogue, whose state this is.
        placement: while it is the same, a newer index of the space gives the same vectors of a
            video, and `handles` stay valid.
        n: how many vectors there are.
        video_ids: sorted; those that have vectors.
        is_exact: whether `search` finds the nearest vectors for certain.
        recall: the measured share of the ten nearest vectors that `search` finds; 1 where exact.
        handles: (videos,) int64, for each of `video_ids` a number that tells nothing of the video;
            see `resolve`.
    """

    @property
    def space(self) -> Space: ...  # noqa: D102
    @property
    def generation(self) -> int: ...  # noqa: D102
    @property
    def placement(self) -> int: ...  # noqa: D102
    @property
    def n(self) -> int: ...  # noqa: D102
    @property
    def video_ids(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def is_exact(self) -> bool: ...  # noqa: D102
    @property
    def recall(self) -> float: ...  # noqa: D102
    @property
    def handles(self) -> Integers: ...  # noqa: D102

    def place(self, queries: Matrix) -> Matrix:
        """Unit vectors (q, dim) of an encoder as the index holds them, and takes them: float32."""
        ...

    def search(
        self,
        queries: Matrix,
        k: int,
        within: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Neighbours:
        """Find the k vectors most similar to each query.

        An approximate index may miss some; the similarities of those found are exact, and there are
        fewer than k only where fewer may be found.

        Args:
            queries: (q, dim) float32, placed.
            k: at least 1.
            within: only vectors of these videos; None for all. Unknown ids find nothing.
            left_out: no vectors of these videos.
        """
        ...

    def score_sets(self, queries: Matrix, video_ids: Sequence[str]) -> Scores:
        """The mean over a set of query vectors of the best match in each video; always exact.

        Args:
            queries: (q, dim) float32, placed; q >= 1.
            video_ids: v of them, in any order.

        Returns:
            (v,) float64 similarities; NaN for a video without vectors.
        """
        ...

    def is_scoring_cheaper(self, n_queries: int, k: int, video_ids: Sequence[str]) -> bool:
        """Whether `score_sets` over videos costs less than a `search` for k of their vectors."""
        ...

    def count(self, video_id: str) -> int:
        """How many vectors a video has; 0 for an unknown one."""
        ...

    def vectors(self, video_id: str) -> Matrix:
        """The placed unit vectors of a video in order of time: (n, dim) float32, read-only."""
        ...

    def spans(self, video_id: str) -> Spans:
        """The times of a video's vectors."""
        ...

    def resolve(self, handles: Integers) -> Integers:
        """The videos of handles from an index of the same space and placement.

        Returns:
            (n,) int64 positions in `video_ids`; -1 for a video that has left.
        """
        ...

    def is_intact(self, reader: VectorReader) -> bool:
        """Whether all that was read of the index until now was of its own state."""
        ...
