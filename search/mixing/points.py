"""Places videos as points, of which the nearer are the more alike, and says what a near step is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from mvsearch.search.query.contents import open_indexes
from mvsearch.search.retrieval.mean_vectors import average_videos
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix, Modality

MixBy = Literal["look", "sound", "lyrics", "mood"]
MIX_WAYS: tuple[MixBy, ...] = get_args(MixBy)
_MODALITIES: Mapping[str, Modality] = {"look": "frames", "sound": "audio", "lyrics": "lyrics"}

# A video is told by the mean of so many of its vectors, evenly spaced.
MAX_VECTORS = 64
# A step is smooth up to this percentile of the distances of videos to so many nearest neighbours.
N_NEIGHBOURS = 10
SMOOTH_PERCENTILE = 90.0
# Of so many videos, evenly spaced: of all of 20,000 it would take minutes.
MAX_SAMPLED = 1000

Distances = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Videos as points.

    Attributes:
        video_ids: n of them, sorted.
        places: (n, d) float32; the distance of two is Euclidean.
    """

    video_ids: tuple[str, ...]
    places: Matrix


def place_videos(library: Library, by: MixBy) -> Points:
    """The videos of a library as points.

    By mood, valence and arousal of the sound; else the mean vector of each, of length one, without
    what all videos have in common.

    Raises:
        QueryError: there is no such way, or no video has what it compares.
        MvsearchError: the library is empty.
    """
    if by not in MIX_WAYS:
        raise QueryError(f"a mix goes by {', '.join(MIX_WAYS)}, not by {str(by)[:40]!r}")
    if by == "mood":
        table = library.catalog.mood_table("sound")
        if not table.video_ids:
            open_indexes(library)  # tells of an empty library
            raise QueryError("no mood is known of any sound of this library: index it again")
        return Points(table.video_ids, table.moods[:, :2])
    index = open_indexes(library).get(_MODALITIES[by])
    if index is None or not index.video_ids:
        raise QueryError(f"no video of the library has {_name(by)} to compare")
    means = average_videos(library, index, _average).astype(np.float32, copy=False)
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return Points(tuple(index.video_ids), means / np.maximum(lengths, np.float32(1e-9)))


def _average(vectors: Matrix) -> Matrix:
    step = -(-len(vectors) // MAX_VECTORS)
    mean: Matrix = vectors[::step].mean(axis=0, dtype=np.float32)
    return mean


def _name(by: MixBy) -> str:
    return {"look": "a picture", "sound": "sound", "lyrics": "lyrics", "mood": "a mood"}[by]


def explain_lack(by: MixBy) -> str:
    """What a video lacks that is no point."""
    return f"no {_name(by).removeprefix('a ')} to compare"


def measure_distances(some: Matrix, places: Matrix) -> Distances:
    """The distance of each of (m, d) points to each of (n, d) points, (m, n)."""
    squares = np.square(some).sum(axis=1)[:, None] + np.square(places).sum(axis=1)
    distances: Distances = np.sqrt(np.maximum(squares - 2 * (some @ places.T), 0))
    return distances


def measure_limit(places: Matrix) -> float:
    """The longest smooth step: the 90th percentile of the distances to nearest neighbours.

    Each video (of a large library, each of a sample) has its distances to its ten nearest ones;
    the percentile is over all of these. Zero if there is one video.
    """
    n = len(places)
    if n < 2:
        return 0.0
    sampled = np.unique(np.linspace(0, n - 1, min(n, MAX_SAMPLED)).astype(np.int64))
    distances = measure_distances(places[sampled], places)
    distances[np.arange(len(sampled)), sampled] = np.inf
    n_neighbours = min(N_NEIGHBOURS, n - 1)
    nearest = np.partition(distances, n_neighbours - 1, axis=1)[:, :n_neighbours]
    return float(np.percentile(nearest, SMOOTH_PERCENTILE))
