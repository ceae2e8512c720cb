"""Encodes audio by signal features, and by what classifiers hear in it, so that words find it."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.audio.classifiers.musicnn import Musicnn
from mvsearch.indexer.encoders.audio.classifiers.yamnet import Yamnet
from mvsearch.indexer.encoders.audio.signal import Signal
from mvsearch.indexer.encoders.image.concepts import Concepts, load_concepts
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.text.minilm import MiniLM
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix, Space

# Part of the revision: raise it with each change that changes the vectors.
VERSION = 1


class Listener(Protocol):
    """A classifier of sound whose classes become tags, and words by way of their names.

    Attributes:
        n_samples: of the middle of a window that it hears; windows overlap.
        revision: of weights and code.
    """

    n_samples: int
    revision: str

    def list_heard(self) -> Sequence[str]:
        """The names of the c classes that count."""

    def hear(self, windows: Matrix) -> tuple[Matrix, Matrix]:
        """Classify (n, samples) float32 windows.

        Returns:
            (n, c) weights of the names' vectors, which add up to one, and (n, c) float32
            probabilities of each class on its own.
        """


class NamedSignal:
    """The features of `Signal`, and the space of texts by way of AudioSet's classes (ConSE)."""

    name: ClassVar[str] = "signal-yamnet"
    weights: ClassVar[PackagedWeights] = Yamnet.weights
    points: ClassVar[OperatingPoints] = Signal.points
    sample_rate = Signal.sample_rate
    window_seconds = Signal.window_seconds
    hop_seconds = Signal.hop_seconds

    def __init__(self) -> None:
        """Locate the weights; they are loaded at the first window.

        Raises:
            WeightsMissingError: those of the classifier or of MiniLM are missing.
        """
        self._signal, self._listener, self._reader = Signal(), self._make_listener(), MiniLM()
        (features,) = self._signal.spaces
        revision = "-".join(
            (features.revision, self._listener.revision, self._reader.fingerprint, str(VERSION))
        )
        n_words = self._reader.spaces[0].dim
        self.spaces = (
            Space("audio", self.name, revision, features.dim),
            Space("audio", self.name, revision, n_words, "words"),
        )

    def _make_listener(self) -> Listener:
        return Yamnet()

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """See `AudioEncoder.encode`."""
        return self.encode_and_name(windows)[0]

    def encode_and_name(self, rows: npt.NDArray[np.float32]) -> tuple[tuple[Matrix, ...], Matrix]:
        """See `NamesThings.encode_and_name`; several classes of a window may be likely at once."""
        n_samples = self._listener.n_samples
        first = max(0, rows.shape[1] - n_samples) // 2
        middles = np.nan_to_num(rows[:, first : first + n_samples], posinf=0.0, neginf=0.0)
        weights, probabilities = self._listener.hear(middles)
        return (*self._signal.encode(rows), self._concepts.mix(weights)), probabilities

    def list_labels(self) -> Sequence[str]:
        """See `NamesThings.list_labels`."""
        return self._concepts.names

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        return self._concepts.place(self._reader.encode_words(texts))

    @cached_once
    def _concepts(self) -> Concepts:
        stem = f"{self.name}-words-{self.spaces[-1].revision}"
        names = self._listener.list_heard
        return load_concepts(stem, names, self._reader.encode_words, prompt="{}")


class TaggedSignal(NamedSignal):
    """The features of `Signal`, and the space of texts by way of musicnn's tags."""

    name: ClassVar[str] = "signal-musicnn"
    weights: ClassVar[PackagedWeights] = Musicnn.weights

    def _make_listener(self) -> Listener:
        return Musicnn()
