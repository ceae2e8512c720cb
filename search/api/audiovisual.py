"""Trains towers of picture and sound on a library, and lets it use them."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Unpack

from mvsearch.indexer.training.runs import Run, find_run, list_runs_folders, read_run
from mvsearch.search.api.training import TrainingArguments, prepare_run
from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library
from mvsearch.store.opening import AnyPath, expand_home, find_address

if TYPE_CHECKING:
    from mvsearch.indexer.training.audiovisual.options import Start
    from mvsearch.store.records import Space

__all__ = ["drop_towers", "train_audiovisual", "use_towers"]


class AudiovisualArguments(TrainingArguments, total=False):
    """What the towers are, and how they are trained; None for what the recipe says.

    Attributes:
        dim, n_directions, shrinkage, start, semantic_weight, temporal_weight, windows_a_video,
        apart_seconds, temperature, validated_share, tested_share: see `AudiovisualOptions`.
        trunk, channels, frame_size, frames_per_second, window_seconds, step_seconds,
        longest_seconds: of whole networks; see `FullOptions`.
    """

    dim: int | None
    n_directions: int | None
    shrinkage: float | None
    start: "Start | None"
    semantic_weight: float | None
    temporal_weight: float | None
    windows_a_video: int | None
    apart_seconds: float | None
    temperature: float | None
    validated_share: float | None
    tested_share: float | None
    trunk: str | None
    channels: int | None
    frame_size: int | None
    frames_per_second: float | None
    window_seconds: float | None
    step_seconds: float | None
    longest_seconds: float | None


def train_audiovisual(
    folder: AnyPath | None = None,
    name: str | None = None,
    *,
    networks: Literal["towers", "full"] = "towers",
    groups: Sequence[AnyPath] = (),
    restart: bool = False,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
    **arguments: Unpack[AudiovisualArguments],
) -> Run:
    """Train two towers that put picture and sound of the same time near; see docs/training.md.

    Args:
        folder: of the library; None for the default one.
        name: of the run, which goes on if it was interrupted; None for a new one.
        networks: "towers" on the vectors that the library has, or "full": whole networks on the
            files, for a GPU; the library cannot use these yet.
        groups: CSV files with columns path and group, of videos of one source, such as two
            encodings of a film: they are on one side of the split. Without any, videos of one
            artist are.
        restart: whether what the run has is deleted first.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends the training; the last complete epoch is kept.
        **arguments: see `AudiovisualArguments`.

    Raises:
        TrainingError: too few videos have picture and sound, the run was begun with other options
            or data, or the disk is full.
        QueryError: a file of groups is wrong.
        NoLibraryError: there is no library.
        CancelledError: it was cancelled.
    """
    from mvsearch.indexer.training.audiovisual.full_options import FULL_TRAINING, FullOptions
    from mvsearch.indexer.training.audiovisual.options import TRAINING, AudiovisualOptions
    from mvsearch.indexer.training.audiovisual.train_audiovisual import (
        train_audiovisual,
        train_full,
    )
    from mvsearch.indexer.training.options import replace_given
    from mvsearch.search.evaluation.queries.arguments import choose_groups

    is_full = networks == "full"
    recipe = AudiovisualOptions(), FullOptions(), FULL_TRAINING if is_full else TRAINING
    options, full, training = replace_given(arguments, *recipe)
    watching = Watched(to_progress(progress), Stop(cancel))
    with Library.open(find_address(folder)) as library, watching as watched:
        known = choose_groups(library, [expand_home(file) for file in groups])
        for note in known.notes:
            watched.note(note)
        task = "audiovisual-full" if is_full else "audiovisual"
        place = prepare_run(task, name, library, watched, restart=restart)
        end = (training, watched, watched.stop)
        if is_full:
            train_full(library, place, known.members, options, full, *end)
        else:
            train_audiovisual(library, place, _find_spaces(library), known.members, options, *end)
        return read_run(place)


def _find_spaces(library: Library) -> "tuple[Space, Space]":
    from mvsearch.search.query.spaces import profile_spaces

    spaces = profile_spaces(library)
    lacking = [name for name in ("frames", "audio") if name not in spaces]
    if lacking:
        raise TrainingError(
            f"the library has no vectors of {' and '.join(lacking)}: index videos with picture and"
            " sound, with a profile that encodes both"
        )
    return spaces["frames"], spaces["audio"]


def use_towers(name: str, folder: AnyPath | None = None) -> None:
    """Let a library use the towers of a run: for `music_for`, `pictures_for` and `evaluate`.

    Args:
        name: of a finished run of `train_audiovisual`.
        folder: of the library; None for the default one.

    Raises:
        TrainingError: there is no such run, it is not finished or damaged, or the disk refuses.
        NoLibraryError: there is no library.
    """
    from mvsearch.indexer.audiovisual import used
    from mvsearch.search.joint.tables import read_trained_table

    with Library.open(find_address(folder)) as library, library.writing():
        run = find_run(name, list_runs_folders(library))
        used.use_towers(library.files, run.folder, run.name)
        read_trained_table(library)


def drop_towers(folder: AnyPath | None = None) -> None:
    """Let a library use no towers any more; their run is kept.

    Args:
        folder: of the library; None for the default one.

    Raises:
        TrainingError: they cannot be deleted.
        NoLibraryError: there is no library.
    """
    from mvsearch.indexer.audiovisual import used

    with Library.open(find_address(folder)) as library, library.writing():
        used.drop_towers(library.files, library.folder)
