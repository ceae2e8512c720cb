"""Summarises each video by a few prototype vectors, for fast comparison."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.retrieval.blocks import MAX_PRODUCT
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix, Modality
from mvsearch.store.vectors.index import VectorIndex

# Lyric lines have less in common than pictures or sounds of one video: on a library of 160 the 20
# likeliest hold 0.89 of the 10 most similar, weighted by score, with 16 for each modality, and 0.99
# with these; see docs/decisions/0025-similar-songs.md.
N_STANDINS: Mapping[Modality, int] = {"frames": 16, "lyrics": 32, "audio": 16}
N_AXES = 128
# The axes are found in so many vectors of so many videos.
SAMPLED_VIDEOS = 512
SAMPLED_VECTORS = 16
# Spherical k-means hardly moves after that.
N_ROUNDS = 4
TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Sketches:
    """Stand-ins of videos in one space: 8 or 16 KB a video, however long it is.

    Attributes:
        is_held: (n,) whether the video has vectors at all.
        standins: (k, n, axes) float32 unit vectors: the first of all, the second of all…
        shares: (n, k) float32, the share of a video's vectors that each stands for.
    """

    is_held: npt.NDArray[np.bool_]
    standins: Matrix
    shares: Matrix


def sketch_videos(index: VectorIndex, video_ids: Sequence[str], pool: Executor) -> Sketches:
    """Make the sketches of these videos; one pass over their vectors, a video a task."""
    axes = find_axes(index, video_ids, pool)
    n, n_wanted = len(video_ids), N_STANDINS[index.space.modality]
    is_held = np.zeros(n, dtype=np.bool_)
    standins = np.zeros((n_wanted, n, axes.shape[1]), dtype=np.float32)
    shares = np.zeros((n, n_wanted), dtype=np.float32)

    def sketch(at: int) -> None:
        vectors = index.vectors(video_ids[at])
        if len(vectors):
            is_held[at] = True
            standins[:, at], shares[at] = condense(vectors @ axes, n_wanted)

    list(pool.map(sketch, range(n)))
    return Sketches(is_held, standins, shares)


def find_axes(index: VectorIndex, video_ids: Sequence[str], pool: Executor) -> Matrix:
    """The directions in which a sample of the vectors is largest: principal axes, not centred.

    Returns:
        (dim, axes) float32, orthonormal columns, the largest first.
    """
    held = [video_id for video_id in video_ids if index.count(video_id)]
    chosen = [held[at] for at in _spread(len(held), SAMPLED_VIDEOS)]

    def draw(video_id: str) -> Matrix:
        vectors = index.vectors(video_id)
        sample: Matrix = vectors[_spread(len(vectors), SAMPLED_VECTORS)]
        return sample

    # All at once: to add the moments of a few rows takes as long as reading the whole sum.
    sample = np.concatenate([np.zeros((1, index.space.dim), np.float32), *pool.map(draw, chosen)])
    axes: Matrix = np.linalg.eigh(sample.T @ sample)[1][:, ::-1][:, :N_AXES].astype(np.float32)
    return axes


def condense(vectors: Matrix, n_wanted: int) -> tuple[Matrix, Matrix]:
    """Stand-ins for a set of vectors by spherical k-means (Dhillon and Modha 2001).

    It begins with vectors evenly spaced in time, so that it needs no chance.

    Args:
        vectors: (n, axes) float32, n >= 1.
        n_wanted: at least 1.

    Returns:
        (n_wanted, axes) float32 unit vectors and (n_wanted,) float32 shares that add up to one.
        Whatever stands for nothing repeats the first, where it changes no best match.
    """
    units = _to_unit(vectors)
    places = np.linspace(0, len(units) - 1, n_wanted).round().astype(np.intp)
    centres = units[places]
    members = np.zeros((n_wanted, len(units)), dtype=np.float32)
    for _ in range(N_ROUNDS):
        members[:] = 0
        members[(units @ centres.T).argmax(axis=1), np.arange(len(units))] = 1
        centres = _to_unit(members @ units)
        sizes = members.sum(axis=1)
        centres[sizes == 0] = centres[0]
    return centres, sizes / len(units)


def estimate_rows(sketches: Sketches, first: int, last: int, begin: int = 0) -> FloatArray:
    """Compare some videos with all from one on, by their stand-ins.

    Args:
        sketches: of n videos.
        first: of those to compare.
        last: the one after them.
        begin: the first that they are compared with.

    Returns:
        (last - first, n - begin) the mean of both directions of the weighted mean of best matches;
        NaN where one of the two has no vectors.
    """
    n, k = sketches.shares.shape
    n_rows = last - first
    estimates = np.empty((n_rows, n - begin), dtype=np.float64)
    left = sketches.standins[:, first:last].transpose(1, 0, 2).reshape(n_rows * k, -1)
    shares = sketches.shares[first:last]
    step = max(1, MAX_PRODUCT // max(1, n_rows * k**2))
    for start in range(begin, n, step):
        right = sketches.standins[:, start : start + step]
        product = left @ right.reshape(-1, right.shape[2]).T
        # Videos in the last axis: the best of the stand-ins is then taken over whole rows.
        product = product.reshape(n_rows, k, k, -1)
        forward = np.einsum("rkc,rk->rc", product.max(axis=2), shares)
        backward = np.einsum(
            "rkc,ck->rc", product.max(axis=1), sketches.shares[start : start + step]
        )
        at = start - begin
        estimates[:, at : at + step] = (forward + backward) / 2
    estimates[~sketches.is_held[first:last]] = np.nan
    estimates[:, ~sketches.is_held[begin:]] = np.nan
    return estimates


def _spread(n: int, n_wanted: int) -> npt.NDArray[np.intp]:
    """Evenly spaced positions, first and last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, n_wanted)).round().astype(np.intp))


def _to_unit(vectors: Matrix) -> Matrix:
    lengths = np.sqrt(np.einsum("na,na->n", vectors, vectors))[:, None]
    units: Matrix = vectors / np.maximum(lengths, TINY)
    return units
