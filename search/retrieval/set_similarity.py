"""Computes the symmetric set similarity (mean of best matches) of two videos."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.indexer.progress import StepCounter
from mvsearch.search.retrieval.blocks import MAX_PRODUCT, Block, Offsets, iter_blocks
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import VectorIndex


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Two videos compared in one space.

    Attributes:
        similarity: see `compare_all`; NaN if one of the two has no vectors.
        best: (n,) float32, for each vector of the second its best match in the first; (0,) if
            there are no vectors.
        best_back: (m,), the same for the first in the second.
    """

    similarity: float
    best: Matrix
    best_back: Matrix

    def swap(self) -> "Match":
        """The same with the second video first."""
        return Match(self.similarity, self.best_back, self.best)


def match_sets(first: Matrix, second: Matrix) -> Match:
    """Compare the (m, dim) vectors of one video with the (n, dim) of another."""
    if not (len(first) and len(second)):
        nothing: Matrix = np.empty(0, dtype=np.float32)
        return Match(float("nan"), nothing, nothing)
    product = first @ second.T
    best, best_back = product.max(axis=0), product.max(axis=1)
    total = float(best.mean(dtype=np.float64)) + float(best_back.mean(dtype=np.float64))
    return Match(total / 2, best, best_back)


def compare_all(
    index: VectorIndex, video_ids: Sequence[str], progress: StepCounter | None = None
) -> FloatArray:
    """Compare every video with every other.

    Args:
        index: of the space.
        video_ids: the videos to compare, in the order of the result.
        progress: called with the number of videos compared with all, and of all.

    Returns:
        (videos, videos) symmetric cosines: the mean over both directions of the mean over one
        video's vectors of the best match in the other; NaN if one of the two has none.
    """
    similarities = np.full((len(video_ids), len(video_ids)), np.nan)
    for left in iter_blocks(index, video_ids):
        first = int(left.positions[0])
        for right in iter_blocks(index, video_ids[first:]):
            columns = right.positions + first
            both = match_both_ways(left, right)
            if np.array_equal(columns, left.positions):
                # A product of a block with itself need not be symmetric to the last bit.
                both = (both + both.T) / 2
            similarities[np.ix_(left.positions, columns)] = both
            similarities[np.ix_(columns, left.positions)] = both.T
        if progress is not None:
            progress(int(left.positions[-1]) + 1, len(video_ids))
    if progress is not None:
        progress(len(video_ids), len(video_ids))
    return similarities


def compare_one(index: VectorIndex, video_id: str, video_ids: Sequence[str]) -> FloatArray:
    """Compare one video with others, as `compare_all` does.

    Returns:
        (videos,) cosines; NaN if one of the two has no vectors.
    """
    row: FloatArray = compare_some(index, [video_id], video_ids)[0]
    return row


def compare_some(index: VectorIndex, some: Sequence[str], video_ids: Sequence[str]) -> FloatArray:
    """Compare a few videos with others, as `compare_all` does, reading the others once.

    Returns:
        (some, videos) cosines; NaN if one of the two has no vectors.
    """
    similarities = np.full((len(some), len(video_ids)), np.nan)
    lefts = list(iter_blocks(index, some))
    for right in iter_blocks(index, video_ids):
        for left in lefts:
            similarities[np.ix_(left.positions, right.positions)] = match_both_ways(left, right)
    return similarities


def match_both_ways(left: Block, right: Block) -> FloatArray:
    """Compare each video of one block with each of another.

    Returns:
        (left videos, right videos): the mean of both directions.
    """
    best_right = np.empty((len(left.vectors), len(right.starts)), dtype=np.float32)
    best_left = np.full((len(left.starts), len(right.vectors)), -np.inf, dtype=np.float32)
    step = max(1, MAX_PRODUCT // len(right.vectors))
    for start in range(0, len(left.vectors), step):
        product = left.vectors[start : start + step] @ right.vectors.T
        best_right[start : start + step] = np.maximum.reduceat(product, right.starts, axis=1)
        _raise_best(best_left, product, left.starts - start)
    forward = _mean_by_video(best_right.T, left.starts, len(left.vectors)).T
    backward = _mean_by_video(best_left, right.starts, len(right.vectors))
    return (forward + backward) / 2


def _raise_best(best: Matrix, product: Matrix, starts: Offsets) -> None:
    """Merge some rows of a product into the best similarities of their videos.

    Args:
        best: (videos, columns), updated in place.
        product: (rows, columns).
        starts: (videos,) first row of each video, relative to the first row of the product.
    """
    first = int(np.searchsorted(starts, 0, side="right")) - 1
    last = int(np.searchsorted(starts, len(product), side="left"))
    rows = np.maximum(starts[first:last], 0)
    np.maximum(best[first:last], np.maximum.reduceat(product, rows, axis=0), out=best[first:last])


def _mean_by_video(best: Matrix, starts: Offsets, n_rows: int) -> FloatArray:
    """Average (videos, rows) over the rows of each video of the other side."""
    sizes = np.diff(np.append(starts, n_rows))
    total: FloatArray = np.add.reduceat(best, starts, axis=1, dtype=np.float64)
    return total / sizes
