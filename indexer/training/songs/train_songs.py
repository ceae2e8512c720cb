"""Trains a classifier of the songs of a library by their frames."""

import threading
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.progress import Progress, Silence
from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.indexer.training.run_folder import explaining
from mvsearch.indexer.training.songs.frames import read_song_frames, split_frames
from mvsearch.indexer.training.songs.options import SongOptions
from mvsearch.indexer.training.songs.task import SongTask
from mvsearch.indexer.training.songs.trunks import check_weights_file, find_trunk
from mvsearch.store.library import Library
from mvsearch.store.own_files import check_folder


def train_songs(
    library: Library,
    folder: Path,
    frame_size: tuple[int, int],
    options: SongOptions,
    training: TrainingOptions,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Card:
    """Train on the videos of a library that have pictures; see `loop.train`.

    Args:
        library: of the videos, which are read where they lie.
        folder: of the run.
        frame_size: width and height that the library's own encoder of frames is given, since a
            video is decoded once for both.
        options: what is trained on.
        training: how.
        progress: told of songs, steps and epochs.
        stop: when set, the training ends; the last complete epoch is kept.

    Raises:
        TrainingError: there are too few songs or frames, or as `loop.train`.
        CancelledError: `stop` was set.
    """
    progress, stop = progress or Silence(), stop or threading.Event()
    find_trunk(options.trunk)
    if options.weights is not None:
        check_weights_file(options.weights)
    songs = {video.id: video.path for video in library.catalog.videos() if video.has_picture}
    with explaining(folder):
        check_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
    found = read_song_frames(songs, frame_size, options, folder, progress, stop)
    split = split_frames(found, options, training.seed)
    task = SongTask(found, split, options, training.batch_size)
    return train(task, training, folder, progress, stop)


def replace_given(
    base: tuple[SongOptions, TrainingOptions], **given: object
) -> tuple[SongOptions, TrainingOptions]:
    """The options of a recipe with those that are given, which are not None, in their place."""
    chosen = {name: value for name, value in given.items() if value is not None}
    songs, training = base
    own = {name: value for name, value in chosen.items() if hasattr(songs, name)}
    rest = {name: value for name, value in chosen.items() if name not in own}
    return replace(songs, **own), replace(training, **rest)  # type: ignore[arg-type]  # checked inside
