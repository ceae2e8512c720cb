"""Trains the projection by which music is composed for a picture without words."""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from mvsearch.indexer.training.runs import Run, read_run
from mvsearch.search.api.training import (
    TrainingArguments,
    find_run,
    prepare_run,
)
from mvsearch.search.api.watching import AnyProgress, Stop, Watched, to_progress
from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library
from mvsearch.store.opening import AnyPath, find_address

if TYPE_CHECKING:
    from mvsearch.indexer.composing.projection import Projection


class ComposeArguments(TrainingArguments, total=False):
    """What is trained on, and how large it is; None for the default.

    Attributes:
        pieces_a_song, seconds, hidden, tokens: see `CompositionOptions`.
    """

    pieces_a_song: int | None
    seconds: float | None
    hidden: int | None
    tokens: int | None


def train_compose(
    folder: AnyPath | None = None,
    name: str | None = None,
    *,
    restart: bool = False,
    progress: AnyProgress = None,
    cancel: threading.Event | None = None,
    **arguments: Unpack[ComposeArguments],
) -> Run:
    """Train MusicGen's conditioning on pictures and sound of a library; see docs/training.md.

    Args:
        folder: of the library; None for the default one.
        name: of the run, which goes on if it was interrupted; None for a new one.
        restart: whether what the run has is deleted first.
        progress: see `VideoLibrary.index`.
        cancel: when set, ends the training; the last complete epoch is kept.
        **arguments: see `ComposeArguments`.

    Raises:
        WeightsMissingError: those of MusicGen are missing.
        TrainingError: there are too few songs, the run was begun with other options or data, or the
            disk is full.
        NoLibraryError: there is no library.
        CancelledError: it was cancelled.
    """
    from mvsearch.indexer.pipeline.encoders.of_library import find_untrained
    from mvsearch.indexer.training.composition.options import DEFAULTS
    from mvsearch.indexer.training.composition.train_compose import train_compose
    from mvsearch.indexer.training.options import replace_given

    options, training = replace_given(arguments, *DEFAULTS)
    watching = Watched(to_progress(progress), Stop(cancel))
    with Library.open(find_address(folder)) as library, watching as watched:
        place = prepare_run("compose", name, library, watched, restart=restart)
        encoders = find_untrained(library)
        train_compose(library, encoders, place, options, training, watched, watched.stop)
        return read_run(place)


def load_projection(
    name: str, folder: AnyPath | None, generator: str
) -> "tuple[Projection, Mapping[str, Any]]":
    """The projection of a finished run and its settings, for the network it was trained with.

    Args:
        name: of the run.
        folder: of the library; None for the default one.
        generator: repository and revision of the network.

    Raises:
        TrainingError: there is no such run, it is of another kind or network, or it is damaged.
    """
    from mvsearch.indexer.composing.projection import TASK, read_projection
    from mvsearch.indexer.training.run_folder import RunFolder

    run = find_run(name, folder)
    files = RunFolder(run.folder)
    card = files.read_card(TASK)
    if card.settings.get("generator") != generator:
        raise TrainingError(f"{name} was trained with {card.settings.get('generator')}, not here")
    tensors = {name: tensor.numpy() for name, tensor in files.load_weights().items()}
    return read_projection(card.settings, tensors), card.settings
