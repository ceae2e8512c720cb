"""The heads of moods that a library uses: those of the package, or those of a trained run."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from mvsearch.indexer.mood.heads import MoodHead, find_head, parse_head
from mvsearch.store.errors import LibraryDamagedError, TrainingError
from mvsearch.store.files.kept import LibraryFiles
from mvsearch.store.records import SIDES, Side, Space
from mvsearch.store.tensors import parse_tensors

TASK = "mood"
FILE = "mood-heads.safetensors"
# The heads of the package have 1.5 MB.
MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """The heads of both sides.

    Attributes:
        name: of the run that trained them; empty for those of the package.
        own: those of the run, each with the revision of the vectors that it reads.
    """

    name: str = ""
    own: Mapping[Side, tuple[MoodHead, str]] = field(default_factory=dict)

    def find(self, space: Space) -> MoodHead | None:
        """See `find_head`."""
        return find_head(space, self.own)


EMBEDDED = Heads()


def find_heads(library_files: LibraryFiles) -> Heads:
    """The heads that a library uses.

    Raises:
        LibraryDamagedError: the file is not what `write_used` writes.
    """
    try:
        return _read_used(library_files, library_files.find_mark(FILE))
    except FileNotFoundError:
        return EMBEDDED
    except OSError as error:
        place = library_files.describe(FILE)
        raise LibraryDamagedError(f"{place} cannot be read: {error.strerror}") from error


def read_run_heads(run_folder: Path, name: str) -> tuple[Heads, bytes]:
    """Read the heads of a finished run, and what `write_used` stores of them.

    Raises:
        TrainingError: the run is not finished, of another task, or damaged.
    """
    from safetensors.numpy import save

    from mvsearch.indexer.training.run_folder import RunFolder

    run = RunFolder(run_folder)
    card = run.read_card(TASK)
    files = {side: run.read_file(card, f"{side}.safetensors", MAX_BYTES) for side in SIDES}
    try:
        heads = _parse(name, files)
    except ValueError as error:
        raise TrainingError(f"a head in {run_folder} is damaged: {error}") from error
    packed = {str(side): np.frombuffer(one, np.uint8) for side, one in files.items()}
    return heads, save(packed, {"name": name})


def write_used(library_files: LibraryFiles, content: bytes | None) -> None:
    """Let a library use heads from now on; None for those of the package.

    Raises:
        TrainingError: the disk refuses.
    """
    try:
        if content is None:
            library_files.drop(FILE)
        else:
            library_files.write(FILE, content)
    except OSError as error:
        place = library_files.describe(FILE)
        raise TrainingError(f"{place} cannot be written: {error.strerror}") from error


# Keyed by the state too, as another process may have written the file anew.
@lru_cache(maxsize=4)
def _read_used(library_files: LibraryFiles, mark: Hashable) -> Heads:
    content = library_files.read(FILE)
    try:
        tensors, about = parse_tensors(content)
        files = {side: tensors[side].tobytes() for side in SIDES}
        return _parse(str(about["name"]), files)
    except (ValueError, LookupError, TypeError):
        raise LibraryDamagedError(
            f"{library_files.describe(FILE)} is damaged: use the run again by `mvsearch train use`,"
            " or move the file away"
        ) from None


def _parse(name: str, files: Mapping[Side, bytes]) -> Heads:
    """Parse and try out both heads.

    Raises:
        ValueError: one of them holds no head.
    """
    own = {side: parse_head(content, side) for side, content in files.items()}
    for head, _ in own.values():
        try:
            made = head.measure(np.ones((2, sum(head.dims)), np.float32), np.arange(2.0))
        except (ValueError, TypeError, IndexError, KeyError) as error:
            raise ValueError(f"its tensors do not fit together: {error}") from error
        if not all(np.isfinite(one).all() for one in made):
            raise ValueError("a number of it is not finite")
    if len({len(head.tensors["place.bias"]) for head, _ in own.values()}) > 1:
        raise ValueError("its sides have joint spaces of different sizes")
    return Heads(name, own)
