"""The protocol of a vector index of one space."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.database.blobs import Seconds
from mvsearch.store.records import Matrix, Space

Integers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The k stored vectors most similar to each of q query vectors.

    Attributes:
        similarities: (q, k) float32 inner products, best first; minus infinity behind the last
            match if there are fewer than k.
        videos: (q, k) int64 positions of the videos in `VectorIndex.video_ids`; -1 for no match.
        segments: (q, k) int64 positions of the vectors in `VectorIndex.vectors` of the video; -1
            for no match.
    """

    similarities: Matrix
    videos: Integers
    segments: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """The times of the n vectors of a video.

    Attributes:
        starts, ends: (n,) float64 seconds, NaN for no time.
    """

    starts: Seconds
    ends: Seconds


class VectorIndex(Protocol):
    """All vectors of one space in one state of the library; immutable.

    Vectors are unit vectors, stored with at least the precision of float16: similarities differ
    from those of the catalogue's vectors by less than 1e-3. Several threads may search at once.
    `tests/store/vectors/test_contract.py` compares every implementation with numpy.

    Attributes:
        space: of the vectors.
        generation: of the space in the catalogue.
        placement: identifies the coordinates: indexes of a space with the same placement have the
            same vectors for a video, and share `handles`.
        n: number of vectors.
        video_ids: of the videos with vectors, sorted.
        is_exact: whether `search` always finds the nearest vectors.
        is_remote: whether the vectors lie on a server: callers ask it for candidates, and never
            read all videos at once.
        recall: measured share of the ten nearest vectors that `search` finds; 1 if exact.
        handles: (videos,) int64, for each of `video_ids` a number that does not identify its
            content; see `resolve`.
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
    def is_remote(self) -> bool: ...  # noqa: D102
    @property
    def recall(self) -> float: ...  # noqa: D102
    @property
    def handles(self) -> Integers: ...  # noqa: D102

    def place(self, queries: Matrix) -> Matrix:
        """Convert unit vectors (q, dim) of an encoder to the coordinates of the index, float32."""
        ...

    def search(
        self,
        queries: Matrix,
        k: int,
        within: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Neighbours:
        """Find the k vectors most similar to each query.

        An approximate index may miss some. Similarities are exact, and fewer than k vectors are
        found only if fewer are allowed.

        Args:
            queries: (q, dim) float32, placed.
            k: at least 1.
            within: ids of the allowed videos; None for all. Unknown ids are ignored.
            left_out: ids of excluded videos.
        """
        ...

    def score_sets(self, queries: Matrix, video_ids: Sequence[str]) -> Scores:
        """Compute the mean over the query vectors of the best match in each video, exactly.

        Args:
            queries: (q, dim) float32, placed; q >= 1.
            video_ids: v of them, in any order.

        Returns:
            (v,) float64 similarities; NaN for a video without vectors.
        """
        ...

    def is_scoring_cheaper(self, n_queries: int, k: int, video_ids: Sequence[str]) -> bool:
        """Whether `score_sets` of these videos costs less than a `search` for k neighbours."""
        ...

    def count(self, video_id: str) -> int:
        """The number of vectors of a video; 0 for an unknown one."""
        ...

    def vectors(self, video_id: str) -> Matrix:
        """The unit vectors of a video in the coordinates of the index: (n, dim) float32, read-only.

        They are in time order.
        """
        ...

    def read(self, video_ids: Sequence[str]) -> list[Matrix]:
        """The `vectors` of several videos, in this order; a server is asked once for all.

        Callers ask for few at once, see `search/retrieval/blocks.py`.
        """
        ...

    def spans(self, video_id: str) -> Spans:
        """The times of a video's vectors."""
        ...

    def resolve(self, handles: Integers) -> Integers:
        """The videos of handles from an index of the same space and placement.

        Returns:
            (n,) int64 positions in `video_ids`; -1 for a removed video.
        """
        ...

    def is_intact(self, reader: VectorReader) -> bool:
        """Whether everything read so far was of the state of this index.

        It is not if a video was removed and its vectors were overwritten while they were read.
        """
        ...
