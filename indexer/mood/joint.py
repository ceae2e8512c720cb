"""Compares pictures with sound in the joint space of their moods."""

from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix

# Distance at which the similarity has fallen to 1/e.
SIGMA = 0.25


def compare(pictures: npt.NDArray[Any], sounds: npt.NDArray[Any]) -> Matrix:
    """Compute the similarity of each picture with each sound (CDCML, Zhao et al. 2020).

    Args:
        pictures: (n, k), from `MoodHead.project` of pictures.
        sounds: (m, k), from that of sound.

    Returns:
        (n, m) float32 from 0 to 1: exp(-distance / SIGMA).
    """
    one, other = np.asarray(pictures, np.float64), np.asarray(sounds, np.float64)
    squares = (one**2).sum(axis=1)[:, np.newaxis] + (other**2).sum(axis=1) - 2 * one @ other.T
    distances = np.sqrt(np.maximum(squares, 0))
    similarity: Matrix = np.exp(-distances / SIGMA).astype(np.float32)
    return similarity
