"""The classifier of songs: a trunk, a projection of its features, and a layer of classes."""

from typing import TYPE_CHECKING

from mvsearch.indexer.encoders.image.batches import standardise
from mvsearch.indexer.training.songs.options import SongOptions
from mvsearch.indexer.training.songs.trunks import build_trunk, find_trunk

if TYPE_CHECKING:
    import torch


def build_song_network(
    options: SongOptions, n_songs: int, *, is_filled: bool = True
) -> "torch.nn.Module":
    """Make the classifier; what is not trained is frozen.

    Its `embed` gives the features (n, dim) of (n, height, width, 3) uint8 frames, its `forward` the
    logits (n, n_songs).

    Raises:
        TrainingError: the trunk or its weights cannot be had.
    """
    import torch

    trunk = find_trunk(options.trunk)
    module = build_trunk(options.trunk, options.weights, is_filled=is_filled)
    mean, std = trunk.mean, trunk.std

    class SongNetwork(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk = module
            dim = options.projection or trunk.n_features
            self.projection = (
                torch.nn.Linear(trunk.n_features, dim, bias=False)
                if options.projection
                else torch.nn.Identity()
            )
            if isinstance(self.projection, torch.nn.Linear):
                # It keeps angles nearly, so that it begins where the trunk is.
                torch.nn.init.orthogonal_(self.projection.weight)
            self.classes = torch.nn.Linear(dim, n_songs)
            _freeze(self, options, trunk.last)

        def embed(self, frames: torch.Tensor) -> torch.Tensor:
            features = self.trunk(standardise(frames, mean, std))
            projected: torch.Tensor = self.projection(features)
            return projected

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.classes(self.embed(frames))
            return logits

        def train(self, mode: bool = True) -> "SongNetwork":
            super().train(mode)
            for part in self.modules():
                own = list(part.parameters())
                if own and not any(one.requires_grad for one in own):
                    part.training = False  # its statistics of batches stay as well
            return self

    return SongNetwork()


def _freeze(network: "torch.nn.Module", options: SongOptions, last: tuple[str, ...]) -> None:
    """Freeze what is not trained."""
    if options.part == "all":
        return
    for name, parameter in network.named_parameters():
        inside = name.removeprefix("trunk.")
        is_last = options.part == "last" and any(inside.startswith(f"{module}.") for module in last)
        parameter.requires_grad = is_last or not name.startswith("trunk.")
