"""What the loop trains on a GPU: two whole networks, by the same batches and losses."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mvsearch.indexer.audiovisual.windows import VideoWindows
from mvsearch.indexer.training.audiovisual.full_network import build_full_towers
from mvsearch.indexer.training.audiovisual.full_options import FullOptions
from mvsearch.indexer.training.audiovisual.options import AudiovisualOptions
from mvsearch.indexer.training.audiovisual.splitting import Split
from mvsearch.indexer.training.audiovisual.task import (
    AudiovisualTask,
    average_behind,
    describe_data,
)
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

NAME = "audiovisual-full"
# Windows of a video that are compared after each epoch.
N_COMPARED = 8


class FullTask(AudiovisualTask):
    """Two whole networks; see `task.Task`.

    Args:
        split: the videos of each part, as `read_media_windows` gives them.
        fingerprint: of these.
        options: of the losses and the batches; those of the whitening are not used.
        full: of the networks.
        batch_size: sources of a batch.
        n_skipped: videos without picture or sound, for the card.
    """

    name = NAME

    def __init__(
        self,
        split: Split,
        fingerprint: str,
        options: AudiovisualOptions,
        full: FullOptions,
        batch_size: int,
        n_skipped: int = 0,
    ) -> None:
        self._full = full
        self._prepare(split, options, batch_size)
        self.settings = {**options.to_settings(), **full.to_settings()}
        self.data = describe_data(split, n_skipped, fingerprint)

    def build(self) -> "torch.nn.Module":
        """Make the networks; the trunk has the weights that its package carries, if any."""
        return build_full_towers(self.options, self._full)

    def validate(self, network: "torch.nn.Module", device: str) -> Mapping[str, float]:
        """How many of the others the own sound beats, on the part that chooses the epoch."""
        part = self.split.validated or self.split.trained
        return {self.watched: _measure_behind(network, part, device)}

    def evaluate(self, network: "torch.nn.Module", device: str) -> Mapping[str, float]:
        """The same on the test part."""
        figures = dict(self.validate(network, device))
        if self.split.tested:
            figures["test_behind"] = _measure_behind(network, self.split.tested, device)
        return figures


def _measure_behind(network: Any, videos: Sequence[VideoWindows], device: str) -> float:
    """See `task.measure_behind`."""
    import torch

    pictures: list[Matrix] = []
    sounds: list[Matrix] = []
    for video in videos:
        n = len(video.starts_seconds)
        rows = np.unique(np.linspace(0, n - 1, min(n, N_COMPARED)).round().astype(np.int64))
        for project, windows, made in (
            (network.project_pictures, video.pictures, pictures),
            (network.project_sound, video.sounds, sounds),
        ):
            given = torch.from_numpy(windows[rows]).to(device)
            made.append(project(given).mean(dim=0).cpu().numpy())
    return average_behind(videos, compare_directions(_to_unit(pictures), _to_unit(sounds)))


def compare_directions(pictures: Matrix, sounds: Matrix) -> Matrix:
    """The cosines (n, m) of (n, k) and (m, k) unit vectors."""
    cosines: Matrix = np.matmul(pictures, sounds.T, dtype=np.float32)
    return cosines


def _to_unit(rows: Sequence[Matrix]) -> Matrix:
    stacked = np.stack(rows)
    unit: Matrix = stacked / np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-9)
    return unit
