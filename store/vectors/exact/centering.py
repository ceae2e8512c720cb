"""Computes the centre that the vectors of a space are shifted by."""

import numpy as np

from mvsearch.store.records import Matrix, Space

# The library mean counts as much as this many videos are known; see `find_centre`.
CENTRE_PRIOR_VIDEOS = 10
# Below this a difference from the centre is rounding, and its direction means nothing.
MIN_DISTANCE = 1e-4
# Until there are so many videos the centre follows each of them; then it stays for a while, because
# to move it is to place every vector anew.
MIN_SETTLED_VIDEOS = 1000
# How much a library grows or shrinks, as a share, before its centre is looked for again.
MAX_DRIFT = 0.25


def find_centre(space: Space, mean: Matrix, n_videos: int) -> Matrix:
    """The point that similarities in a space are seen from.

    Unit vectors of pictures or sounds share a large common part (all are photographs, all are
    music), so every cosine is high, and a few vectors near the mean are neighbours of everything
    ("hubs"; Suzuki et al. 2013, "Centering similarity measures to reduce hubs"). Without the mean,
    what tells videos apart is left. The mean of few videos is mostly these videos themselves, so it
    is shrunk towards zero. Words are not centred: they are compared with vectors of another kind,
    whose mean is another.

    Args:
        space: decides whether anything is subtracted.
        mean: (dim,) of the mean vectors of the videos, so that long videos count no more.
        n_videos: that it is the mean of.

    Returns:
        (dim,) float32.
    """
    if n_videos == 0 or not is_centred(space):
        return np.zeros(space.dim, dtype=np.float32)
    shrinkage = n_videos / (n_videos + CENTRE_PRIOR_VIDEOS)
    centre: Matrix = (mean.astype(np.float64) * shrinkage).astype(np.float32)
    return centre


def is_centred(space: Space) -> bool:
    """Whether the vectors of a space are seen from another point than zero."""
    return space.view != "words" and space.modality != "lyrics"


def is_settled(space: Space, n_before: int, n_videos: int) -> bool:
    """Whether a centre that was found among `n_before` videos may stay for `n_videos`."""
    if not is_centred(space):
        return True
    drift = abs(n_videos - n_before)
    return min(n_before, n_videos) >= MIN_SETTLED_VIDEOS and drift <= MAX_DRIFT * n_before


def place_vectors(vectors: Matrix, centre: Matrix) -> Matrix:
    """Vectors as seen from the centre, of length one; one that equals it stays as it is.

    Args:
        vectors: (n, dim) float32.
        centre: (dim,) float32.
    """
    placed = vectors - centre
    lengths = np.linalg.norm(placed, axis=1, keepdims=True)
    is_far = lengths > MIN_DISTANCE
    return np.where(is_far, placed / np.where(is_far, lengths, 1), vectors)
