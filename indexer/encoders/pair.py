"""Pairs a media encoder with a text encoder that share one embedding space."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.image.batches import (
    check_frames,
    example_frames,
    run_in_batches,
    standardise,
)
from mvsearch.indexer.encoders.networks.files.checkpoints import (
    DownloadedWeights,
    compute_fingerprint,
    read_settings,
)
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained, read_logit_scale
from mvsearch.indexer.encoders.networks.runtime import Array, Network, Recipe, open_network
from mvsearch.indexer.encoders.networks.tokens import TokenFrame, Tokens
from mvsearch.indexer.encoders.text.sentence import encode_texts
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix, Modality, Space

if TYPE_CHECKING:
    import torch

# Part of every revision: raise it with each change that changes the vectors.
VERSION = 1

PAIR_FILES = ("model.safetensors", "config.json", "preprocessor_config.json", "tokenizer.json")


class PairEncoder(ABC):
    """Base of encoders whose checkpoint has a media encoder and a text encoder.

    Attributes:
        name: of the encoder.
        modality: of the media.
        weights: the checkpoint.
        frame: the special tokens around a text.
        scale_name: name in the checkpoint of the logarithm of the logit scale.
    """

    name: ClassVar[str]
    modality: ClassVar[Modality]
    weights: ClassVar[DownloadedWeights]
    frame: ClassVar[TokenFrame]
    scale_name: ClassVar[str] = "logit_scale"

    def __init__(self, folder: Path | None = None) -> None:
        """Locate the weights; they are loaded at the first use.

        Args:
            folder: the folder of the checkpoint; by default that of `weights`.

        Raises:
            WeightsMissingError: a file is missing.
        """
        self.folder = self.weights.locate(folder)
        self.settings = read_settings(self.folder / "config.json")
        fingerprint = compute_fingerprint(self.folder, self.weights.files)
        self.revision = f"{fingerprint}-{VERSION}"
        self.spaces = (Space(self.modality, self.name, self.revision, self.find_dim()),)

    @abstractmethod
    def find_dim(self) -> int:
        """Return the number of dimensions of the vectors, from the checkpoint's `config.json`."""

    @abstractmethod
    def build_texts(self) -> "torch.nn.Module":
        """Build the module: (n, t) int64 token ids and mask → (n, dim) float32 vectors."""

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        return encode_texts(self._tokens, self._text_network, texts, self.spaces[-1].dim)

    def read_logit_scale(self) -> float:
        """See `ScalesLogits.read_logit_scale`."""
        return read_logit_scale(self.folder / self.weights.files[0], self.scale_name)

    @cached_once
    def _tokens(self) -> Tokens:
        return Tokens(self.folder / "tokenizer.json", self.frame)

    @cached_once
    def _text_network(self) -> Network:
        return open_network(self.text_recipe)

    @property
    def text_recipe(self) -> Recipe:
        """How the network for texts is built or exported."""
        width = self.frame.max_tokens if self.frame.is_padded_fully else 4
        ids = np.ones((2, width), dtype=np.int64)
        axes = (0,) if self.frame.is_padded_fully else (0, 1)
        name = f"{self.name}-text"
        return Recipe(name, self.revision, self.build_texts, (ids, np.ones_like(ids)), (axes, axes))


class ProjectedTexts(PairEncoder):
    """The text encoder of CLIP and CLAP: a linear projection of the pooled output.

    Attributes:
        model_class: name of the class in transformers.
    """

    model_class: ClassVar[str]

    def find_dim(self) -> int:
        """See `PairEncoder.find_dim`."""
        return int(self.settings.get("projection_dim", 512))

    def build_texts(self) -> "torch.nn.Module":
        """See `PairEncoder.build_texts`."""
        import torch

        pair = load_pretrained(self.model_class, self.folder)

        class Texts(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model, self.projection = pair.text_model, pair.text_projection

            def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
                outputs = self.model(input_ids=ids, attention_mask=mask)
                return self.projection(outputs.pooler_output)

        return Texts()


class PictureTextEncoder(PairEncoder):
    """Base of encoders of frames and words in one space.

    A subclass builds both modules from one checkpoint.
    """

    modality = "frames"

    @abstractmethod
    def build_pixels(self) -> "torch.nn.Module":
        """Build the module: standardised (n, 3, height, width) float32 → (n, dim) float32."""

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels, from the checkpoint's `config.json`."""
        size = int(self.settings["vision_config"].get("image_size", 224))
        return size, size

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        check_frames(frames, self.frame_size)
        (vectors,) = run_in_batches(self._frame_network, frames, (self.spaces[0].dim,))
        return (to_unit_rows(vectors),)

    @cached_once
    def _frame_network(self) -> Network:
        return open_network(self.frame_recipe, in_batches=True)

    @property
    def frame_recipe(self) -> Recipe:
        """How the network for frames is built or exported."""
        examples: tuple[Array, ...] = (example_frames(self.frame_size),)
        return Recipe(f"{self.name}-frames", self.revision, self._build_frames, examples, ((0,),))

    def _build_frames(self) -> "torch.nn.Module":
        import torch

        prepared: dict[str, Any] = read_settings(self.folder / "preprocessor_config.json")
        network = self.build_pixels()

        class Frames(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network

            def forward(self, frames: torch.Tensor) -> torch.Tensor:
                pixels = standardise(frames, prepared["image_mean"], prepared["image_std"])
                vectors: torch.Tensor = self.network(pixels)
                return vectors

        return Frames()
