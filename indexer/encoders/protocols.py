"""The protocols of encoders and classifiers."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix, Space


@runtime_checkable
class Encoder(Protocol):
    """Turns frames, lines or audio windows into unit vectors.

    Attributes:
        spaces: the spaces that `encode` fills, the encoder's own first. Where the encoder reads
            words (see `ReadsWords`), words land in the last one.
    """

    spaces: tuple[Space, ...]


@runtime_checkable
class FrameEncoder(Encoder, Protocol):
    """Encodes frames that the decoder has already scaled to `frame_size` (width, height)."""

    frame_size: tuple[int, int]

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """Encode (n, height, width, 3) RGB into one (n, dim) unit matrix for each space."""


@runtime_checkable
class TextEncoder(Encoder, Protocol):
    """Encodes lyric lines."""

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """Encode n texts into one (n, dim) unit matrix for each space."""


@runtime_checkable
class AudioEncoder(Encoder, Protocol):
    """Encodes windows of mono sound in [-1, 1] at `sample_rate`."""

    sample_rate: int
    window_seconds: float
    hop_seconds: float

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """Encode (n, samples) float32 into one (n, dim) unit matrix for each space."""


@runtime_checkable
class ReadsWords(Protocol):
    """An encoder whose last space words can be compared in too."""

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """Encode n texts into (n, dim) unit vectors of `spaces[-1]`."""


@runtime_checkable
class ScalesLogits(Protocol):
    """An encoder that reads words, whose training learned how sharply to tell texts apart."""

    def read_logit_scale(self) -> float:
        """The factor of its cosines before the softmax over texts."""


@runtime_checkable
class NamesThings(Protocol):
    """An encoder of frames whose network also says which of its classes they show."""

    def list_labels(self) -> Sequence[str]:
        """The c names of the classes; two classes may have one name."""

    def encode_and_name(self, frames: npt.NDArray[np.uint8]) -> tuple[tuple[Matrix, ...], Matrix]:
        """Run the network once: the matrices of `encode`, and the (n, c) posterior.

        The posterior may be 0 for classes that the network has no faith in.
        """


@runtime_checkable
class Classifier(Protocol):
    """A network with classes.

    Attributes:
        key: its name and revision; changes whenever its posteriors would.
    """

    key: str

    def list_labels(self) -> Sequence[str]:
        """The c names of the classes; two classes may have one name."""


@runtime_checkable
class FrameClassifier(Classifier, Protocol):
    """Classifies frames that the decoder has already scaled to `frame_size` (width, height)."""

    frame_size: tuple[int, int]

    def classify(self, frames: npt.NDArray[np.uint8]) -> Matrix:
        """The (n, c) posterior of (n, height, width, 3) RGB; rows sum to 1."""


@runtime_checkable
class SoundClassifier(Classifier, Protocol):
    """Classifies windows of mono sound in [-1, 1] at `sample_rate`, up to `longest_seconds`."""

    sample_rate: int
    longest_seconds: float

    def classify(self, windows: Matrix) -> Matrix:
        """The (n, c) posterior of (n, samples) float32; rows sum to 1."""
