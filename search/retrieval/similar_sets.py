"""Bounds and compares the similarity of one video with all others, by the nearest segments."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.retrieval.blocks import iter_slices
from mvsearch.search.retrieval.bounds import choose_asked
from mvsearch.search.retrieval.set_similarity import compare_one
from mvsearch.search.retrieval.video_table import Positions, VideoTable
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import Neighbours, VectorIndex

Fuse = Callable[[FloatArray, Positions], FloatArray]

# Neighbours of each vector of the video.
NEIGHBOURS = 512
# Videos that are compared exactly: at first, later at once, and at most in all.
FIRST, AT_ONCE, MAX_COMPARED = 32, 128, 512
# Neighbours and exact similarities are summed in different orders.
ROUNDING = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Videos that one video was compared with exactly.

    Attributes:
        positions: (v,) of them in the table.
        similarities: (indexes, v) symmetric cosines; NaN if one of the two has no vectors.
        is_sure: whether no other video is among the best that were wanted.
    """

    positions: Positions
    similarities: FloatArray
    is_sure: bool


def find_similar(
    table: VideoTable,
    video_id: str,
    fuse: Fuse,
    n_wanted: int,
    within: Collection[str] | None = None,
    left_out: Collection[str] = (),
) -> Compared:
    """Find the videos most similar to one, without comparing it with all.

    The nearest segments bound the similarity of every video: in one direction as in
    `retrieve.find_candidates`, in the other by the nearest match of all. Videos are compared
    exactly from the highest bound on, until no bound reaches the best or `MAX_COMPARED` are
    compared. Of a video of more vectors than a server is asked for, the bounds are estimates.

    Args:
        table: of the indexes.
        video_id: of the video; it is not compared with itself.
        fuse: as in `retrieve.find_candidates`, of (indexes, videos) symmetric cosines.
        n_wanted: number of videos.
        within: ids of the videos to compare; None for all.
        left_out: ids of videos that are not compared.
    """
    is_open = np.ones(len(table.video_ids), dtype=np.bool_) if within is None else (
        table.mark(within)
    )  # fmt: skip
    is_open &= ~table.mark([*left_out, video_id])
    bounds = np.stack([
        _bound_all(index, places, len(is_open), video_id, within, [*left_out, video_id])
        for index, places in zip(table.indexes, table.places, strict=True)
    ])  # fmt: skip
    at = np.flatnonzero(is_open & ~np.isnan(bounds).all(axis=0))
    reach = fuse(bounds[:, at], at)
    order = np.argsort(-reach, kind="stable")
    order = order[~np.isnan(reach[order])]
    found = np.zeros((len(table.indexes), 0))
    n_compared, n_next = 0, max(FIRST, 2 * n_wanted)
    while n_compared < min(len(order), MAX_COMPARED):
        some = order[n_compared : n_compared + n_next]
        ids = table.pick(at[some])
        rows = np.stack([compare_one(index, video_id, ids) for index in table.indexes])
        found, n_compared, n_next = np.hstack([found, rows]), n_compared + len(some), AT_ONCE
        scores = np.sort(fuse(found, at[order[:n_compared]]))[::-1]
        best = scores[n_wanted - 1] if n_compared >= n_wanted else -np.inf
        if n_compared == len(order) or best >= reach[order[n_compared]]:
            return Compared(at[order[:n_compared]], found, is_sure=True)
    return Compared(at[order[:n_compared]], found, is_sure=n_compared == len(order))


def _bound_all(
    index: VectorIndex,
    places: Positions,
    n_videos: int,
    video_id: str,
    within: Collection[str] | None,
    left_out: Sequence[str],
) -> FloatArray:
    """Upper bounds (n_videos,) of the similarities in one index; NaN for no vectors."""
    bounds = np.full(n_videos, np.nan)
    vectors = index.vectors(video_id)
    if len(vectors):
        bounds[places] = _bound_both(index, choose_asked(index, vectors), within, left_out)
    return bounds


def _bound_both(
    index: VectorIndex, asked: Matrix, within: Collection[str] | None, left_out: Sequence[str]
) -> FloatArray:
    """Upper bounds for the videos of an index: the mean of both directions."""
    n_videos = len(index.video_ids)
    total, nearest = np.zeros(n_videos), np.full(n_videos, -1.0)
    for rows in iter_slices(len(asked), NEIGHBOURS):
        found = index.search(asked[rows], NEIGHBOURS, within, left_out)
        best, last = _match_videos(found, n_videos)
        total += best
        np.maximum(nearest, last, out=nearest)
    bounds: FloatArray = (total / len(asked) + nearest) / 2 + ROUNDING
    return bounds


def _match_videos(found: Neighbours, n_videos: int) -> tuple[FloatArray, FloatArray]:
    """The sum over the vectors of the best match of each video, and the best match of any vector.

    Where a vector has no neighbour of a video, its last neighbour stands for it.
    """
    similarities, is_there = found.similarities, found.videos >= 0
    last = np.maximum(similarities[:, -1], -1.0).astype(np.float64)
    at, _ = np.nonzero(is_there)
    pairs, firsts = np.unique(at * n_videos + found.videos[is_there], return_index=True)
    values = similarities[is_there][firsts].astype(np.float64)
    videos: npt.NDArray[np.intp] = (pairs % n_videos).astype(np.intp)
    gains = values - last[at[firsts]]
    total: FloatArray = np.bincount(videos, weights=gains, minlength=n_videos) + last.sum()
    nearest = np.full(n_videos, last.max(initial=-1.0))
    np.maximum.at(nearest, videos, values)
    return total, nearest
