"""Two whole networks, of frames and of log-mel spectra, that share a space.

As in contrastive audio-visual pre-training (Diff-Foley, arXiv 2306.17203), a network of pictures
and one of spectra are pooled over time by their maximum and projected into one space. There it is
SlowOnly and the Cnn14 of PANNs, both trained before on other data; here a trunk of torchvision, of
each frame by itself, and a smaller network of the same blocks as Cnn14 (Kong et al. 2020).
"""

import math
from typing import TYPE_CHECKING

from mvsearch.indexer.encoders.image.batches import standardise
from mvsearch.indexer.training.audiovisual.full_options import FullOptions
from mvsearch.indexer.training.audiovisual.options import AudiovisualOptions
from mvsearch.indexer.training.audiovisual.task import LARGEST_SCALE
from mvsearch.indexer.training.songs.trunks import build_trunk, find_trunk

if TYPE_CHECKING:
    import torch

N_BLOCKS = 4


def build_full_towers(options: AudiovisualOptions, full: FullOptions) -> "torch.nn.Module":
    """A module that gives the similarities of all pairs of a batch, over the temperature.

    Its input are (n, frames, height, width, 3) uint8 RGB and (n, spectra, bands) float32.

    Raises:
        TrainingError: the trunk is unknown, or its package is missing.
    """
    import torch
    from torch.nn.functional import normalize

    trunk = find_trunk(full.trunk)

    class FullTowers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk = build_trunk(full.trunk, None)
            self.sound, n_features = _build_sound(full.channels)
            self.picture_projection = torch.nn.Linear(trunk.n_features, options.dim)
            self.sound_projection = torch.nn.Linear(n_features, options.dim)
            self.log_scale = torch.nn.Parameter(torch.tensor(math.log(1 / options.temperature)))

        def project_pictures(self, pictures: torch.Tensor) -> torch.Tensor:
            n, n_frames = pictures.shape[:2]
            features = self.trunk(standardise(pictures.flatten(0, 1), trunk.mean, trunk.std))
            pooled = features.reshape(n, n_frames, -1).amax(dim=1)
            return normalize(self.picture_projection(pooled), dim=1)

        def project_sound(self, sounds: torch.Tensor) -> torch.Tensor:
            features = self.sound(sounds[:, None])
            pooled = features.mean(dim=3).amax(dim=2)
            return normalize(self.sound_projection(pooled), dim=1)

        def forward(self, pictures: torch.Tensor, sounds: torch.Tensor) -> torch.Tensor:
            scale = self.log_scale.exp().clamp(max=LARGEST_SCALE)
            return scale * self.project_pictures(pictures) @ self.project_sound(sounds).T

    return FullTowers()


def _build_sound(channels: int) -> "tuple[torch.nn.Module, int]":
    """Blocks of two convolutions each, which halve time and bands, and the number of features."""
    import torch

    layers: list[torch.nn.Module] = [torch.nn.BatchNorm2d(1)]
    n_in = 1
    for number in range(N_BLOCKS):
        n_out = channels * 2**number
        for n_from in (n_in, n_out):
            layers.append(torch.nn.Conv2d(n_from, n_out, 3, padding=1, bias=False))
            layers += [torch.nn.BatchNorm2d(n_out), torch.nn.ReLU()]
        layers.append(torch.nn.AvgPool2d(2, ceil_mode=True))
        n_in = n_out
    return torch.nn.Sequential(*layers), n_in
