"""Classifies audio into AudioSet classes with AST."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mvsearch.indexer.encoders.image.batches import run_in_batches
from mvsearch.indexer.encoders.image.concepts import to_posterior
from mvsearch.indexer.encoders.networks.files.checkpoints import (
    DownloadedWeights,
    compute_fingerprint,
    read_settings,
)
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

# Part of the key: raise it with each change that changes the posteriors.
VERSION = 1

# Attention over the 1,024 spectra of a window needs much memory: few windows a batch.
_BATCH_SIZE = 2
# Constants of the feature extractor.
_SPECTRUM_SECONDS = 0.025
_HOP_SECONDS = 0.01


class AudioSetClassifier:
    """Audio Spectrogram Transformer (Gong et al. 2021), trained on AudioSet's 527 classes."""

    name: ClassVar[str] = "ast"
    weights: ClassVar[DownloadedWeights] = DownloadedWeights(
        "ast",
        "MIT/ast-finetuned-audioset-10-10-0.4593",
        ("model.safetensors", "config.json", "preprocessor_config.json"),
    )

    def __init__(self, folder: Path | None = None) -> None:
        """Locate the weights; they are loaded at the first window.

        Args:
            folder: the folder of the checkpoint; by default that of `weights`.

        Raises:
            WeightsMissingError: a file is missing.
        """
        self._folder = self.weights.locate(folder)
        fingerprint = compute_fingerprint(self._folder, self.weights.files)
        self.revision = f"{fingerprint}-{VERSION}"
        self.key = f"{self.name}@{self.revision}"
        prepared = read_settings(self._folder / "preprocessor_config.json")
        self.sample_rate = int(prepared.get("sampling_rate", 16_000))
        n_spectra = int(prepared.get("max_length", 1024))
        self.longest_seconds = _SPECTRUM_SECONDS + _HOP_SECONDS * (n_spectra - 1)

    def list_labels(self) -> Sequence[str]:
        """See `Classifier.list_labels`."""
        labels: dict[str, str] = read_settings(self._folder / "config.json")["id2label"]
        return [labels[str(number)] for number in range(len(labels))]

    def classify(self, windows: Matrix) -> Matrix:
        """See `SoundClassifier.classify`.

        The network was trained with a sigmoid for each class. The posterior is the softmax over all
        logits, as in publications that compare posteriors.

        Raises:
            ValueError: the windows are longer than `longest_seconds` or shorter than a spectrum.
        """
        shortest, longest = (
            round(seconds * self.sample_rate)
            for seconds in (_SPECTRUM_SECONDS, self.longest_seconds)
        )
        if windows.ndim != 2 or not shortest <= windows.shape[1] <= longest:
            raise ValueError(
                f"windows must be (n, {shortest} to {longest} samples), not {windows.shape}"
            )
        if not len(windows):
            return np.zeros((0, len(self.list_labels())), np.float32)
        extracted = self._extractor(
            list(windows), sampling_rate=self.sample_rate, return_tensors="np"
        )
        spectra = np.asarray(extracted["input_values"], np.float32)
        dims = (len(self.list_labels()),)
        (logits,) = run_in_batches(self._network, spectra, dims, _BATCH_SIZE)
        return to_posterior(logits).astype(np.float32)

    @cached_once
    def _extractor(self) -> Any:
        from transformers import ASTFeatureExtractor

        with warnings.catch_warnings():
            # The lowest mel bands lie between two bins, in training too.
            warnings.filterwarnings("ignore", "At least one mel filter has all zero")
            return ASTFeatureExtractor.from_pretrained(self._folder, local_files_only=True)

    @cached_once
    def _network(self) -> Network:
        return open_network(self.recipe)

    @property
    def recipe(self) -> Recipe:
        """How the network is built or exported."""
        prepared = read_settings(self._folder / "preprocessor_config.json")
        shape = (2, int(prepared.get("max_length", 1024)), int(prepared.get("num_mel_bins", 128)))
        example = np.zeros(shape, dtype=np.float32)
        return Recipe(self.name, self.revision, self._build, (example,), ((0,),))

    def _build(self) -> "torch.nn.Module":
        import torch

        network = load_pretrained("ASTForAudioClassification", self._folder)

        class Logits(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network

            def forward(self, spectra: torch.Tensor) -> Any:
                return self.network(input_values=spectra).logits

        return Logits()
