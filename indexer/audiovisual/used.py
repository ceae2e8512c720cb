"""The towers that a library uses: a copy of a trained run's weights in its folder."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mvsearch.indexer.audiovisual.towers import Towers, read_towers
from mvsearch.store.errors import LibraryDamagedError, TrainingError
from mvsearch.store.own_files import read_own, write_own
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


def use_towers(library_folder: Path, run_folder: Path, name: str) -> None:
    """Let a library use the towers of a finished run from now on.

    Args:
        library_folder: of the library.
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
    with explaining(library_folder / FILE):
        write_own(library_folder / FILE, save(tensors, about))


def drop_towers(library_folder: Path) -> None:
    """Let a library use no towers.

    Raises:
        TrainingError: the file cannot be deleted.
    """
    from mvsearch.indexer.training.run_folder import explaining

    with explaining(library_folder / FILE):
        for name in (FILE, *PLACES):
            (library_folder / name).unlink(missing_ok=True)


def find_towers(library_folder: Path) -> UsedTowers | None:
    """The towers that a library uses; None if it uses none.

    Raises:
        LibraryDamagedError: the file is not what `use_towers` writes.
    """
    path = library_folder / FILE
    try:
        state = path.lstat()
        return _read_used(path, state.st_ino, state.st_mtime_ns, state.st_size)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LibraryDamagedError(f"{path} cannot be read: {error.strerror}") from error


# Each query asks for them. Keyed by the state too, as another process may have written the file.
@lru_cache(maxsize=2)
def _read_used(path: Path, inode: int, mtime_ns: int, size: int) -> UsedTowers:
    try:
        content = read_own(path, MAX_BYTES)
        tensors, about = parse_tensors(content)
        towers = read_towers(tensors)
        name, picture_space, sound_space = (str(about[key]) for key in ("name", *SPACES))
        digest = hashlib.sha256(content).hexdigest()
        return UsedTowers(name, picture_space, sound_space, towers, digest)
    except (TrainingError, ValueError, KeyError, TypeError):
        raise LibraryDamagedError(
            f"{path} is damaged: use the run again by `mvsearch train use`, or move the file away"
        ) from None
