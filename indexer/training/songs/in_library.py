"""The trained encoder that a library uses."""

from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.image.with_look import LookEncoder
from mvsearch.indexer.training.runs import check_run_name, find_runs_folder
from mvsearch.indexer.training.songs.look import open_look
from mvsearch.store.errors import EncoderMismatchError
from mvsearch.store.library import Library
from mvsearch.store.records import Space


def find_look_folder(library: Library, name: str) -> Path:
    """The folder of a run of a library.

    Raises:
        TrainingError: no run can have this name.
    """
    return find_runs_folder(library) / check_run_name(name)


def attach_look(encoders: Encoders, library: Library) -> None:
    """Let encoders use the trained encoder that the library uses, if any."""
    name = library.catalog.look()
    if name is None:
        return

    def load(base: Space) -> LookEncoder:
        look = open_look(find_look_folder(library, name), base)
        if look.space not in library.catalog.look_spaces():
            raise EncoderMismatchError(
                f"{name} was trained again since the library was encoded by it: type mvsearch"
                f" encoders switch {base.encoder}, then mvsearch encoders switch {name}"
            )
        return look

    encoders.use_look(name, load)
