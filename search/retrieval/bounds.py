"""Bounds the similarities of all videos by the nearest segments of a query."""

import numpy as np
import numpy.typing as npt

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import Neighbours, VectorIndex

# Query vectors that a server is asked the neighbours of; of a longer query, evenly spaced ones.
MAX_ASKED = 32


def choose_asked(index: VectorIndex, vectors: Matrix) -> Matrix:
    """The query vectors whose neighbours are looked for: of a long query to a server, some."""
    if not index.is_remote or len(vectors) <= MAX_ASKED:
        return vectors
    asked: Matrix = vectors[np.linspace(0, len(vectors) - 1, MAX_ASKED).round().astype(np.intp)]
    return asked


def bound_matches(found: Neighbours, n_videos: int) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Bound the mean of best matches of each video of an index.

    Args:
        found: the nearest segments of each query vector.
        n_videos: of the index.

    Returns:
        (n_videos,) upper bounds: for a query vector, the best match among the nearest segments, or
        the last of these if none is of the video; and (n_videos,) whether the bound is exact,
        because each query vector has a match among them.
    """
    similarities, is_there = found.similarities, found.videos >= 0
    last = np.maximum(similarities[:, -1], -1.0).astype(np.float64)
    at, _ = np.nonzero(is_there)
    # Rows are sorted, so the first match of a video is its best.
    pairs, firsts = np.unique(at * n_videos + found.videos[is_there], return_index=True)
    gains = similarities[is_there][firsts] - last[at[firsts]]
    total = np.bincount(pairs % n_videos, weights=gains, minlength=n_videos)
    n_met = np.bincount(pairs % n_videos, minlength=n_videos)
    bounds: FloatArray = (total + last.sum()) / len(similarities)
    return bounds, n_met == len(similarities)
