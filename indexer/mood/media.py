"""Predicts the moods of frames and sound that are in memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.mood.heads import MoodHead
from mvsearch.store.records import Matrix


def predict_frames(encoder: Any, head: MoodHead, frames: npt.NDArray[np.uint8]) -> Matrix:
    """Predict the mood of each of (n, height, width, 3) RGB frames.

    Returns:
        (n, 3) float32 from 0 to 1: valence, arousal, confidence.
    """
    joined = _join(encoder, head, encoder.encode(frames))
    return head.predict(joined, np.arange(len(frames), dtype=np.float64))


def project_frames(encoder: Any, head: MoodHead, frames: npt.NDArray[np.uint8]) -> Matrix:
    """Place each of (n, height, width, 3) RGB frames in the joint space, (n, k) float32."""
    joined = _join(encoder, head, encoder.encode(frames))
    return np.stack([head.project(row[np.newaxis]) for row in joined])


def predict_windows(encoder: Any, head: MoodHead, windows: Sequence[Matrix]) -> Matrix:
    """Predict the mood of a sound as a whole by its windows, each (samples,) at the encoder's rate.

    Returns:
        (3,) float32 from 0 to 1: valence, arousal, confidence.
    """
    # One by one, because the last window may be shorter.
    encoded = [encoder.encode(window[np.newaxis]) for window in windows]
    return head.summarise(
        _join(encoder, head, [np.concatenate(some) for some in zip(*encoded, strict=True)])
    )


def _join(encoder: Any, head: MoodHead, made: Sequence[Matrix]) -> Matrix:
    return head.join(
        {space.view: vectors for space, vectors in zip(encoder.spaces, made, strict=True)}
    )
