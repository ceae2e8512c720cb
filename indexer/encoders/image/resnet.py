"""Encodes frames with ResNet-50, as in the published system."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.image.batches import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    check_frames,
    example_frames,
    run_in_batches,
    standardise,
)
from mvsearch.indexer.encoders.networks.files.checkpoints import (
    TorchvisionWeights,
    compute_fingerprint,
)
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.indexer.once import cached_once
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix, Space

if TYPE_CHECKING:
    import torch

# Part of the revision: raise it with each change that changes the vectors.
VERSION = 1

_N_FEATURES = 2048


class ResNet50:
    """ResNet-50 (He et al. 2016), trained on ImageNet: the 2,048 pooled features."""

    name: ClassVar[str] = "resnet50"
    # torchvision's IMAGENET1K_V2, else IMAGENET1K_V1.
    weights: ClassVar[TorchvisionWeights] = TorchvisionWeights(
        "resnet50", ("resnet50-11ad3fa6.pth", "resnet50-0676ba61.pth")
    )

    frame_size = (224, 224)

    def __init__(self, folder: Path | None = None) -> None:
        """Locate the weights; they are loaded at the first frame.

        Args:
            folder: the folder of the file; by default that of `weights`.

        Raises:
            WeightsMissingError: the file is missing.
        """
        self._path = self.weights.locate(folder)
        self._fingerprint = compute_fingerprint(self._path.parent, [self._path.name])
        revision = f"{self._fingerprint}-{VERSION}"
        self.spaces = (Space("frames", self.name, revision, _N_FEATURES),)

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        check_frames(frames, self.frame_size)
        (features,) = run_in_batches(self._network, frames, (_N_FEATURES,))
        return (to_unit_rows(features),)

    @cached_once
    def _network(self) -> Network:
        return open_network(self.recipe, in_batches=True)

    @property
    def recipe(self) -> Recipe:
        """How the network is built or exported."""
        fingerprint = f"{self._fingerprint}-{VERSION}"
        return Recipe(
            self.name, fingerprint, self._build, (example_frames(self.frame_size),), ((0,),)
        )

    def _build(self) -> "torch.nn.Module":
        import torch
        from torchvision.models import resnet50

        network = resnet50()
        try:
            network.load_state_dict(torch.load(self._path, map_location="cpu", weights_only=True))
        except (RuntimeError, ValueError, EOFError, OSError) as error:
            line = str(error).strip().partition("\n")[0]
            raise MvsearchError(f"{self._path} has no usable ResNet-50: {line}") from error
        network.fc = torch.nn.Identity()

        class Features(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network

            def forward(self, frames: torch.Tensor) -> torch.Tensor:
                features: torch.Tensor = self.network(
                    standardise(frames, IMAGENET_MEAN, IMAGENET_STD)
                )
                return features

        return Features()
