"""Trains encoders on the videos of a library, and lists the runs."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from mvsearch.indexer.training.runs import (
    Run,
    check_run_name,
    choose_run_name,
    find_runs_folder,
    list_runs_folders,
    read_run,
)
from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.errors import NoLibraryError, TrainingError
from mvsearch.store.library import Library
from mvsearch.store.opening import AnyPath, find_address

if TYPE_CHECKING:
    from mvsearch.indexer.progress import Progress
    from mvsearch.indexer.training.options import Optimiser, Schedule, WishedDevice
    from mvsearch.indexer.training.songs.options import Part

__all__ = ["Run", "find_run", "list_runs", "train_songs"]


class TrainingArguments(TypedDict, total=False):
    """How a network is trained; None for what the recipe says.

    Attributes:
        seed, epochs, batch_size, optimiser, learning_rate, schedule, momentum, weight_decay,
        patience, device: see `TrainingOptions`.
    """

    seed: int | None
    epochs: int | None
    batch_size: int | None
    optimiser: "Optimiser | None"
    learning_rate: float | None
    schedule: "Schedule | None"
    momentum: float | None
    weight_decay: float | None
    patience: int | None
    device: "WishedDevice | None"


class SongArguments(TrainingArguments, total=False):
    """What of which network is trained on songs; None for what the recipe says.

    Attributes:
        trunk, weights, part, projection, frames_a_song: see `SongOptions`.
    """

    trunk: str | None
    weights: Path | None
    part: "Part | None"
    projection: int | None
    frames_a_song: int | None


def train_songs(
    folder: AnyPath | None = None,
    name: str | None = None,
    *,
    recipe: Literal["small", "published"] = "small",
    restart: bool = False,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
    **arguments: Unpack[SongArguments],
) -> Run:
    """Train a classifier of the songs of a library by their frames; see docs/training.md.

    Args:
        folder: of the library; None for the default one.
        name: of the run, which goes on if it was interrupted; None for a new one.
        recipe: "small" for two cores, or the "published" one.
        restart: whether what the run has is deleted first.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends the training; the last complete epoch is kept.
        **arguments: see `SongArguments`.

    Raises:
        TrainingError: there are too few songs, the run was begun with other options or data, or the
            disk is full.
        NoLibraryError: there is no library.
        CancelledError: it was cancelled.
    """
    from mvsearch.indexer.pipeline.encoders.of_library import find_untrained
    from mvsearch.indexer.training.options import replace_given
    from mvsearch.indexer.training.songs.options import RECIPES
    from mvsearch.indexer.training.songs.train_songs import train_songs

    if recipe not in RECIPES:
        raise TrainingError(f"no recipe is called {recipe!r}; there are {', '.join(RECIPES)}")
    options, training = replace_given(arguments, *RECIPES[recipe])
    watching = Watched(to_progress(progress), Stop(cancel))
    with Library.open(find_address(folder)) as library, watching as watched:
        place = prepare_run("songs", name, library, watched, restart=restart)
        size = find_untrained(library).frames.frame_size
        train_songs(library, place, size, options, training, watched, watched.stop)
        return read_run(place)


def prepare_run(
    task: str, name: str | None, library: Library | None, progress: "Progress", *, restart: bool
) -> Path:
    """The folder of a run to train.

    Args:
        task: the kind of training.
        name: of the run; None for a new one, whose name is noted.
        library: that the run lies in; None if it is the user's.
        progress: told of the name.
        restart: whether what the run has is deleted.

    Raises:
        TrainingError: no run can have this name, or the library uses what would be deleted.
    """
    from mvsearch.indexer.training.run_folder import RunFolder

    runs = find_runs_folder(library)
    chosen = choose_run_name(runs, task) if name is None else check_run_name(name)
    if name is None:
        progress.note(f"The run is called {chosen}; --name {chosen} goes on with it")
    if restart:
        if library is not None and library.catalog.look() == chosen:
            raise TrainingError(
                f"the library uses {chosen}: switch to another encoder first, or take another name"
            )
        RunFolder(runs / chosen).clear()
    return runs / chosen


def list_runs(folder: AnyPath | None = None) -> list[Run]:
    """The runs of a library, if there is one, and of the user, finished or not.

    Args:
        folder: of the library; None for the default one.
    """
    from mvsearch.indexer.training.runs import list_runs

    return list_runs(_list_folders(folder))


def find_run(name: str, folder: AnyPath | None = None) -> Run:
    """The run of a name; the library's come first.

    Raises:
        TrainingError: there is none.
    """
    from mvsearch.indexer.training.runs import find_run

    return find_run(name, _list_folders(folder))


def _list_folders(folder: AnyPath | None) -> list[Path]:
    """The folders of runs: of the library, if there is one, and of the user."""
    try:
        with Library.open(find_address(folder)) as library:
            return list_runs_folders(library)
    except NoLibraryError:
        return list_runs_folders(None)
