"""What the loop trains: two linear towers on the vectors that a library has."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.audiovisual.ranking import average_by_source, rank_own_sound
from mvsearch.indexer.audiovisual.towers import (
    PICTURE,
    SEEN,
    SOUND,
    Towers,
    number_videos,
    read_towers,
)
from mvsearch.indexer.audiovisual.windows import VideoWindows, mark_windows, weigh_windows
from mvsearch.indexer.training.audiovisual.correlation import Whitening, correlate, whiten
from mvsearch.indexer.training.audiovisual.losses import contrast_times, contrast_videos
from mvsearch.indexer.training.audiovisual.options import AudiovisualOptions
from mvsearch.indexer.training.audiovisual.sampling import Batch, draw_batch, group_by_source
from mvsearch.indexer.training.audiovisual.splitting import Split
from mvsearch.indexer.training.task import Setting, TrainingData
from mvsearch.store.records import Matrix, Space

if TYPE_CHECKING:
    import torch

NAME = "audiovisual"
WATCHED, WATCHED_IN_TRAINING = "validation_behind", "training_behind"
# Windows of which all pairs are compared after each epoch.
MOST_COMPARED = 2000
# Logits grow no further (Radford et al. 2021, 2.5).
LARGEST_SCALE = 100.0


class AudiovisualTask:
    """Two towers; see `task.Task`.

    Args:
        split: the videos of each part.
        spaces: of pictures and of sound, as the run names them.
        options: how.
        batch_size: sources of a batch.
        n_skipped: videos without picture or sound, for the card.
    """

    name, is_higher_better = NAME, True

    def __init__(
        self,
        split: Split,
        spaces: tuple[Space, Space],
        options: AudiovisualOptions,
        batch_size: int,
        n_skipped: int = 0,
    ) -> None:
        self._prepare(split, options, batch_size)
        self.settings: Mapping[str, Setting] = {
            **options.to_settings(),
            "picture_space": spaces[0].key,
            "sound_space": spaces[1].key,
        }
        every = (*split.trained, *split.validated, *split.tested)
        self.data = describe_data(split, n_skipped, mark_windows(every))

    def _prepare(self, split: Split, options: AudiovisualOptions, batch_size: int) -> None:
        """Set what the batches and the losses need."""
        self.split, self.options = split, options
        self.watched = WATCHED if split.validated else WATCHED_IN_TRAINING
        self._sources = list(group_by_source(split.trained))
        self._batch_size = min(batch_size, len(self._sources))

    def build(self) -> "torch.nn.Module":
        """Make the towers; their bases are of the training part and stay as they are."""
        return self._build(is_random=self.options.start == "random")

    def count_batches(self) -> int:
        """As many as draw about the number of all windows."""
        n_windows = sum(len(video.starts_seconds) for video in self.split.trained)
        return math.ceil(n_windows / (self._batch_size * self.options.windows_a_video))

    def draw_batches(self, generator: np.random.Generator) -> Iterator[Batch]:
        """Batches of windows of different sources."""
        for _ in range(self.count_batches()):
            drawn = generator.choice(len(self._sources), self._batch_size, replace=False)
            yield draw_batch(
                self.split.trained,
                [self._sources[number] for number in drawn],
                self.options.windows_a_video,
                self.options.apart_seconds,
                generator,
            )

    def compute_losses(
        self, network: "torch.nn.Module", batch: Batch, device: str
    ) -> Mapping[str, "torch.Tensor"]:
        """The weighted terms that are switched on."""
        import torch

        pictures, sounds = (
            torch.from_numpy(part).to(device) for part in (batch.pictures, batch.sounds)
        )
        similarities = network(pictures, sounds)
        sources = torch.from_numpy(batch.sources).to(device)
        return weigh_terms(similarities, sources, self.options)

    def validate(self, network: "torch.nn.Module", device: str) -> Mapping[str, float]:
        """How many windows of others the own sound beats, on the part that chooses the epoch."""
        del device  # so few numbers are computed where they lie
        part = self.split.validated or self.split.trained
        return {self.watched: measure_windows(find_towers(network), part)}

    def evaluate(self, network: "torch.nn.Module", device: str) -> Mapping[str, float]:
        """The same on the test part, beside the closed form of the correlation."""
        figures = dict(self.validate(network, device))
        if self.split.tested:
            closed, made = find_towers(self._build(is_random=False)), find_towers(network)
            figures["test_behind"] = measure_behind(made, self.split.tested)
            figures["test_behind_correlation"] = measure_behind(closed, self.split.tested)
        return figures

    def make_files(self, network: "torch.nn.Module") -> Mapping[str, bytes]:
        """See `Task`: none."""
        return {}

    def _build(self, *, is_random: bool) -> "torch.nn.Module":
        pictures, sounds, weights = _stack(self.split.trained)
        kept = self.options.n_directions, self.options.shrinkage
        sides = whiten(pictures, weights, *kept), whiten(sounds, weights, *kept)
        whitened = sides[0].apply(pictures), sides[1].apply(sounds)
        first = None if is_random else correlate(*whitened, weights, self.options.dim)
        seen = number_videos(video.video_id for video in self._list_seen())
        return build_towers(sides, first, seen, self.options)

    def _list_seen(self) -> tuple[VideoWindows, ...]:
        """The videos by which anything was chosen."""
        return self.split.trained + self.split.validated


def build_towers(
    sides: tuple[Whitening, Whitening],
    first: tuple[Matrix, Matrix] | None,
    seen: npt.NDArray[np.int64],
    options: AudiovisualOptions,
) -> "torch.nn.Module":
    """A module that gives the similarities of all pairs of a batch, over the temperature.

    Args:
        sides: the whitenings of pictures and sound.
        first: the first projections; None draws them.
        seen: numbers of the videos that it is trained on, which are stored with it.
        options: of the towers.
    """
    import torch
    from torch.nn.functional import normalize

    class TwoTowers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for number, (name, side) in enumerate(zip((PICTURE, SOUND), sides, strict=True)):
                n_directions = side.basis.shape[1]
                self.register_buffer(f"{name}_centre", torch.from_numpy(side.centre))
                self.register_buffer(f"{name}_basis", torch.from_numpy(side.basis))
                drawn = torch.randn(n_directions, options.dim) / n_directions**0.5
                start = drawn if first is None else torch.from_numpy(first[number])
                setattr(self, f"{name}_projection", torch.nn.Parameter(start.clone()))
            self.register_buffer(SEEN, torch.from_numpy(seen))
            scale = torch.tensor(math.log(1 / options.temperature))
            self.log_scale = torch.nn.Parameter(scale)

        def project(self, name: str, vectors: torch.Tensor) -> torch.Tensor:
            centre, basis, projection = (
                getattr(self, f"{name}_{part}") for part in ("centre", "basis", "projection")
            )
            return normalize((vectors - centre) @ basis @ projection, dim=1)

        def forward(self, pictures: torch.Tensor, sounds: torch.Tensor) -> torch.Tensor:
            scale = self.log_scale.exp().clamp(max=LARGEST_SCALE)
            return scale * self.project(PICTURE, pictures) @ self.project(SOUND, sounds).T

    return TwoTowers()


def weigh_terms(
    similarities: "torch.Tensor", sources: "torch.Tensor", options: AudiovisualOptions
) -> dict[str, "torch.Tensor"]:
    """The weighted terms of the loss that have a weight, by name."""
    terms = {}
    if options.semantic_weight:
        terms["semantic"] = options.semantic_weight * contrast_videos(similarities, sources)
    if options.temporal_weight:
        terms["temporal"] = options.temporal_weight * contrast_times(similarities, sources)
    return terms


def find_towers(network: "torch.nn.Module") -> Towers:
    """The towers of a module, without torch."""
    state = network.state_dict().items()
    return read_towers({name: tensor.detach().cpu().numpy() for name, tensor in state})


def measure_behind(towers: Towers, videos: Sequence[VideoWindows]) -> float:
    """The mean share of other sources whose sound fits a picture less than its own does.

    It is 0.5 by chance; each source weighs the same.
    """
    pictures = np.stack([towers.picture.summarise(video.pictures) for video in videos])
    sounds = np.stack([towers.sound.summarise(video.sounds) for video in videos])
    return average_behind(videos, pictures @ sounds.T)


def average_behind(videos: Sequence[VideoWindows], similarities: Matrix) -> float:
    """See `measure_behind`.

    Args:
        videos: n of them.
        similarities: (n, n) of their pictures and sounds.
    """
    ids, sources = [v.video_id for v in videos], [v.source for v in videos]
    shares = average_by_source(rank_own_sound(ids, sources, similarities))
    return float(np.mean(list(shares.values())))


def measure_windows(towers: Towers, videos: Sequence[VideoWindows]) -> float:
    """The mean share of windows of other sources whose sound fits a picture less than its own does.

    It is 0.5 by chance; each source weighs the same. With few videos it tells epochs apart that
    `measure_behind` does not. Of many windows some at regular places are compared.
    """
    step = -(-sum(len(video.starts_seconds) for video in videos) // MOST_COMPARED)
    pictures = np.concatenate([towers.picture.project(v.pictures[::step]) for v in videos])
    sounds = np.concatenate([towers.sound.project(v.sounds[::step]) for v in videos])
    sources = np.concatenate([[v.source] * len(v.starts_seconds[::step]) for v in videos])
    similarities, is_other = pictures @ sounds.T, sources[:, None] != sources
    own = np.diagonal(similarities)[:, None]
    beaten = (similarities < own) + 0.5 * (similarities == own)
    shares = (beaten * is_other).sum(axis=1) / np.maximum(is_other.sum(axis=1), 1)
    return float(np.mean([shares[sources == source].mean() for source in np.unique(sources)]))


def _stack(videos: Sequence[VideoWindows]) -> tuple[Matrix, Matrix, Matrix]:
    """The pictures, sounds and weights of all windows."""
    pictures = np.concatenate([video.pictures for video in videos])
    sounds = np.concatenate([video.sounds for video in videos])
    return pictures, sounds, weigh_windows(videos)


def describe_data(split: Split, n_skipped: int, fingerprint: str) -> TrainingData:
    """The data of a split, for the configuration and the card of a run."""
    parts = {"trained": split.trained, "validated": split.validated, "tested": split.tested}
    counts = {f"{name}_videos": len(videos) for name, videos in parts.items()}
    counts |= {f"{name}_sources": len(group_by_source(v)) for name, v in parts.items()}
    counts["windows"] = sum(len(v.starts_seconds) for videos in parts.values() for v in videos)
    return TrainingData(
        fingerprint=fingerprint,
        description="picture and sound of the same times of the library's videos",
        split="at random by source: no source is in two parts",
        licence="that of the library's videos",
        counts={**counts, "videos_without_picture_or_sound": n_skipped},
    )
