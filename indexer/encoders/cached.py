"""What is made once on a machine and kept: exported networks, classes as words."""

import logging
import shutil
import tempfile
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from indexer.encoders.checkpoints import models_folder
from store.errors import MvsearchError

logger = logging.getLogger(__name__)

Loaded = TypeVar("Loaded")

BYTES_AT_ONCE = 1 << 20
DIGITS = "[0-9a-f]" * 8

# Encoders load side by side, but torch exports one network at a time. One export may need another.
_MAKING = threading.RLock()


def load_cached(stem: str, make: Callable[[Path], None], load: Callable[[Path], Loaded]) -> Loaded:
    """Load a folder of files that was made before from the cache, or make it and put it there.

    The folder's name carries the checksum of what is in it, so that name and content land in one
    step: processes that race make the same folder or two good ones, and a damaged one is told.

    Args:
        stem: what the folder's name begins with; other content, another stem.
        make: puts its files into an empty folder.
        load: reads them; never called on a folder that is damaged.

    Raises:
        MvsearchError: the cache cannot be written.
    """
    cache = models_folder() / "exported"
    place = _find_whole(cache, stem)
    if place is None:
        with _MAKING:
            place = _find_whole(cache, stem) or _make(cache, stem, make)
    return load(place)


def _find_whole(cache: Path, stem: str) -> Path | None:
    """The first folder of a stem whose content is what its name says; the damaged ones go."""
    for place in sorted(cache.glob(f"{stem}-{DIGITS}")):
        if place.name == f"{stem}-{_compute_checksum(place)}":
            return place
        logger.warning("%s is damaged and is made anew", place)
        shutil.rmtree(place, ignore_errors=True)
    return None


def _make(cache: Path, stem: str, make: Callable[[Path], None]) -> Path:
    """Make a folder beside the others and give it its name."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=cache) as part:
            made = Path(part, "made")
            made.mkdir()
            make(made)
            return _name(made, cache / f"{stem}-{_compute_checksum(made)}")
    except OSError as error:
        raise MvsearchError(
            f"{cache} cannot be written ({error.strerror}): point MVSEARCH_MODELS elsewhere"
        ) from error


def _name(made: Path, place: Path) -> Path:
    """Move a folder to its place, unless another process was quicker."""
    try:
        return made.rename(place)
    except OSError:
        if place.is_dir():
            return place
        raise


def _compute_checksum(place: Path) -> str:
    """The CRC-32 of the names and contents of a folder's files; empty where they cannot be read.

    It tells damage: whoever may write here needs no second content with the same checksum. SHA-256
    takes nearly three times as long, a tenth of a second for every search by words.
    """
    checksum = 0
    try:
        for path in sorted(place.iterdir()):
            checksum = zlib.crc32(path.name.encode("utf-8", "surrogateescape"), checksum)
            with path.open("rb", buffering=0) as file:
                while block := file.read(BYTES_AT_ONCE):
                    checksum = zlib.crc32(block, checksum)
    except OSError:
        return ""
    return f"{checksum:08x}"
