"""Encoders beside the toy ones, whose vectors and tags differ from theirs in a known way."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from mvsearch.indexer.encoders.registry import ENCODERS
from mvsearch.indexer.encoders.toy import ToyAudio, ToyFrames, ToyLyrics
from mvsearch.store.records import Matrix, Space

FRAMES, LYRICS, AUDIO = "other-frames", "other-lyrics", "other-audio"
PLACES = {
    FRAMES: "tests.other_encoders:OtherFrames",
    LYRICS: "tests.other_encoders:OtherLyrics",
    AUDIO: "tests.other_encoders:OtherAudio",
}


class OtherFrames(ToyFrames):
    """The first 24 numbers of the toy vectors, with other names for colours."""

    spaces = (Space("frames", FRAMES, "1", 24), Space("frames", FRAMES, "1", 4, "words"))

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        return self.encode_and_name(frames)[0]

    def encode_and_name(self, frames: npt.NDArray[np.uint8]) -> tuple[tuple[Matrix, ...], Matrix]:
        (vectors, words), posterior = super().encode_and_name(frames)
        return (_cut(vectors, 24), words), posterior

    def list_labels(self) -> Sequence[str]:
        return tuple(f"pale {name}" for name in super().list_labels())


class OtherLyrics(ToyLyrics):
    """A bag of the same words in 64 numbers."""

    spaces = (Space("lyrics", LYRICS, "1", 64),)

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        return (_cut(super().encode(texts)[0], 64),)


class OtherAudio(ToyAudio):
    """The lower bands alone."""

    spaces = (Space("audio", AUDIO, "1", 24),)

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        return (_cut(super().encode(windows)[0], 24),)


def _cut(vectors: Matrix, n: int) -> Matrix:
    """The first numbers of vectors as unit vectors; nothing becomes the first axis."""
    cut = vectors[:, :n].astype(np.float32)
    norms = np.linalg.norm(cut, axis=1, keepdims=True)
    first = np.eye(1, n, dtype=np.float32)
    made: Matrix = np.where(norms > 1e-6, cut / np.maximum(norms, 1e-6), first)
    return made


def register(patch: pytest.MonkeyPatch) -> None:
    """Let them be found by their names."""
    for name, place in PLACES.items():
        patch.setitem(ENCODERS, name, place)
