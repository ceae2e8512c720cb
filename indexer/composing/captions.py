"""Describes a picture in a sentence with BLIP."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.image.batches import standardise
from mvsearch.indexer.encoders.networks.examples import make_picture
from mvsearch.indexer.encoders.networks.files.checkpoints import (
    DownloadedWeights,
    compute_fingerprint,
    read_settings,
)
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.tokens import TokenFrame, Tokens
from mvsearch.indexer.media.pictures import read_image
from mvsearch.indexer.once import cached_once
from mvsearch.store.errors import MvsearchError

MAX_TOKENS = 30
N_BEAMS = 3
# Larger pictures would not fit in memory; published checkpoints take 384.
MAX_SIDE = 1024


class Captioner:
    """BLIP, base, for captions (Li et al. 2022).

    Attributes:
        name: of the network.
        weights: the checkpoint.
    """

    name: ClassVar[str] = "blip"
    weights: ClassVar[DownloadedWeights] = DownloadedWeights(
        "blip",
        "Salesforce/blip-image-captioning-base",
        ("model.safetensors", "config.json", "preprocessor_config.json", "tokenizer.json"),
    )

    def __init__(self, folder: Path | None = None) -> None:
        """Locate the weights; they are loaded at the first use.

        Args:
            folder: of the checkpoint; by default that of `weights`.

        Raises:
            WeightsMissingError: a file is missing.
            MvsearchError: a file is damaged.
        """
        self.folder = self.weights.locate(folder)
        self.revision = compute_fingerprint(self.folder, self.weights.files)
        settings = read_settings(self.folder / "config.json")
        try:
            self.side = int(settings["vision_config"]["image_size"])
        except (KeyError, TypeError, ValueError) as error:
            raise MvsearchError(f"{self.folder} states no size of pictures") from error
        if not 0 < self.side <= MAX_SIDE:
            raise MvsearchError(f"{self.folder} is for pictures of {self.side} pixels")

    def describe(self, picture: Path) -> str:
        """Describe a picture file in a few English words, such as "a beach with palm trees".

        The words are the most probable ones by beam search, so always the same.

        Raises:
            MediaError: it cannot be read.
            MvsearchError: the checkpoint is damaged.
        """
        return self._describe(read_image(picture, (self.side, self.side)))

    def try_out(self) -> None:
        """Load the network and describe an example.

        Raises:
            MvsearchError: the checkpoint is damaged.
        """
        self._describe(make_picture(self.side, self.side)[0])

    def _describe(self, frame: npt.NDArray[np.uint8]) -> str:
        import torch

        mean, std = self._scale
        with torch.inference_mode():
            pixels = standardise(torch.tensor(frame[None]), mean, std)
            ids = self._model.generate(
                pixel_values=pixels, max_new_tokens=MAX_TOKENS, num_beams=N_BEAMS, do_sample=False
            )
        return self._tokens.join(ids[0].tolist())

    @cached_once
    def _model(self) -> Any:
        return load_pretrained("BlipForConditionalGeneration", self.folder).eval()

    @cached_once
    def _scale(self) -> tuple[list[float], list[float]]:
        """Mean and deviation of the channels of its training."""
        path = self.folder / "preprocessor_config.json"
        settings = read_settings(path)
        try:
            return settings["image_mean"], settings["image_std"]
        except KeyError as error:
            raise MvsearchError(f"{path} has no {error}") from error

    @cached_once
    def _tokens(self) -> Tokens:
        frame = TokenFrame(start="[CLS]", end="[SEP]", pad="[PAD]", max_tokens=MAX_TOKENS)
        return Tokens(self.folder / "tokenizer.json", frame)
