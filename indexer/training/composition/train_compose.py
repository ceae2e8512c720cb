"""Trains the projection by which MusicGen composes for a picture without words."""

import threading
from pathlib import Path

from mvsearch.indexer.composing.musicgen import MusicGen
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.mood.measure import find_mood_space
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.composition.frozen import FrozenMusicGen
from mvsearch.indexer.training.composition.options import CompositionOptions
from mvsearch.indexer.training.composition.pairs import read_pairs
from mvsearch.indexer.training.composition.task import CompositionTask
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library


def train_compose(
    library: Library,
    encoders: Encoders,
    folder: Path,
    options: CompositionOptions,
    training: TrainingOptions,
    progress: Progress,
    stop: threading.Event,
) -> Card:
    """Train on the videos of a library; see `loop.train`.

    Args:
        library: of the videos, whose sound is read where it lies.
        encoders: of the library.
        folder: of the run.
        options: what is trained on.
        training: how.
        progress: told of songs, steps and epochs.
        stop: when set, the training ends; the last complete epoch is kept.

    Raises:
        WeightsMissingError: those of MusicGen are missing.
        TrainingError: there are too few songs, or no head for the library's pictures; or as
            `loop.train`.
        CancelledError: `stop` was set.
    """
    generator = MusicGen()
    spaces = encoders.frames.spaces
    found = find_mood_space(spaces, "frames")
    if found is None:
        raise TrainingError(f"the profile {encoders.name!r} has no joint space of pictures")
    head = found[1]
    frozen = FrozenMusicGen(generator)
    pairs = read_pairs(library, head, spaces, frozen, options, progress, stop)
    names = {
        "head": head.revision,
        "generator": f"{generator.weights.repository} ({generator.revision})",
        "profile": encoders.name,
    }
    task = CompositionTask(pairs, frozen, names, options, training.batch_size, training.seed)
    return train(task, training, folder, progress, stop)
