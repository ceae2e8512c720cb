"""Tags music with genres, instruments, voices and moods by musicnn."""

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

import numpy as np

from mvsearch.indexer.encoders.audio.classifiers.musicnn_graph import (
    N_BANDS,
    TENSORS,
    write_musicnn,
)
from mvsearch.indexer.encoders.audio.classifiers.musicnn_tags import N_TAGS, NAMES, SAME, TAGS
from mvsearch.indexer.encoders.image.batches import run_in_batches
from mvsearch.indexer.encoders.image.concepts import to_posterior
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import JoinedFile, PackagedFile
from mvsearch.indexer.encoders.networks.files.tensor_bundle import read_tensors
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.once import cached_once
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix

# Part of the key: raise it with each change that changes the tags.
VERSION = 1

SAMPLE_RATE, FFT_SAMPLES, HOP_SAMPLES = 16_000, 512, 256
# Of a patch, as in training: three seconds.
PATCH_SPECTRA = 187
# Slaney's scale (Auditory Toolbox, 1998) is linear up to 1 kHz, in steps of 200/3 Hz, and then
# logarithmic: 27 steps for a factor of 6.4.
_LINEAR_STEPS, _LOG_STEP = 15.0, float(np.log(6.4) / 27)
# The place in NAMES of each tag of both networks.
_PLACES = tuple(NAMES.index(SAME.get(tag, tag)) for tag in TAGS)
# Spectra that are classified at once, as those between the layers take a megabyte for ten.
_BATCH_SPECTRA = 4 * PATCH_SPECTRA


def _describe(network: str, index: str, data: str) -> tuple[JoinedFile, ...]:
    """The two files of a checkpoint, which the package calls the same in each folder."""
    folder, package = f"musicnn/{network}_musicnn", "musicnn==0.1.0"
    return tuple(
        JoinedFile(
            f"{network.lower()}{ending}",
            (PackagedFile(package, f"{folder}/{ending}", n_bytes, sha256),),
            sha256,
        )
        for ending, n_bytes, sha256 in (
            (".data-00000-of-00001", 9_465_596, data),
            (".index", 4_948, index),
        )
    )


class Musicnn:
    """Musically motivated convolutions over log-mel spectra, trained on two sets of tags.

    Source: J. Pons and X. Serra, "musicnn: pre-trained convolutional neural networks for music
    audio tagging" (ISMIR 2019, late-breaking). The package `musicnn` (ISC) carries the networks of
    MagnaTagATune, whose annotations are CC BY-NC-SA, and of the Million Song Dataset. It asks for
    TensorFlow, so that it is installed by the user only, without what it asks for.
    """

    name: ClassVar[str] = "musicnn"
    weights: ClassVar[PackagedWeights] = PackagedWeights(
        name="musicnn",
        contents=(
            *_describe(
                "MTT",
                "da2d7bb670b2b31e9bc441bb1bd75eca31b5b061f963cc1f9630c1aff3238f57",
                "041f3935e981a65cea739842d30c188d3a7d2adf4410955c8668eb3de4a5acab",
            ),
            *_describe(
                "MSD",
                "87f3e0f3550c8d3bafc840374003e5c8af5eeb5ecf6add61af09a7822d3282c8",
                "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6",
            ),
        ),
        licence="ISC, of CC-BY-NC-SA annotations",
    )
    sample_rate: int = SAMPLE_RATE
    longest_seconds: float = 10.0
    n_samples: int = FFT_SAMPLES + (PATCH_SPECTRA - 1) * HOP_SAMPLES

    def __init__(self) -> None:
        """Locate the weights; they are loaded at the first window.

        Raises:
            WeightsMissingError: the package is not installed, or is another.
        """
        self._folder = self.weights.prepare()
        self.revision = f"{self.weights.sha256[:8]}-{VERSION}"
        self.key = f"{self.name}@{self.revision}"

    def list_labels(self) -> Sequence[str]:
        """See `Classifier.list_labels`; each tag once."""
        return NAMES

    def list_heard(self) -> Sequence[str]:
        """See `Listener.list_heard`."""
        return NAMES

    def classify(self, windows: Matrix) -> Matrix:
        """See `SoundClassifier.classify`: the probabilities of the tags, divided by their sum."""
        return self.hear(windows)[0]

    def hear(self, windows: Matrix) -> tuple[Matrix, Matrix]:
        """See `Listener.hear`.

        Tags of the same meaning are added, and of both networks the higher one counts.
        """
        probabilities = 1 / (1 + np.exp(-np.clip(self.compute_logits(windows), -50, 50)))
        heard = np.zeros((2, len(windows), len(NAMES)))
        for column, place in enumerate(_PLACES):
            heard[column // N_TAGS, :, place] += probabilities[:, column]
        highest = np.minimum(heard.max(axis=0), 1.0)
        return to_posterior(np.log(highest + 1e-9)).astype(np.float32), highest.astype(np.float32)

    def compute_logits(self, windows: Matrix) -> Matrix:
        """Compute the (n, 100) float32 logits of all tags of both networks.

        A window shorter than 0.5 s is filled up with zeros.

        Args:
            windows: (n, samples) float32 mono in [-1, 1], as for `classify`.

        Raises:
            ValueError: the windows are empty or longer than `longest_seconds`.
        """
        longest = round(self.longest_seconds * SAMPLE_RATE)
        if windows.ndim != 2 or not 1 <= windows.shape[1] <= longest:
            raise ValueError(f"windows must be (n, 1 to {longest} samples), not {windows.shape}")
        missing = max(0, SAMPLE_RATE // 2 - windows.shape[1])
        spectra = compute_spectra(np.pad(windows, ((0, 0), (0, missing))))
        n_batch = max(1, _BATCH_SPECTRA // spectra.shape[1])
        (logits,) = run_in_batches(self._network, spectra, (len(TAGS),), n_batch)
        return logits

    @cached_once
    def _network(self) -> Network:
        return open_network(self.recipe)

    @property
    def recipe(self) -> Recipe:
        """How the network is written."""
        return Recipe(
            self.name,
            self.revision,
            build=None,
            examples=(np.zeros((2, PATCH_SPECTRA, N_BANDS), np.float32),),
            varying=((0, 1),),
            write=lambda path: write_musicnn([self._read("mtt"), self._read("msd")], path),
        )

    def _read(self, network: str) -> dict[str, np.ndarray]:
        """The tensors of one network.

        Raises:
            WeightsMissingError: they cannot be read.
        """
        index, data = (self._folder / f"{network}{e}" for e in (".index", ".data-00000-of-00001"))
        try:
            return read_tensors(index, data, TENSORS)
        except (ValueError, OSError) as error:
            raise WeightsMissingError(f"{index}: {error}") from error


def compute_spectra(windows: Matrix) -> Matrix:
    """Compute the log-mel spectra that musicnn was trained on: 32 ms each 16 ms.

    They are those of librosa's `melspectrogram` (power, a periodic Hann window, 96 bands of
    Slaney's mel scale up to 8 kHz, each of unit area), p, as log10(10000 p + 1).

    Args:
        windows: (n, samples) float32 mono at 16 kHz, at least 512 samples.

    Returns:
        (n, spectra, 96) float32; without padding, so that a spectrum is of what is there.
    """
    parts = np.lib.stride_tricks.sliding_window_view(windows, FFT_SAMPLES, axis=1)[:, ::HOP_SAMPLES]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT_SAMPLES) / FFT_SAMPLES)
    powers = np.abs(np.fft.rfft(parts * hann.astype(np.float32))).astype(np.float32) ** 2
    spectra: Matrix = np.log10(10_000 * (powers @ _make_bands()) + 1).astype(np.float32)
    return spectra


@lru_cache(maxsize=1)
def _make_bands() -> Matrix:
    """The (257, 96) triangles of the bands, each of unit area over the frequencies in hertz."""
    last = _LINEAR_STEPS + np.log(SAMPLE_RATE / 2 / 1000) / _LOG_STEP
    steps = np.linspace(0.0, last, N_BANDS + 2)
    rising = 1000 * np.exp(_LOG_STEP * (steps - _LINEAR_STEPS))
    edges = np.where(steps < _LINEAR_STEPS, 1000 * steps / _LINEAR_STEPS, rising)
    hertz = np.fft.rfftfreq(FFT_SAMPLES, 1 / SAMPLE_RATE)[:, None]
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    up, down = (hertz - lower) / (centre - lower), (upper - hertz) / (upper - centre)
    bands: Matrix = (np.maximum(0, np.minimum(up, down)) * 2 / (upper - lower)).astype(np.float32)
    return bands
