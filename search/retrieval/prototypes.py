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

# Lyric lines of one video are less similar than its pictures or sounds: on a library of 160 the 20
# candidates contain 0.89 of the 10 most similar videos, weighted by score, with 16 for each
# modality, and 0.99 with these; see docs/decisions/0025-similar-songs.md.
N_PROTOTYPES: Mapping[Modality, int] = {"frames": 16, "lyrics": 32, "audio": 16, "ocr": 32}
N_AXES = 128
# Size of the sample from which the axes are computed.
SAMPLED_VIDEOS = 512
SAMPLED_VECTORS = 16
# Spherical k-means hardly changes after that.
N_ROUNDS = 4
TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class VideoPrototypes:
    """Prototypes of videos in one space: 8 or 16 KB per video of any length.

    Attributes:
        has_vectors: (n,) whether the video has vectors in the space.
        vectors: (k, n, axes) float32 unit vectors, prototype by prototype.
        shares: (n, k) float32, the share of a video's vectors in each cluster.
    """

    has_vectors: npt.NDArray[np.bool_]
    vectors: Matrix
    shares: Matrix


def make_prototypes(
    index: VectorIndex, video_ids: Sequence[str], pool: Executor
) -> VideoPrototypes:
    """Make the prototypes of these videos in one pass over their vectors, one task per video."""
    axes = find_axes(index, video_ids, pool)
    n, n_wanted = len(video_ids), N_PROTOTYPES[index.space.modality]
    has_vectors = np.zeros(n, dtype=np.bool_)
    centres = np.zeros((n_wanted, n, axes.shape[1]), dtype=np.float32)
    shares = np.zeros((n, n_wanted), dtype=np.float32)

    def summarise(at: int) -> None:
        vectors = index.vectors(video_ids[at])
        if len(vectors):
            has_vectors[at] = True
            centres[:, at], shares[at] = cluster_vectors(vectors @ axes, n_wanted)

    list(pool.map(summarise, range(n)))
    return VideoPrototypes(has_vectors, centres, shares)


def find_axes(index: VectorIndex, video_ids: Sequence[str], pool: Executor) -> Matrix:
    """The principal axes of a sample of the vectors, without centring.

    Returns:
        (dim, axes) float32, orthonormal columns, the largest first.
    """
    held = [video_id for video_id in video_ids if index.count(video_id)]
    chosen = [held[at] for at in _spread(len(held), SAMPLED_VIDEOS)]

    def draw(video_id: str) -> Matrix:
        vectors = index.vectors(video_id)
        sample: Matrix = vectors[_spread(len(vectors), SAMPLED_VECTORS)]
        return sample

    # All at once: adding the second moments of a few rows takes as long as reading the whole sum.
    sample = np.concatenate([np.zeros((1, index.space.dim), np.float32), *pool.map(draw, chosen)])
    axes: Matrix = np.linalg.eigh(sample.T @ sample)[1][:, ::-1][:, :N_AXES].astype(np.float32)
    return axes


def cluster_vectors(vectors: Matrix, n_wanted: int) -> tuple[Matrix, Matrix]:
    """Cluster vectors by spherical k-means (Dhillon and Modha 2001).

    Starts from vectors evenly spaced in time, so the result is deterministic.

    Args:
        vectors: (n, axes) float32, n >= 1.
        n_wanted: at least 1.

    Returns:
        (n_wanted, axes) float32 unit vectors and (n_wanted,) float32 shares with a sum of one. An
        empty cluster repeats the first, which changes no best match.
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


def estimate_rows(prototypes: VideoPrototypes, first: int, last: int, begin: int = 0) -> FloatArray:
    """Estimate similarities of some videos with all videos from one on, by their prototypes.

    Args:
        prototypes: of n videos.
        first: first of the videos to compare.
        last: end of the videos to compare, exclusive.
        begin: first of the videos that they are compared with.

    Returns:
        (last - first, n - begin) the mean of both directions of the weighted mean of best matches;
        NaN if one of the two has no vectors.
    """
    n, k = prototypes.shares.shape
    n_rows = last - first
    estimates = np.empty((n_rows, n - begin), dtype=np.float64)
    left = prototypes.vectors[:, first:last].transpose(1, 0, 2).reshape(n_rows * k, -1)
    shares = prototypes.shares[first:last]
    step = max(1, MAX_PRODUCT // max(1, n_rows * k**2))
    for start in range(begin, n, step):
        right = prototypes.vectors[:, start : start + step]
        product = left @ right.reshape(-1, right.shape[2]).T
        # Videos in the last axis: the maximum over prototypes is then taken over whole rows.
        product = product.reshape(n_rows, k, k, -1)
        forward = np.einsum("rkc,rk->rc", product.max(axis=2), shares)
        backward = np.einsum(
            "rkc,ck->rc", product.max(axis=1), prototypes.shares[start : start + step]
        )
        at = start - begin
        estimates[:, at : at + step] = (forward + backward) / 2
    estimates[~prototypes.has_vectors[first:last]] = np.nan
    estimates[:, ~prototypes.has_vectors[begin:]] = np.nan
    return estimates


def _spread(n: int, n_wanted: int) -> npt.NDArray[np.intp]:
    """Evenly spaced positions, including first and last."""
    return np.unique(np.linspace(0, n - 1, min(n, n_wanted)).round().astype(np.intp))


def _to_unit(vectors: Matrix) -> Matrix:
    lengths = np.sqrt(np.einsum("na,na->n", vectors, vectors))[:, None]
    units: Matrix = vectors / np.maximum(lengths, TINY)
    return units
