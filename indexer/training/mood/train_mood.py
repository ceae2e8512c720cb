"""Trains the heads of moods on a folder of labelled pictures and sounds."""

import threading
from pathlib import Path

from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.mood.encoding import encode_labelled
from mvsearch.indexer.training.mood.options import MoodOptions
from mvsearch.indexer.training.mood.task import MoodTask
from mvsearch.indexer.training.options import TrainingOptions


def train_mood(
    labelled: Path,
    folder: Path,
    options: MoodOptions,
    training: TrainingOptions,
    progress: Progress,
    stop: threading.Event,
) -> Card:
    """Train both heads; the run folder gets `picture.safetensors` and `sound.safetensors`.

    Args:
        labelled: folder with labels.csv, `images/` and `music/`.
        folder: of the run.
        options: of the heads and the loss.
        training: how.
        progress: told of files, steps and epochs.
        stop: when set, the training ends; the last complete epoch is kept.

    Raises:
        TrainingError: labels or files are not valid, or as `loop.train`.
        CancelledError: `stop` was set.
    """
    examples = encode_labelled(labelled, progress, stop)
    task = MoodTask(examples, options, training.batch_size, training.seed)
    return train(task, training, folder, progress, stop)
