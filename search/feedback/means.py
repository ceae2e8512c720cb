"""Compares videos by their mean vectors, fast enough to answer each judgement at once."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from mvsearch.search.retrieval.bounds import choose_asked
from mvsearch.search.retrieval.mean_vectors import average_videos
from mvsearch.search.retrieval.video_table import Positions
from mvsearch.search.scoring.calibration import compute_surprisal, fisher_z, invert_fisher_z
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.scoring.null_statistics import estimate_scale, find_levels
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.index import VectorIndex

# Videos with which all are compared to find what is usual, evenly spaced by id, which is a hash.
N_PROBES = 256
# Segments near each vector of a piece, whose videos are compared with it on a server.
N_NEAR = 256
# Twice the surprisal up to which similarities are measured; above it they are extrapolated.
MAX_SURPRISAL = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class VideoMeans:
    """The mean vector of each video of one space, and how similar unrelated ones are.

    Attributes:
        video_ids: n of them, those of the index.
        position: of each id in `video_ids`.
        vectors: (n, d) float32 unit vectors, zero where a mean is zero; d is the dimension, or less
            for a large library on a server, see `average_videos`.
        levels: (n,) z-transformed median cosine of each video with unrelated ones.
        location, scale: of the z-transformed cosines of unrelated videos.
    """

    index: VectorIndex
    video_ids: tuple[str, ...]
    position: dict[str, int]
    vectors: Matrix
    levels: FloatArray
    location: float
    scale: float

    def compare(self, video_ids: Sequence[str]) -> FloatArray:
        """Surprisals (n, videos) of all videos with some of them, up to `MAX_SURPRISAL`."""
        rows = [self.position[one] for one in video_ids]
        levels = (self.levels[:, None] + self.levels[rows]) / 2
        cosines = (self.vectors @ self.vectors[rows].T).astype(np.float64)
        return np.minimum(compute_surprisal(cosines, levels, self.scale), MAX_SURPRISAL)

    def compare_moment(
        self, video_id: str, start_seconds: float, end_seconds: float
    ) -> FloatArray | None:
        """Surprisals (n,) of all videos with a piece of one; None if it has no vectors there.

        Each vector of the piece is compared with its best match in each video, as in a search.
        """
        spans = self.index.spans(video_id)
        is_in = (spans.starts <= end_seconds) & (spans.ends >= start_seconds)
        if not is_in.any():
            return None
        pieces = self.index.vectors(video_id)[is_in]
        compared, unrelated = self._choose(pieces)
        cosines = np.full(len(self.video_ids), np.nan)
        cosines[compared] = self.index.score_sets(pieces, [self.video_ids[at] for at in compared])
        others = fisher_z(cosines[unrelated[unrelated != self.position[video_id]]])
        location, scale = estimate_scale(others)
        cosines[np.isnan(cosines)] = invert_fisher_z(location)
        levels = np.full(len(cosines), location)
        return np.minimum(compute_surprisal(cosines, levels, scale), MAX_SURPRISAL)

    def _choose(self, pieces: Matrix) -> tuple[Positions, Positions]:
        """Positions of the videos that pieces are compared with, and of those that are usual.

        All videos; on a server the nearest ones and a sample, and the others count as unrelated.
        """
        everything = np.arange(len(self.video_ids))
        if not self.index.is_remote:
            return everything, everything
        sample = choose_probes(len(everything))
        near = self.index.search(choose_asked(self.index, pieces), N_NEAR).videos
        return np.union1d(near[near >= 0], sample), sample


class KnownMeans:
    """The mean vectors of the indexes of an engine; thread-safe.

    Those of a new state of a space are made of the old ones and of new videos.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[VectorIndex, VideoMeans] = WeakKeyDictionary()
        self._last: dict[Space, VideoMeans] = {}
        self._lock = threading.Lock()

    def find(self, library: Library, index: VectorIndex) -> VideoMeans:
        """The mean vectors of an index; reads all its vectors the first time."""
        with self._lock:
            found = self._known.get(index)
            if found is None:
                found = make_means(library, index, self._last.get(index.space))
                self._known[index] = self._last[index.space] = found
            return found


def make_means(
    library: Library, index: VectorIndex, before: VideoMeans | None = None
) -> VideoMeans:
    """Make the mean vectors of an index.

    Args:
        library: of the index.
        index: of the space.
        before: of an earlier state of it, whose videos are not read again.
    """
    ids = index.video_ids
    if index.is_remote:
        vectors = average_videos(library, index).astype(np.float32, copy=False)
    else:
        vectors = np.zeros((len(ids), index.space.dim), dtype=np.float32)
        unread = set(range(len(ids))) - _take_known(vectors, index, before)
        for at in sorted(unread):
            vectors[at] = index.vectors(ids[at]).mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(lengths > 0, lengths, 1.0)
    levels, location, scale = measure_unrelated(vectors)
    position = {one: at for at, one in enumerate(ids)}
    return VideoMeans(index, ids, position, vectors, levels, location, scale)


def _take_known(vectors: Matrix, index: VectorIndex, before: VideoMeans | None) -> set[int]:
    """Fill in the rows that are known from an earlier state; returns their positions."""
    if before is None or before.index.placement != index.placement:
        return set()
    places = index.resolve(before.index.handles)
    kept = np.flatnonzero(places >= 0)
    vectors[places[kept]] = before.vectors[kept]
    return set(places[kept].tolist())


def choose_probes(n: int) -> Positions:
    """The positions of the videos that stand for unrelated ones, evenly spaced."""
    return np.unique(np.linspace(0, n - 1, min(n, N_PROBES)).round().astype(np.intp))


def measure_unrelated(vectors: Matrix) -> tuple[FloatArray, float, float]:
    """The level of each of n videos, and location and scale of pairs of them."""
    rows = choose_probes(len(vectors))
    z_values = fisher_z((vectors[rows] @ vectors.T).astype(np.float64))
    z_values[np.arange(len(rows)), rows] = math.nan  # itself
    location, scale = estimate_scale(z_values[~np.isnan(z_values)])
    return find_levels(z_values, location), location, scale
