"""Bounds and compares the similarity of one video with all others, by the nearest segments."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

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
    """

    positions: Positions
    similarities: FloatArray


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
    `retrieve.find_candidates`, in the other by its segments that are among them. The likeliest
    videos, by the first direction and by their nearest segment, are compared exactly, until no
    bound reaches the best or `MAX_COMPARED` are compared. Of a video of more vectors than a server
    is asked for, the bounds are estimates.

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
    bounds, estimates = np.stack([
        _bound_all(index, places, len(is_open), video_id, within, [*left_out, video_id])
        for index, places in zip(table.indexes, table.places, strict=True)
    ], axis=1)  # fmt: skip
    at = np.flatnonzero(is_open & ~np.isnan(bounds).all(axis=0))
    reach, likely = fuse(bounds[:, at], at), fuse(estimates[:, at], at)
    order = np.argsort(-likely, kind="stable")
    order = order[~np.isnan(likely[order])]
    # The highest bound of those from each place on.
    rest = np.maximum.accumulate(reach[order][::-1])[::-1]
    return _compare_likely(table, video_id, fuse, n_wanted, at[order], rest)


def _compare_likely(
    table: VideoTable,
    video_id: str,
    fuse: Fuse,
    n_wanted: int,
    likely: Positions,
    rest: FloatArray,
) -> Compared:
    """Compare a video with likely ones, the likeliest first, until the `rest` is bound below."""
    found = np.zeros((len(table.indexes), 0))
    n_compared, n_next = 0, max(FIRST, 2 * n_wanted)
    while n_compared < min(len(likely), MAX_COMPARED):
        some = likely[n_compared : n_compared + n_next]
        ids = table.pick(some)
        rows = np.stack([compare_one(index, video_id, ids) for index in table.indexes])
        found, n_compared, n_next = np.hstack([found, rows]), n_compared + len(some), AT_ONCE
        scores = np.sort(fuse(found, likely[:n_compared]))[::-1]
        best = scores[n_wanted - 1] if n_compared >= n_wanted else -np.inf
        if n_compared < len(likely) and best >= rest[n_compared]:
            break
    return Compared(likely[:n_compared], found)


def _bound_all(
    index: VectorIndex,
    places: Positions,
    n_videos: int,
    video_id: str,
    within: Collection[str] | None,
    left_out: Sequence[str],
) -> FloatArray:
    """Upper bounds and estimates (2, n_videos) in one index; NaN for no vectors."""
    found = np.full((2, n_videos), np.nan)
    vectors = index.vectors(video_id)
    if len(vectors):
        found[:, places] = _bound_both(index, choose_asked(index, vectors), within, left_out)
    return found


def _bound_both(
    index: VectorIndex, asked: Matrix, within: Collection[str] | None, left_out: Sequence[str]
) -> FloatArray:
    """Upper bounds for the videos of an index, the mean of both directions, and estimates."""
    total = np.zeros(len(index.video_ids))
    found: list[Neighbours] = []
    for rows in iter_slices(len(asked), NEIGHBOURS):
        found.append(index.search(asked[rows], NEIGHBOURS, within, left_out))
        total += _bound_forward(found[-1], len(total))
    nearest = np.full(len(total), max(float(_find_last(one).max(initial=-1.0)) for one in found))
    for one in found:
        is_there = one.videos >= 0
        np.maximum.at(nearest, one.videos[is_there], one.similarities[is_there])
    mean = total / len(asked)
    bounds = (mean + _bound_backward(index, found)) / 2 + ROUNDING
    return np.stack([bounds, (mean + nearest) / 2])


def _bound_forward(found: Neighbours, n_videos: int) -> FloatArray:
    """The sum over query vectors of the best match of each video.

    Where a vector has no neighbour of a video, its last neighbour stands for it.
    """
    similarities, is_there = found.similarities, found.videos >= 0
    last = _find_last(found)
    at, _ = np.nonzero(is_there)
    pairs, firsts = np.unique(at * n_videos + found.videos[is_there], return_index=True)
    gains = similarities[is_there][firsts].astype(np.float64) - last[at[firsts]]
    total = np.bincount(pairs % n_videos, weights=gains, minlength=n_videos).astype(np.float64)
    total += last.sum()
    return total


def _bound_backward(index: VectorIndex, found: Sequence[Neighbours]) -> FloatArray:
    """The mean over the segments of each video of the best match among the query vectors.

    A segment that is no neighbour of any vector is no nearer than the highest of the last ones.
    """
    n_videos = len(index.video_ids)
    highest = max(float(_find_last(one).max(initial=-1.0)) for one in found)
    is_there = [one.videos >= 0 for one in found]
    videos = np.concatenate([one.videos[has] for one, has in zip(found, is_there, strict=True)])
    segments = np.concatenate([one.segments[has] for one, has in zip(found, is_there, strict=True)])
    values = np.concatenate([o.similarities[has] for o, has in zip(found, is_there, strict=True)])
    order = np.lexsort((-values, segments, videos))
    videos, segments, values = videos[order], segments[order], values[order]
    is_best = np.ones(len(order), dtype=np.bool_)
    is_best[1:] = (videos[1:] != videos[:-1]) | (segments[1:] != segments[:-1])
    gains = np.maximum(values[is_best].astype(np.float64) - highest, 0.0)
    sums = np.bincount(videos[is_best], weights=gains, minlength=n_videos)
    bounds = np.full(n_videos, highest)
    for at in np.flatnonzero(sums).tolist():
        bounds[at] += sums[at] / index.count(index.video_ids[at])
    return bounds


def _find_last(found: Neighbours) -> FloatArray:
    """The similarity of the last neighbour of each vector; -1 where there are fewer."""
    last: FloatArray = np.maximum(found.similarities[:, -1], -1.0).astype(np.float64)
    return last
