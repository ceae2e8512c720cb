"""Computes the centre of a space, which is subtracted from its vectors."""

import numpy as np

from mvsearch.store.records import LINES, Matrix, Space

# Shrinkage of the mean, in videos; see `find_centre`.
CENTRE_PRIOR_VIDEOS = 10
# A smaller difference from the centre is rounding.
MIN_DISTANCE = 1e-4
# With fewer videos, the centre is computed again at every change. Later it is kept for a while,
# because a new centre means rewriting every vector.
MIN_SETTLED_VIDEOS = 1000
# Relative change of the number of videos at which the centre is computed again.
MAX_DRIFT = 0.25


def find_centre(space: Space, mean: Matrix, n_videos: int) -> Matrix:
    """Compute the centre of a space.

    Unit vectors of pictures or sounds share a large common part (all are photographs, all are
    music), so every cosine is high, and a few vectors near the mean are neighbours of everything
    ("hubs"; Suzuki et al. 2013, "Centering similarity measures to reduce hubs"). Subtracting the
    mean keeps what distinguishes videos. The mean of few videos is shrunk towards zero, because it
    mostly describes these videos. Spaces of words are not centred, because queries and vectors
    there have different means.

    Args:
        space: decides whether a centre is used.
        mean: (dim,) mean of the videos' mean vectors, so that long videos do not count more.
        n_videos: number of averaged videos.

    Returns:
        (dim,) float32; zero if the space is not centred.
    """
    if n_videos == 0 or not is_centred(space):
        return np.zeros(space.dim, dtype=np.float32)
    shrinkage = n_videos / (n_videos + CENTRE_PRIOR_VIDEOS)
    centre: Matrix = (mean.astype(np.float64) * shrinkage).astype(np.float32)
    return centre


def is_centred(space: Space) -> bool:
    """Whether a centre is subtracted from the vectors of a space."""
    return space.view != "words" and space.modality not in LINES


def is_settled(space: Space, n_before: int, n_videos: int) -> bool:
    """Whether a centre that was computed from `n_before` videos is kept for `n_videos`."""
    if not is_centred(space):
        return True
    drift = abs(n_videos - n_before)
    return min(n_before, n_videos) >= MIN_SETTLED_VIDEOS and drift <= MAX_DRIFT * n_before


def place_vectors(vectors: Matrix, centre: Matrix) -> Matrix:
    """Subtract the centre and scale to length one; a vector equal to the centre is unchanged.

    Args:
        vectors: (n, dim) float32.
        centre: (dim,) float32.

    Returns:
        (n, dim) float32.
    """
    placed = vectors - centre
    lengths = np.linalg.norm(placed, axis=1, keepdims=True)
    is_far = lengths > MIN_DISTANCE
    return np.where(is_far, placed / np.where(is_far, lengths, 1), vectors)
