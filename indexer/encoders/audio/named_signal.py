"""Encodes audio by signal features, and by the classes that YAMNet hears, so that words find it."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.audio.log_mel import count_samples
from mvsearch.indexer.encoders.audio.signal import Signal
from mvsearch.indexer.encoders.audio.yamnet import PATCH_HOP, PATCH_SPECTRA, Yamnet
from mvsearch.indexer.encoders.image.concepts import Concepts, load_concepts
from mvsearch.indexer.encoders.networks.packaged import PackagedWeights
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.text.minilm import MiniLM
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix, Space

# Part of the revision: raise it with each change that changes the vectors.
VERSION = 1

# Two patches in the middle of a window, 1.44 s: windows overlap, so that all sound is classified.
_N_MIDDLE = count_samples(PATCH_SPECTRA + PATCH_HOP)
# Every music video has it nearly all the time.
_LEFT_OUT = "Music"


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
            WeightsMissingError: those of YAMNet or of MiniLM are missing.
        """
        self._signal, self._yamnet, self._reader = Signal(), Yamnet(), MiniLM()
        (features,) = self._signal.spaces
        revision = "-".join(
            (features.revision, self._yamnet.revision, self._reader.fingerprint, str(VERSION))
        )
        n_words = self._reader.spaces[0].dim
        self.spaces = (
            Space("audio", self.name, revision, features.dim),
            Space("audio", self.name, revision, n_words, "words"),
        )

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """See `AudioEncoder.encode`."""
        return self.encode_and_name(windows)[0]

    def encode_and_name(self, rows: npt.NDArray[np.float32]) -> tuple[tuple[Matrix, ...], Matrix]:
        """See `NamesThings.encode_and_name`; several classes of a window may be likely at once."""
        first = max(0, rows.shape[1] - _N_MIDDLE) // 2
        middles = np.nan_to_num(rows[:, first : first + _N_MIDDLE], posinf=0.0, neginf=0.0)
        logits = self._yamnet.compute_logits(middles)[:, :, self._columns]
        probabilities = np.exp(-np.logaddexp(0.0, -logits)).mean(axis=1)
        words = self._concepts.blend(logits.mean(axis=1), temperature=1.0)
        return (*self._signal.encode(rows), words), probabilities.astype(np.float32)

    def list_labels(self) -> Sequence[str]:
        """See `NamesThings.list_labels`."""
        return self._concepts.names

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        return self._concepts.place(self._reader.encode_words(texts))

    @cached_once
    def _columns(self) -> npt.NDArray[np.intp]:
        """The classes in use."""
        labels = self._yamnet.list_labels()
        return np.flatnonzero([label != _LEFT_OUT for label in labels])

    @cached_once
    def _concepts(self) -> Concepts:
        stem = f"{self.name}-words-{self.spaces[-1].revision}"
        return load_concepts(stem, self._list_names, self._reader.encode_words, prompt="{}")

    def _list_names(self) -> list[str]:
        labels = self._yamnet.list_labels()
        return [labels[column] for column in self._columns]
