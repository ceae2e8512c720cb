"""Trains the heads of moods on labelled pictures and sounds."""

import threading
from typing import TYPE_CHECKING, Unpack

from mvsearch.indexer.training.runs import Run, find_run, list_runs_folders, read_run
from mvsearch.search.api.training import TrainingArguments, prepare_run
from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library
from mvsearch.store.opening import AnyPath, expand_home, find_address

if TYPE_CHECKING:
    from mvsearch.indexer.mood.used import Heads

__all__ = ["drop_heads", "train_mood", "use_heads"]


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
    from mvsearch.indexer.training.mood.options import TRAINING, MoodOptions
    from mvsearch.indexer.training.mood.train_mood import train_mood
    from mvsearch.indexer.training.options import replace_given

    options, training = replace_given(arguments, MoodOptions(), TRAINING)
    with Watched(to_progress(progress), Stop(cancel)) as watched:
        place = prepare_run("mood", name, None, watched, restart=restart)
        train_mood(expand_home(labelled), place, options, training, watched, watched.stop)
        return read_run(place)


def use_heads(
    name: str,
    folder: AnyPath | None = None,
    *,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
) -> None:
    """Let a library use the heads of a run: its moods are measured again, from stored vectors.

    The moods of before are in use until all are measured.

    Args:
        name: of a finished run of `train_mood`.
        folder: of the library; None for the default one.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends it; the heads of before stay.

    Raises:
        TrainingError: there is no such run, it is not finished or damaged, its heads are for other
            encoders than those of the library, or the disk refuses.
        NoLibraryError: there is no library.
        CancelledError: it was cancelled.
    """
    from mvsearch.indexer.mood.used import read_run_heads

    with Library.open(find_address(folder)) as library, library.writing():
        run = find_run(name, list_runs_folders(library))
        heads, content = read_run_heads(run.folder, run.name)
        _switch(library, heads, content, progress, cancel)


def drop_heads(
    folder: AnyPath | None = None,
    *,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
) -> None:
    """Let a library use the heads of the package again; see `use_heads`.

    Raises:
        TrainingError: the disk refuses.
        NoLibraryError: there is no library.
        CancelledError: it was cancelled.
    """
    from mvsearch.indexer.mood.used import EMBEDDED

    with Library.open(find_address(folder)) as library, library.writing():
        _switch(library, EMBEDDED, None, progress, cancel)


def _switch(
    library: Library,
    heads: "Heads",
    content: bytes | None,
    progress: AnyProgress,
    cancel: threading.Event | None,
) -> None:
    """Measure all moods, then change the heads.

    Killed between file and moods, the library asks for an index run, which measures them: the file
    says that other heads are used until the moods are those of the package.
    """
    from mvsearch.indexer.mood.used import write_used
    from mvsearch.indexer.pipeline.add_moods import measure_all

    spaces = library.catalog.spaces()
    if content is not None and not any(heads.find(space) for space in spaces):
        raise TrainingError(
            f"the heads of {heads.name} are for other encoders than those of this library"
        )
    with Watched(to_progress(progress), Stop(cancel)) as watched:
        measured = measure_all(library.catalog, heads, watched, watched.stop)
    if content is not None:
        write_used(library.files, content)
    library.catalog.store_moods(measured)
    if content is None:
        write_used(library.files, None)
