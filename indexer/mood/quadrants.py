"""Classifies sound into the four quadrants of mood, by the head of the default encoder."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.audio.signal import Signal
from mvsearch.indexer.encoders.audio.windows import cut_windows
from mvsearch.indexer.mood.heads import find_head
from mvsearch.indexer.mood.media import predict_windows
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix

# Counter-clockwise from the top right; Q1 to Q4 of Russell's plane.
LABELS = ("happy", "tense", "sad", "calm")


class MoodQuadrants:
    """The quadrant of mood of a sound, a posterior that needs no download.

    Valence and arousal, from 0 to 1, are taken as the probabilities of their upper halves, and as
    independent of each other. Four classes say much less of music than AudioSet's 527.
    """

    sample_rate: int = Signal.sample_rate
    longest_seconds: float = 600.0

    def __init__(self) -> None:
        """Find the head.

        Raises:
            WeightsMissingError: there is none for this version of the encoder.
        """
        self._encoder: Any = Signal()
        head = find_head(self._encoder.spaces[0])
        if head is None:
            raise WeightsMissingError("there is no head of mood for the encoder signal")
        self._head = head
        self.key = f"mood@{head.revision}"

    def list_labels(self) -> Sequence[str]:
        """See `Classifier.list_labels`."""
        return LABELS

    def classify(self, windows: Matrix) -> Matrix:
        """See `SoundClassifier.classify`."""
        rows = [self._classify_one(window) for window in windows]
        return np.array(rows, np.float32).reshape(len(windows), len(LABELS))

    def _classify_one(self, samples: Matrix) -> Sequence[float]:
        windows = cut_windows(samples, self._encoder)
        valence, arousal, _ = predict_windows(self._encoder, self._head, windows).astype(float)
        low = 1 - arousal
        return valence * arousal, (1 - valence) * arousal, (1 - valence) * low, valence * low
