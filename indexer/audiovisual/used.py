"""The towers that a library uses: a copy of a trained run's weights in its folder."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mvsearch.indexer.audiovisual.towers import Towers, read_towers
from mvsearch.store.errors import LibraryDamagedError, TrainingError
from mvsearch.store.files.kept import LibraryFiles
from mvsearch.store.tensors import parse_tensors

TASK = "audiovisual"
FILE = "audiovisual.safetensors"
# Where the videos lie by them; see `search.joint.places`.
PLACES = ("audiovisual-picture.safetensors", "audiovisual-sound.safetensors")
MAX_BYTES = 256 * 2**20
# The spaces that the towers read, as the settings of a run name them.
SPACES = ("picture_space", "sound_space")


@dataclass(frozen=True, slots=True, eq=False)
class UsedTowers:
    """Towers in use.

    Attributes:
        name: of the run.
        picture_space: key of the space of frames that they read.
        sound_space: key of the space of sound.
        towers: the maps.
        digest: of the file: other towers, another one.
    """

    name: str
    picture_space: str
    sound_space: str
    towers: Towers
    digest: str


def use_towers(library_files: LibraryFiles, run_folder: Path, name: str) -> None:
    """Let a library use the towers of a finished run from now on.

    Args:
        library_files: of the library.
        run_folder: of the run.
        name: of the run.

    Raises:
        TrainingError: the run is not finished, of another task, or damaged; or the disk refuses.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load, save

    from mvsearch.indexer.training.run_folder import WEIGHTS, RunFolder, explaining

    run = RunFolder(run_folder)
    card = run.read_card(TASK)
    content = run.read_file(card, WEIGHTS, MAX_BYTES)
    try:
        tensors = load(content)
    except (SafetensorError, ValueError, LookupError, TypeError) as error:
        raise TrainingError(f"{run.weights} is damaged: {error}") from error
    read_towers(tensors)
    about = {"name": name, **{space: str(card.settings.get(space, "")) for space in SPACES}}
    with explaining(library_files.describe(FILE)):
        library_files.write(FILE, save(tensors, about))


def drop_towers(library_files: LibraryFiles, cache_folder: Path) -> None:
    """Let a library use no towers.

    Args:
        library_files: of the library.
        cache_folder: with what was computed by the towers.

    Raises:
        TrainingError: the file cannot be deleted.
    """
    from mvsearch.indexer.training.run_folder import explaining

    with explaining(library_files.describe(FILE)):
        library_files.drop(FILE)
        for name in PLACES:
            (cache_folder / name).unlink(missing_ok=True)


def find_towers(library_files: LibraryFiles) -> UsedTowers | None:
    """The towers that a library uses; None if it uses none.

    Raises:
        LibraryDamagedError: the file is not what `use_towers` writes.
    """
    try:
        return _read_used(library_files, library_files.find_mark(FILE))
    except FileNotFoundError:
        return None
    except OSError as error:
        place = library_files.describe(FILE)
        raise LibraryDamagedError(f"{place} cannot be read: {error.strerror}") from error


# Each query asks for them. Keyed by the state too, as another process may have written the file.
@lru_cache(maxsize=2)
def _read_used(library_files: LibraryFiles, mark: Hashable) -> UsedTowers:
    content = library_files.read(FILE)
    try:
        tensors, about = parse_tensors(content)
        towers = read_towers(tensors)
        name, picture_space, sound_space = (str(about[key]) for key in ("name", *SPACES))
        digest = hashlib.sha256(content).hexdigest()
        return UsedTowers(name, picture_space, sound_space, towers, digest)
    except (TrainingError, ValueError, KeyError, TypeError):
        raise LibraryDamagedError(
            f"{library_files.describe(FILE)} is damaged: use the run again by `mvsearch train use`,"
            " or move the file away"
        ) from None
