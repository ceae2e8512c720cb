"""The task of telling songs apart by frames, for the loop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mvsearch.indexer.training.songs.frames import Numbers, SongFrames, Split, list_names
from mvsearch.indexer.training.songs.network import build_song_network
from mvsearch.indexer.training.songs.options import SongOptions
from mvsearch.indexer.training.songs.trunks import find_trunk
from mvsearch.indexer.training.task import Rows, Setting, TrainingData, shuffle_rows

if TYPE_CHECKING:
    import torch

# Of the published recipe, which names the changes but not how large they are.
DEGREES, SHIFT, SCALE = 15.0, 0.1, (0.8, 1.2)
BLUR_PIXELS, BLUR_SIGMA = 5, (0.1, 2.0)


@dataclass
class SongTask:
    """Tells the songs of a library apart by their frames."""

    found: SongFrames
    split: Split
    options: SongOptions
    batch_size: int
    name: str = "songs"
    watched: str = "accuracy"
    is_higher_better: bool = True
    _changes: Any = field(default=None, repr=False)

    @property
    def settings(self) -> Mapping[str, Setting]:
        """See `Task`; the songs are in the order of the classes."""
        _, height, width, _ = self.found.frames.shape
        own: dict[str, Setting] = {
            "frame_size": [width, height],
            "songs": list_names(self.found.video_ids),
        }
        return self.options.to_settings() | own

    @property
    def data(self) -> TrainingData:
        """See `Task`."""
        trunk = find_trunk(self.options.trunk)
        of_trunk = f"; the trunk's weights: {trunk.licence}" if trunk.licence else ""
        n_songs = len(self.found.video_ids)
        return TrainingData(
            self.found.fingerprint,
            f"frames of {n_songs} videos of the library",
            f"the last {self.options.last_share:.0%} of each video by time; of the frames before,"
            f" {self.options.validation_share:.0%} of all at random to choose the best epoch",
            f"that of the videos, which mvsearch does not know{of_trunk}",
            {
                "songs": n_songs,
                "training": len(self.split.training),
                "validation": len(self.split.validation),
                "last": len(self.split.last),
            },
        )

    def build(self) -> "torch.nn.Module":
        """See `Task`."""
        return build_song_network(self.options, len(self.found.video_ids))

    def count_batches(self) -> int:
        """See `Task`."""
        return -(-len(self.split.training) // self.batch_size)

    def draw_batches(self, generator: np.random.Generator) -> Iterator[Rows]:
        """See `Task`: numbers of frames."""
        for rows in shuffle_rows(len(self.split.training), self.batch_size, generator):
            yield self.split.training[rows]

    def compute_losses(
        self, network: "torch.nn.Module", batch: Rows, device: str
    ) -> dict[str, "torch.Tensor"]:
        """The cross entropy of changed frames."""
        import torch

        frames = self._change(batch).to(device)
        songs = torch.from_numpy(self.found.songs[batch]).to(device)
        return {"cross_entropy": torch.nn.functional.cross_entropy(network(frames), songs)}

    def validate(self, network: "torch.nn.Module", device: str) -> dict[str, float]:
        """Accuracy and loss on frames drawn at random."""
        accuracy, loss = self._measure(network, self.split.validation, device)
        return {"accuracy": accuracy, "validation_loss": loss}

    def evaluate(self, network: "torch.nn.Module", device: str) -> dict[str, float]:
        """Accuracy on frames drawn at random, and on the ends of the songs."""
        at_random, _ = self._measure(network, self.split.validation, device)
        at_the_end, _ = self._measure(network, self.split.last, device)
        chance = np.bincount(self.found.songs[self.split.last]).max() / len(self.split.last)
        return {
            "accuracy": at_random,
            "accuracy_of_last": at_the_end,
            "largest_class_of_last": float(chance),
        }

    def make_files(self, network: "torch.nn.Module") -> Mapping[str, bytes]:
        """See `Task`: none."""
        return {}

    def _measure(
        self, network: "torch.nn.Module", numbers: Numbers, device: str
    ) -> tuple[float, float]:
        """Accuracy and mean cross entropy on frames that are not changed."""
        import torch

        n_right, loss = 0, 0.0
        for begin in range(0, len(numbers), self.batch_size):
            rows = numbers[begin : begin + self.batch_size]
            logits = network(torch.from_numpy(self.found.frames[rows]).to(device))
            songs = torch.from_numpy(self.found.songs[rows]).to(device)
            n_right += int((logits.argmax(1) == songs).sum())
            loss += float(torch.nn.functional.cross_entropy(logits, songs, reduction="sum"))
        return n_right / len(numbers), loss / len(numbers)

    def _change(self, numbers: Rows) -> "torch.Tensor":
        """Frames (n, height, width, 3) uint8, each moved, blurred and flipped by itself."""
        import torch
        from torchvision.transforms import v2

        if self._changes is None:
            self._changes = v2.Compose(
                [
                    v2.RandomAffine(DEGREES, (SHIFT, SHIFT), SCALE),
                    v2.GaussianBlur(BLUR_PIXELS, BLUR_SIGMA),
                    v2.RandomHorizontalFlip(),
                ]
            )
        frames = torch.from_numpy(self.found.frames[numbers]).permute(0, 3, 1, 2)
        changed = torch.stack([self._changes(frame) for frame in frames])
        return changed.permute(0, 2, 3, 1)
