"""Small exact encoders without weights, for tests."""

import re
import zlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.image.batches import check_frames
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.store.records import Matrix, Space

COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "orange": (255, 128, 0),
}

_GRID = 4
# Difference of the distances (0 to 255) of two colours at which one is e times as likely.
_SOFTNESS = 32.0


class ToyFrames:
    """Encodes the mean colours of a 4 × 4 grid; words lie in the space of the overall mean."""

    name: ClassVar[str] = "toy-frames"
    frame_size = (32, 32)
    points: ClassVar[OperatingPoints] = OperatingPoints(0.6, 0.8, 0.85, 0.4)
    spaces = (
        Space("frames", "toy-frames", "1", _GRID * _GRID * 3 + 1),
        Space("frames", "toy-frames", "1", 4, "words"),
    )

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        return self.encode_and_name(frames)[0]

    def encode_and_name(self, frames: npt.NDArray[np.uint8]) -> tuple[tuple[Matrix, ...], Matrix]:
        """See `NamesThings.encode_and_name`; a softmax over the distances to the colours."""
        check_frames(frames, self.frame_size)
        cell = self.frame_size[0] // _GRID
        cells = frames.reshape(-1, _GRID, cell, _GRID, cell, 3).mean(axis=(2, 4))
        means = cells.mean(axis=(1, 2))
        away = np.linalg.norm(means[:, None] - np.array(list(COLOURS.values())), axis=2)
        likely = np.exp(-(away - away.min(axis=1, keepdims=True)) / _SOFTNESS)
        posterior = (likely / likely.sum(axis=1, keepdims=True)).astype(np.float32)
        return (_place(cells.reshape(-1, _GRID * _GRID * 3)), _place(means)), posterior

    @property
    def key(self) -> str:
        """See `Classifier`."""
        return self.spaces[0].key

    def classify(self, frames: npt.NDArray[np.uint8]) -> Matrix:
        """See `FrameClassifier.classify`."""
        return self.encode_and_name(frames)[1]

    def list_labels(self) -> Sequence[str]:
        """See `NamesThings.list_labels`."""
        return tuple(COLOURS)

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """Encode the mean of the colours that each text names; grey if it names none."""
        named = [[COLOURS[word] for word in _find_words(text) if word in COLOURS] for text in texts]
        means = [np.mean(colours or [COLOURS["grey"]], axis=0) for colours in named]
        return _place(np.array(means).reshape(-1, 3))


class ToyLyrics:
    """Encodes a text as a bag of hashed words."""

    name: ClassVar[str] = "toy-lyrics"
    points: ClassVar[OperatingPoints] = OperatingPoints(0.75, 0.9)
    spaces = (Space("lyrics", "toy-lyrics", "1", 256),)

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """See `TextEncoder.encode`."""
        dim = self.spaces[0].dim
        counts = np.zeros((len(texts), dim))
        for row, text in enumerate(texts):
            for word in _find_words(text):
                counts[row, zlib.crc32(word.encode("utf-8", "replace")) % dim] += 1
        return (to_unit_rows(counts),)

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        return self.encode(texts)[0]


class ToyAudio:
    """Encodes the amplitude in bands of 125 Hz; the bands are the classes."""

    name: ClassVar[str] = "toy-audio"
    points: ClassVar[OperatingPoints] = OperatingPoints(0.8, 0.95, 0.96, 0.4)
    sample_rate = 8000
    longest_seconds = 10.0
    window_seconds = 1.0
    hop_seconds = 1.0
    spaces = (Space("audio", "toy-audio", "1", 32),)

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """See `AudioEncoder.encode`."""
        return (to_unit_rows(np.sqrt(self._measure_bands(windows))),)

    @property
    def key(self) -> str:
        """See `Classifier`."""
        return self.spaces[0].key

    def classify(self, windows: Matrix) -> Matrix:
        """See `SoundClassifier.classify`; the share of each band in the energy."""
        energy = self._measure_bands(windows) + 1e-9
        posterior: Matrix = (energy / energy.sum(axis=1, keepdims=True)).astype(np.float32)
        return posterior

    def list_labels(self) -> Sequence[str]:
        """See `Classifier.list_labels`."""
        return [f"{125 * band} Hz" for band in range(self.spaces[0].dim)]

    def _measure_bands(self, windows: Matrix) -> npt.NDArray[np.float64]:
        """Return the energy of (n, samples) in each band, (n, bands)."""
        n_samples = windows.shape[1]
        spectrum = np.abs(np.fft.rfft(windows.astype(np.float64), axis=1)) ** 2
        hertz = np.arange(spectrum.shape[1]) * self.sample_rate / max(1, n_samples)
        dim = self.spaces[0].dim
        bands = np.minimum(hertz * 2 * dim / self.sample_rate, dim - 1).astype(int)
        energy: npt.NDArray[np.float64] = spectrum @ np.eye(dim)[bands]
        return energy


def _place(colours: npt.NDArray[np.float64]) -> Matrix:
    """Centre colours (0 to 255) on grey and append a constant, so that grey is not zero."""
    return to_unit_rows(np.hstack([colours / 127.5 - 1.0, np.ones((len(colours), 1))]))


def _find_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
