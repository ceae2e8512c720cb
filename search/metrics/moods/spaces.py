"""A space of moods, in which pictures, sound and words are compared without CLIP and CLAP.

- Valence and arousal (0 to 1) of pictures and sound are predicted by the embedded heads. The point
  (2 v - 1, 2 a - 1, 1) is scaled to length 1, so that cosines fall with the distance of moods.
- Words are placed among `ANCHORS`, texts whose valence and arousal we chose after Russell (1980):
  the mean of their points, weighted by the softmax of MiniLM's cosines times `SHARPNESS`. A text
  that says nothing of a mood lies near the middle.
- Two numbers say less than CLIP and CLAP: pictures of fire and of a party may be alike here.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import load_encoder
from mvsearch.indexer.encoders.audio.windows import cut_windows
from mvsearch.indexer.mood import find_head
from mvsearch.indexer.mood.media import predict_frames, predict_windows
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Matrix, Modality, Space

Array = npt.NDArray[np.float64]

# Valence and arousal.
ANCHORS: dict[str, tuple[float, float]] = {
    "calm and peaceful": (0.75, 0.2),
    "energetic and exciting": (0.7, 0.9),
    "happy and cheerful": (0.9, 0.65),
    "sad and melancholic": (0.2, 0.25),
    "angry and aggressive": (0.15, 0.9),
    "dark and tense": (0.2, 0.7),
    "romantic and tender": (0.8, 0.35),
    "dreamy and floating": (0.65, 0.25),
}
SHARPNESS = 20.0
# Of cosines in this space before a softmax over texts: our choice, not learned.
SCALE = 20.0
TEXTS = "minilm"
# Sound is one window here, as a head reads all of it.
WHOLE_SECONDS = 1_800.0


class _Moods:
    """What pictures and sound have in common.

    Args:
        encoder: of the profile.

    Raises:
        QueryError: there is no head for it.
    """

    modality: ClassVar[Modality]

    def __init__(self, encoder: Any) -> None:
        head = None if encoder is None else find_head(encoder.spaces[0])
        if head is None:
            name = "none" if encoder is None else encoder.spaces[0].encoder
            raise QueryError(f"no head of mood is there for the encoder of {self.modality}, {name}")
        self.encoder, self.head = encoder, head
        name = f"mood-{encoder.spaces[0].encoder}"
        self.spaces = (Space(self.modality, name, head.revision, 3),)

    @property
    def name(self) -> str:
        """The encoder, and the revision of its head."""
        return f"{self.encoder.spaces[0].encoder} ({self.head.revision})"

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        encoder: Any = load_encoder(TEXTS)
        anchors, asked = encoder.encode(list(ANCHORS))[0], encoder.encode(list(texts))[0]
        weights = np.exp(SHARPNESS * (asked @ anchors.T))
        points = weights @ np.array(list(ANCHORS.values())) / weights.sum(axis=1, keepdims=True)
        return to_directions(points)


class PictureMoods(_Moods):
    """Moods of frames, in the place of an encoder that reads words."""

    modality = "frames"

    @property
    def frame_size(self) -> tuple[int, int]:
        """See `FrameEncoder.frame_size`."""
        size: tuple[int, int] = self.encoder.frame_size
        return size

    def predict_emotion(self, inputs: npt.NDArray[np.uint8]) -> Array:
        """See `PredictsEmotion.predict_emotion`; from 0 to 1."""
        return predict_frames(self.encoder, self.head, inputs)[:, :2].astype(np.float64)

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        return (to_directions(self.predict_emotion(frames)),)


class SoundMoods(_Moods):
    """Moods of sound, in the place of an encoder that reads words."""

    modality = "audio"
    window_seconds = hop_seconds = WHOLE_SECONDS

    @property
    def sample_rate(self) -> int:
        """See `AudioEncoder.sample_rate`."""
        return int(self.encoder.sample_rate)

    def predict_emotion(self, inputs: Matrix) -> Array:
        """See `PredictsEmotion.predict_emotion`; from 0 to 1, of each window as a whole sound."""
        moods = [
            predict_windows(self.encoder, self.head, cut_windows(samples, self.encoder))
            for samples in inputs
        ]
        return np.array(moods, np.float64).reshape(len(inputs), 3)[:, :2]

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """See `AudioEncoder.encode`."""
        return (to_directions(self.predict_emotion(windows)),)


def to_directions(points: npt.NDArray[Any]) -> Matrix:
    """Unit vectors (n, 3) float32 of (n, 2) points of valence and arousal from 0 to 1."""
    raised = np.column_stack([2 * points - 1, np.ones(len(points))])
    directions: Matrix = (raised / np.linalg.norm(raised, axis=1, keepdims=True)).astype(np.float32)
    return directions
