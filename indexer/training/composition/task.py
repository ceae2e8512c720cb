"""What the loop trains: a projection from the joint space to the conditioning of MusicGen."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from mvsearch.indexer.composing.projection import TASK, ProjectionShape, build_projection
from mvsearch.indexer.training.composition.frozen import FrozenMusicGen
from mvsearch.indexer.training.composition.options import CompositionOptions
from mvsearch.indexer.training.composition.pairs import ComposePairs
from mvsearch.indexer.training.task import Rows, Setting, TrainingData, shuffle_rows
from mvsearch.store.errors import TrainingError

if TYPE_CHECKING:
    import torch

WATCHED = "validation_loss"
LEAST_SONGS = 3


class CompositionTask:
    """The projection; see `task.Task`.

    Args:
        pairs: of all songs.
        frozen: the network that it conditions.
        names: of the network and of the head with their revisions, for the configuration.
        options: sizes and parts.
        batch_size: pieces of a step.
        seed: of the parts.

    Raises:
        TrainingError: there are too few songs.
    """

    name, watched, is_higher_better = TASK, WATCHED, False

    def __init__(
        self,
        pairs: ComposePairs,
        frozen: FrozenMusicGen,
        names: Mapping[str, str],
        options: CompositionOptions,
        batch_size: int,
        seed: int,
    ) -> None:
        self._pairs, self._frozen, self._batch_size = pairs, frozen, batch_size
        self._trained, self._validated = split_songs(pairs, options.validation_share, seed)
        self._shape = ProjectionShape(
            pairs.joints.shape[1], options.hidden, options.tokens, frozen.width
        )
        sizes = {"joint": self._shape.joint, "width": self._shape.width}
        self.settings: Mapping[str, Setting] = {**options.to_settings(), **sizes, **names}
        self.data = TrainingData(
            fingerprint=pairs.mark(),
            description="pictures and sound of the same times of the library's videos",
            split="at random by song: no song is in two parts",
            licence="that of the library's videos",
            counts={
                "songs": len(set(pairs.songs)),
                "skipped_videos": pairs.n_skipped,
                "trained_pieces": len(self._trained),
                "validated_pieces": len(self._validated),
            },
        )

    def build(self) -> "torch.nn.Module":
        """Make the projection."""
        return build_projection(self._shape)

    def count_batches(self) -> int:
        """Each piece is seen once."""
        return math.ceil(len(self._trained) / self._batch_size)

    def draw_batches(self, generator: np.random.Generator) -> Iterator[Rows]:
        """The rows of pieces in random order."""
        for rows in shuffle_rows(len(self._trained), self._batch_size, generator):
            yield self._trained[rows]

    def compute_losses(
        self, network: "torch.nn.Module", batch: Rows, device: str
    ) -> Mapping[str, "torch.Tensor"]:
        """The cross entropy of the codes of the pieces, after their own pictures."""
        return {"codes": self._measure(network, batch, batch, device)}

    def validate(self, network: "torch.nn.Module", device: str) -> Mapping[str, float]:
        """The same on songs that it is not trained on."""
        return {WATCHED: self._average(network, self._validated, device)}

    def evaluate(self, network: "torch.nn.Module", device: str) -> Mapping[str, float]:
        """The same after the pictures of other pieces: what these say is the difference."""
        shuffled = np.roll(self._validated, len(self._validated) // 2)
        return {
            **self.validate(network, device),
            "validation_loss_of_other_pictures": self._average(network, shuffled, device),
        }

    def make_files(self, network: "torch.nn.Module") -> Mapping[str, bytes]:
        """See `Task`: none."""
        return {}

    def _measure(
        self, network: "torch.nn.Module", seen: Rows, heard: Rows, device: str
    ) -> "torch.Tensor":
        import torch

        joints = torch.from_numpy(self._pairs.joints[seen]).to(device)
        codes = torch.from_numpy(self._pairs.codes[heard]).to(device)
        return self._frozen.measure_loss(network(joints), codes)

    def _average(self, network: "torch.nn.Module", seen: Rows, device: str) -> float:
        """The mean over the validation part, each piece after the picture at its place."""
        losses = [
            float(self._measure(network, seen[at : at + 1], self._validated[at : at + 1], device))
            for at in range(len(seen))
        ]
        return float(np.mean(losses))


def split_songs(pairs: ComposePairs, share: float, seed: int) -> tuple[Rows, Rows]:
    """The rows of the pieces of the songs to train on, and of the others, at least one song.

    Raises:
        TrainingError: there are fewer than three songs.
    """
    songs = sorted(set(pairs.songs))
    if len(songs) < LEAST_SONGS:
        raise TrainingError(
            f"{len(songs)} songs have pictures and sound of {LEAST_SONGS} that are the least: index"
            " more, or take shorter pieces by --seconds"
        )
    order = np.random.default_rng(seed).permutation(len(songs))
    n_kept = max(1, round(share * len(songs)))
    kept = {songs[at] for at in order[:n_kept]}
    is_kept = np.array([song in kept for song in pairs.songs])
    return np.flatnonzero(~is_kept), np.flatnonzero(is_kept)
