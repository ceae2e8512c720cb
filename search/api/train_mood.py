"""Trains the heads of moods on labelled pictures and sounds."""

import threading
from typing import Unpack

from mvsearch.indexer.training.runs import Run, find_runs_folder, read_run
from mvsearch.search.api.training import TrainingArguments, clear_run, prepare_run
from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.opening import AnyPath, expand_home


class MoodArguments(TrainingArguments, total=False):
    """The weights of the terms of the loss, and the sizes of the heads; None for the default.

    Attributes:
        regression_picture, regression_sound, within_picture, within_sound, across_picture,
            across_sound, squares, dim, hidden: see `MoodOptions`.
    """

    regression_picture: float | None
    regression_sound: float | None
    within_picture: float | None
    within_sound: float | None
    across_picture: float | None
    across_sound: float | None
    squares: float | None
    dim: int | None
    hidden: int | None


def train_mood(
    labelled: AnyPath,
    name: str | None = None,
    *,
    restart: bool = False,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
    **arguments: Unpack[MoodArguments],
) -> Run:
    """Train heads of moods for pictures and sound, and their joint space; see docs/training.md.

    Args:
        labelled: folder with labels.csv (kind, file, valence, arousal), `images/` and `music/`.
        name: of the run, which goes on if it was interrupted; None for a new one.
        restart: whether what the run has is deleted first.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends the training; the last complete epoch is kept.
        **arguments: see `MoodArguments`.

    Raises:
        TrainingError: labels or files are not valid, the run was begun with other options or data,
            or the disk is full.
        CancelledError: it was cancelled.
    """
    from dataclasses import replace

    from mvsearch.indexer.training.mood.options import TRAINING, MoodOptions
    from mvsearch.indexer.training.mood.train_mood import train_mood

    given = {option: value for option, value in arguments.items() if value is not None}
    own = {option: value for option, value in given.items() if hasattr(MoodOptions(), option)}
    rest = {option: value for option, value in given.items() if option not in own}
    options = MoodOptions(**own)  # type: ignore[arg-type]  # checked inside
    training = replace(TRAINING, **rest)  # type: ignore[arg-type]
    with Watched(to_progress(progress), Stop(cancel)) as watched:
        place = prepare_run(find_runs_folder(), "mood", name, watched)
        if restart:
            clear_run(place)
        train_mood(expand_home(labelled), place, options, training, watched, watched.stop)
        return read_run(place)
