"""Trains two towers on the picture and sound of a library's videos."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.audiovisual.windows import read_windows
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.audiovisual.options import TRAINING, AudiovisualOptions
from mvsearch.indexer.training.audiovisual.splitting import join_sources, split_videos
from mvsearch.indexer.training.audiovisual.task import AudiovisualTask
from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.store.library import Library
from mvsearch.store.records import Space


def train_audiovisual(
    library: Library,
    folder: Path,
    spaces: tuple[Space, Space],
    groups: Mapping[str, Collection[str]],
    options: AudiovisualOptions,
    training: TrainingOptions,
    progress: Progress,
    stop: threading.Event,
) -> Card:
    """Train on the vectors that a library has; see `loop.train`.

    Args:
        library: of the videos.
        folder: of the run.
        spaces: of frames and of sound, in the library.
        groups: ids of videos of one source, by a name; they are on one side of the split.
        options: what is trained.
        training: how.
        progress: told of steps and epochs.
        stop: when set, the training ends; the last complete epoch is kept.

    Raises:
        TrainingError: too few videos have picture and sound, or as `loop.train`.
        CancelledError: `stop` was set.
    """
    videos, n_skipped = read_windows(library, *spaces, join_sources(groups))
    if n_skipped:
        progress.note(f"{n_skipped} videos without picture or sound are left out")
    shares = options.validated_share, options.tested_share
    split = split_videos(videos, *shares, training.seed)
    task = AudiovisualTask(split, spaces, options, training.batch_size, n_skipped)
    return train(task, training, folder, progress, stop)


def choose_options(given: Mapping[str, object]) -> tuple[AudiovisualOptions, TrainingOptions]:
    """The recipe with what is given, and not None, in its place.

    Raises:
        TrainingError: an option is out of its range.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    own = {name: value for name, value in chosen.items() if hasattr(AudiovisualOptions, name)}
    rest = {name: value for name, value in chosen.items() if name not in own}
    return AudiovisualOptions(**own), replace(TRAINING, **rest)  # type: ignore[arg-type]  # checked
