"""Trains two towers on the picture and sound of a library's videos."""

import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from mvsearch.indexer.audiovisual.windows import read_windows
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.audiovisual.full_options import FullOptions
from mvsearch.indexer.training.audiovisual.full_task import FullTask
from mvsearch.indexer.training.audiovisual.media_windows import read_media_windows
from mvsearch.indexer.training.audiovisual.options import AudiovisualOptions
from mvsearch.indexer.training.audiovisual.splitting import join_sources, split_videos
from mvsearch.indexer.training.audiovisual.task import AudiovisualTask
from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.indexer.training.run_folder import RunFolder
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


def train_full(
    library: Library,
    folder: Path,
    groups: Mapping[str, Collection[str]],
    options: AudiovisualOptions,
    full: FullOptions,
    training: TrainingOptions,
    progress: Progress,
    stop: threading.Event,
) -> Card:
    """Train whole networks on the files of a library's videos; see `train_audiovisual`.

    Raises:
        TrainingError: too few videos have picture and sound, or as `loop.train`.
        CancelledError: `stop` was set.
    """
    RunFolder(folder).create()
    videos = library.catalog.videos()
    paths = {one.id: one.path for one in videos if one.has_picture and one.has_sound}
    found = read_media_windows(paths, join_sources(groups), full, folder, progress, stop)
    n_skipped = found.n_skipped + len(videos) - len(paths)
    shares = options.validated_share, options.tested_share
    split = split_videos(found.videos, *shares, training.seed)
    task = FullTask(split, found.fingerprint, options, full, training.batch_size, n_skipped)
    return train(task, training, folder, progress, stop)
