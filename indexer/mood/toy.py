"""Exact moods of the toy encoders, for tests: colours and pitches have planted moods."""

from typing import Any

import numpy as np

from mvsearch.indexer.mood.features import Times
from mvsearch.indexer.mood.heads import MoodHead
from mvsearch.store.records import Matrix


class ToyPictureMood(MoodHead):
    """Valence is the green and arousal the red of a picture, as shares of full brightness.

    So green is calm, yellow is happy and energetic, blue is sad, and red is tense. The joint space
    is that plane.
    """

    __slots__ = ()

    def predict(self, vectors: Matrix, seconds: Times) -> Matrix:
        """See `MoodHead.predict`; the encoder's constant was one before its vector got a length."""
        colours = (vectors[:, :3] / vectors[:, 3:] + 1) / 2
        return _as_moods(colours[:, 1], colours[:, 0])

    def measure(self, vectors: Matrix, seconds: Times) -> tuple[Matrix, Matrix, Matrix]:
        """See `MoodHead.measure`."""
        return self.predict(vectors, seconds), self.summarise(vectors), self.project(vectors)

    def summarise(self, vectors: Matrix) -> Matrix:
        """See `MoodHead.summarise`."""
        whole: Matrix = self.predict(vectors, np.zeros(len(vectors))).mean(axis=0)
        return whole

    def project_each(self, vectors: Matrix, seconds: Times) -> Matrix:
        """See `MoodHead.project_each`."""
        return self.predict(vectors, seconds)[:, :2]

    def project(self, vectors: Matrix) -> Matrix:
        """See `MoodHead.project`."""
        return self.summarise(vectors)[:2]


class ToySoundMood(ToyPictureMood):
    """Below 1 kHz sound is sad, up to 2 kHz calm, up to 3 kHz tense, and above happy."""

    __slots__ = ()

    def predict(self, vectors: Matrix, seconds: Times) -> Matrix:
        """See `MoodHead.predict`; squares are the shares of the energy of 32 bands of 125 Hz."""
        sad, calm, tense, happy = np.square(vectors).reshape(-1, 4, 8).sum(axis=2).T
        energy = sad + calm + tense + happy
        return _as_moods((calm + happy) / energy, (tense + happy) / energy)


Array = np.ndarray[Any, Any]

HEADS = {
    "toy-frames": ToyPictureMood("picture", "toy-frames-1", ("words",), (4,), {}),
    "toy-audio": ToySoundMood("sound", "toy-audio-1", ("",), (32,), {}),
}


def _as_moods(valence: Array, arousal: Array) -> Matrix:
    moods = np.stack([valence, arousal, np.ones_like(valence)], axis=1)
    return moods.astype(np.float32).clip(0, 1)
