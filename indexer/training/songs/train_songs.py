"""Trains a classifier of the songs of a library by their frames."""

import threading
from pathlib import Path

from mvsearch.indexer.progress import Progress, Silence
from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.indexer.training.run_folder import RunFolder
from mvsearch.indexer.training.songs.frames import read_song_frames, split_frames
from mvsearch.indexer.training.songs.options import SongOptions
from mvsearch.indexer.training.songs.task import SongTask
from mvsearch.indexer.training.songs.trunks import check_weights_file, find_trunk
from mvsearch.store.library import Library


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
    RunFolder(folder).create()
    found = read_song_frames(songs, frame_size, options, folder, progress, stop)
    split = split_frames(found, options, training.seed)
    task = SongTask(found, split, options, training.batch_size)
    return train(task, training, folder, progress, stop)
