"""Compares features with those of known mood: the first step of every head."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.mood.features import Times, pool_sound, prepare_pictures
from mvsearch.store.records import Matrix, Side

Array = npt.NDArray[Any]

# Valence and arousal in the middle of each quadrant: happy, tense, sad, calm.
MIDDLES = np.array([(0.75, 0.75), (0.25, 0.75), (0.25, 0.25), (0.75, 0.25)])
LEAST_SCORE = 1e-3


def prepare_features(
    vectors: Matrix,
    side: Side,
    dims: Sequence[int],
    tensors: Mapping[str, Matrix],
    seconds: Times | None = None,
) -> Matrix:
    """Compute the scaled features of each row, or of all rows of sound together without times.

    Args:
        vectors: (n, d) of all views, side by side.
        side: what they are of.
        dims: of the views.
        tensors: "features.centre" and "features.scale", in which 0 leaves a feature out.
        seconds: (n,) rising times of windows of sound.

    Returns:
        (n, f) float32, or (1, f).
    """
    centre, scale = tensors["features.centre"], tensors["features.scale"]
    if not len(vectors):
        return np.zeros((0, np.count_nonzero(scale)), np.float32)
    if side == "picture":
        centred = prepare_pictures(vectors, dims, centre)
    else:
        centred = pool_sound(vectors, seconds) - centre
    features: Matrix = (centred[:, scale > 0] / scale[scale > 0]).astype(np.float32)
    return features


def compute_kernel(features: Matrix, landmarks: Matrix) -> Matrix:
    """Compute exp(-|x - l|²) of (n, f) features and (m, f) landmarks, (n, m)."""
    squares = np.square(features).sum(axis=1)[:, np.newaxis] + np.square(landmarks).sum(axis=1)
    kernel: Matrix = np.exp(-np.maximum(squares - 2 * features @ landmarks.T, 0))
    return kernel


def weigh_evidence(features: Matrix, side: Side, tensors: Mapping[str, Matrix]) -> Matrix:
    """Sum the kernels of (n, f) features; see `make_evidence`."""
    kernel = compute_kernel(features, tensors["landmarks"])
    sums = kernel @ tensors["kernel.weight"] + tensors["kernel.bias"]
    return make_evidence(sums, kernel.max(axis=1), side)


def make_evidence(sums: Array, nearest: Array, side: Side) -> Matrix:
    """Make the evidence of the estimates of kernel ridge regression.

    Args:
        sums: (n, 2) valence and arousal of pictures, or (n, 4) scores of the quadrants of sounds:
            happy, tense, sad, calm.
        nearest: (n,) kernel of the nearest landmark.
        side: what they are of.

    Returns:
        (n, e) float32: valence and arousal; for sounds the root of their variance, if the scores
        are probabilities, and these; at last the kernel of the nearest landmark.
    """
    if side == "picture":
        return np.concatenate([sums, nearest[:, np.newaxis]], axis=1, dtype=np.float32)
    scores = np.maximum(sums, LEAST_SCORE)
    shares = scores / scores.sum(axis=1, keepdims=True)
    moods = shares @ MIDDLES
    variance = shares @ np.square(MIDDLES).sum(axis=1) - np.square(moods).sum(axis=1)
    columns = [np.sqrt(np.maximum(variance, 0))[:, np.newaxis], shares, nearest[:, np.newaxis]]
    return np.concatenate([moods, *columns], axis=1, dtype=np.float32)
