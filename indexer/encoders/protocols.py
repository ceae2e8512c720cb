"""The protocols of encoders and classifiers."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix, Space


@runtime_checkable
class Encoder(Protocol):
    """Encodes frames, lines or audio windows as unit vectors.

    Attributes:
        spaces: one for each matrix that `encode` returns, the main one first. The vectors of
            `ReadsWords.encode_words`, if the encoder has it, lie in the last one.
    """

    spaces: tuple[Space, ...]


@runtime_checkable
class FrameEncoder(Encoder, Protocol):
    """Encodes frames.

    Attributes:
        frame_size: width and height in pixels to which the decoder scales the frames.
    """

    frame_size: tuple[int, int]

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """Encode (n, height, width, 3) uint8 RGB as one (n, dim) float32 unit matrix a space."""


@runtime_checkable
class TextEncoder(Encoder, Protocol):
    """Encodes lyric lines."""

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """Encode n texts as one (n, dim) float32 unit matrix a space."""


@runtime_checkable
class AudioEncoder(Encoder, Protocol):
    """Encodes windows of mono audio.

    Attributes:
        sample_rate: in hertz.
        window_seconds: length of a window.
        hop_seconds: from the start of a window to that of the next.
    """

    sample_rate: int
    window_seconds: float
    hop_seconds: float

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """Encode (n, samples) float32 in [-1, 1] as one (n, dim) float32 unit matrix a space."""


@runtime_checkable
class ReadsWords(Protocol):
    """An encoder that also encodes texts into its last space."""

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """Encode n texts as an (n, dim) float32 unit matrix in `spaces[-1]`."""


@runtime_checkable
class ScalesLogits(Protocol):
    """An encoder of texts with a learned logit scale (CLIP, Radford et al. 2021)."""

    def read_logit_scale(self) -> float:
        """Return the factor of the cosines before the softmax over texts."""


@runtime_checkable
class NamesThings(Protocol):
    """An encoder of frames or sound that also classifies what it encodes.

    Of a window of sound the middle `hop_seconds` are classified.
    """

    def list_labels(self) -> Sequence[str]:
        """Return the names of the c classes; names may repeat."""

    def encode_and_name(self, rows: npt.NDArray[Any]) -> tuple[tuple[Matrix, ...], Matrix]:
        """Encode frames or windows; return the matrices of `encode` and the posterior.

        The posterior is (n, c) float32 in [0, 1]. Classes that do not stand out may have 0.
        """


@runtime_checkable
class Classifier(Protocol):
    """A network that classifies.

    Attributes:
        key: its name and revision; another key, other posteriors.
    """

    key: str

    def list_labels(self) -> Sequence[str]:
        """Return the names of the c classes; names may repeat."""


@runtime_checkable
class FrameClassifier(Classifier, Protocol):
    """Classifies frames.

    Attributes:
        frame_size: width and height in pixels to which the decoder scales the frames.
    """

    frame_size: tuple[int, int]

    def classify(self, frames: npt.NDArray[np.uint8]) -> Matrix:
        """Return the (n, c) float32 posterior of (n, height, width, 3) uint8 RGB; rows sum to 1."""


@runtime_checkable
class SoundClassifier(Classifier, Protocol):
    """Classifies windows of mono audio in [-1, 1].

    Attributes:
        sample_rate: in hertz.
        longest_seconds: maximum length of a window.
    """

    sample_rate: int
    longest_seconds: float

    def classify(self, windows: Matrix) -> Matrix:
        """Return the (n, c) float32 posterior of (n, samples) float32; rows sum to 1."""
