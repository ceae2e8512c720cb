"""Where runs lie, and which there are."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.config_file import read_config
from mvsearch.indexer.training.run_folder import CONFIG, METRICS, RunFolder
from mvsearch.store.errors import LibraryDamagedError, MvsearchError, TrainingError
from mvsearch.store.library import Library
from mvsearch.store.own_files import read_own

RUNS = "training"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_METRICS_BYTES = 2**27
MAX_RUNS = 10_000


@dataclass(frozen=True, slots=True)
class Run:
    """A run in its folder.

    Attributes:
        task: the kind of training.
        n_epochs: that are done.
        card: of a finished run; None for one that is not.
        problem: why it cannot be used; empty for a finished run.
    """

    name: str
    folder: Path
    task: str
    n_epochs: int
    card: Card | None = None
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "task": self.task,
            "n_epochs": self.n_epochs,
            "is_finished": self.card is not None,
            "card": None if self.card is None else self.card.to_dict(),
            "problem": self.problem or None,
        }


def find_runs_folder(library: Library | None = None) -> Path:
    """The folder of the runs of a library, or of the user.

    Raises:
        LibraryDamagedError: that of the library is a link.
    """
    if library is not None:
        return library.find_nested(RUNS)
    chosen = os.environ.get("MVSEARCH_TRAINING")
    return Path(chosen).expanduser() if chosen else user_data_path("mvsearch") / RUNS


def list_runs_folders(library: Library | None) -> list[Path]:
    """The folders in which runs are looked for: that of a library, if one is given, comes first.

    Raises:
        LibraryDamagedError: that of the library is a link.
    """
    own = find_runs_folder()
    return [own] if library is None else [find_runs_folder(library), own]


def check_run_name(name: str) -> str:
    """Return a name that a run may have.

    Raises:
        TrainingError: it may not.
    """
    if not NAME.fullmatch(name):
        raise TrainingError(
            f"a run is called by small letters, digits and hyphens, at most 40, not {name[:60]!r}"
        )
    return name


def choose_run_name(folder: Path, task: str) -> str:
    """The name of a new run: the kind of training and the next number."""
    numbers = [0]
    for run in _list_folders(folder):
        start, _, number = run.name.rpartition("-")
        if start == task and number.isdecimal() and len(number) < 7:
            numbers.append(int(number))
    return f"{task}-{max(numbers) + 1}"


def list_runs(folders: Sequence[Path]) -> list[Run]:
    """The runs of several folders, by name; what is no run is left out."""
    found = [read_run(place) for folder in folders for place in _list_folders(folder)]
    return sorted(found, key=lambda run: (run.name, str(run.folder)))


def find_run(name: str, folders: Sequence[Path]) -> Run:
    """The run of a name; the first folder comes first.

    Raises:
        TrainingError: there is none.
    """
    check_run_name(name)
    for folder in folders:
        if (folder / name / CONFIG).is_file() and not (folder / name).is_symlink():
            return read_run(folder / name)
    names = ", ".join(run.name for run in list_runs(folders)[:20]) or "none"
    raise TrainingError(f"no run is called {name}; there are: {names}")


def read_run(place: Path) -> Run:
    """Read a run; what is wrong with it is its problem."""
    run, task, n_epochs = RunFolder(place), "", 0
    try:
        task = str(read_config(place / CONFIG).get("training", {}).get("task", ""))
        n_epochs = _count_epochs(place)
        card = run.read_card()
    except (MvsearchError, AttributeError) as error:
        return Run(place.name, place, task, n_epochs, problem=str(error))
    return Run(place.name, place, card.task, card.n_epochs, card)


def _count_epochs(place: Path) -> int:
    try:
        return read_own(place / METRICS, MAX_METRICS_BYTES).count(b"\n")
    except OSError:
        return 0


def _list_folders(folder: Path) -> list[Path]:
    """The folders of runs in a folder."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if NAME.fullmatch(entry.name))
    except OSError as error:
        raise LibraryDamagedError(f"{folder} cannot be read: {error.strerror}") from error
    places = [folder / name for name in names[:MAX_RUNS]]
    return [place for place in places if not place.is_symlink() and (place / CONFIG).is_file()]
