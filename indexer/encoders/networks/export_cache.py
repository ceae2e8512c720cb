"""Caches exported networks and class embeddings on disk, computed once per machine."""

import json
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

from mvsearch.indexer.encoders.networks.files.checkpoints import (
    CHECKSUMS,
    compute_fingerprint,
    compute_sha256,
    models_folder,
    read_settings,
    recall_sha256,
)
from mvsearch.store.errors import MvsearchError, WeightsMissingError

logger = logging.getLogger(__name__)

Loaded = TypeVar("Loaded")

DIGITS = "[0-9a-f]" * 8
PART = ".part"
# Older unfinished folders were left by killed processes: no export takes so long.
STALE_SECONDS = 3600.0

# Encoders load in parallel, but torch exports one network at a time. Reentrant, as one export may
# need another.
_MAKING = threading.RLock()

_IS_READ_THROUGH: ContextVar[bool] = ContextVar("is_read_through", default=False)


@contextmanager
def reading_through() -> Iterator[None]:
    """Within this context, hash each loaded file even if its size and time are unchanged.

    It finds content that the disk has damaged. A query does without, as it takes too long.
    """
    token = _IS_READ_THROUGH.set(True)
    try:
        yield
    finally:
        _IS_READ_THROUGH.reset(token)


def load_cached(stem: str, make: Callable[[Path], None], load: Callable[[Path], Loaded]) -> Loaded:
    """Load a folder of files from the cache; make it first if it is missing or damaged.

    The folder's name contains the fingerprint of its content and is given in one step. So damage is
    detected, and concurrent processes make either the same folder or two valid ones. A file is
    hashed once (91 MB take 0.1 s), and again within `reading_through` or if it cannot be loaded.

    Args:
        stem: first part of the folder's name; other content needs another stem.
        make: writes the files into the given empty folder.
        load: reads the files from the given folder.

    Returns:
        What `load` returns.

    Raises:
        MvsearchError: the cache cannot be written.
    """
    cache = models_folder() / "exported"
    try:
        return load(_find_or_make(cache, stem, make))
    except Exception:
        if not drop_damaged(stem):
            raise
    return load(_find_or_make(cache, stem, make))


def drop_damaged(stem: str) -> bool:
    """Hash the folders of a stem and delete damaged ones; return whether there was one."""
    cache = models_folder() / "exported"
    places = _list_places(cache, stem)
    with reading_through():
        _find_whole(cache, stem)
    return _list_places(cache, stem) != places


def _find_or_make(cache: Path, stem: str, make: Callable[[Path], None]) -> Path:
    place = _find_whole(cache, stem)
    if place is None:
        with _MAKING:
            place = _find_whole(cache, stem) or _make(cache, stem, make)
    return place


def _list_places(cache: Path, stem: str) -> list[Path]:
    return sorted(cache.glob(f"{stem}-{DIGITS}"))


def _find_whole(cache: Path, stem: str) -> Path | None:
    """Return the first folder of a stem that matches its fingerprint; delete damaged ones."""
    digest = compute_sha256 if _IS_READ_THROUGH.get() else recall_sha256
    for place in _list_places(cache, stem):
        if place.name == f"{stem}-{_fingerprint(place, digest)}":
            return place
        for path in _name_damage(place):
            logger.warning("%s is damaged and is made again", path)
        shutil.rmtree(place, ignore_errors=True)
    return None


def _name_damage(place: Path) -> list[Path]:
    """List the files that differ from their recorded sha256; the folder if that is unknown."""
    try:
        known = read_settings(place / CHECKSUMS)
        damaged = [place / name for name in known if _is_other(place / name, known[name])]
    except MvsearchError:
        return [place]
    return damaged or [place]


def _is_other(path: Path, digest: str) -> bool:
    return not path.is_file() or compute_sha256(path) != digest


def _make(cache: Path, stem: str, make: Callable[[Path], None]) -> Path:
    """Make a folder under a temporary name in the cache, then rename it."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _sweep(cache)
        with tempfile.TemporaryDirectory(prefix=".", suffix=PART, dir=cache) as part:
            made = Path(part, "made")
            made.mkdir()
            make(made)
            digests = {path.name: compute_sha256(path) for path in made.iterdir()}
            (made / CHECKSUMS).write_text(json.dumps(digests, indent=1), "utf-8")
            for path in made.iterdir():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            return _name(made, cache / f"{stem}-{_fingerprint(made, compute_sha256)}")
    except OSError as error:
        raise MvsearchError(
            f"{cache} cannot be written ({error.strerror}): point MVSEARCH_MODELS elsewhere"
        ) from error


def _sweep(cache: Path) -> None:
    """Delete unfinished folders of killed processes."""
    for part in cache.glob(f".*{PART}"):
        with suppress(FileNotFoundError):  # another process sweeps as well
            if time.time() - part.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(part, ignore_errors=True)


def _name(made: Path, place: Path) -> Path:
    """Rename a folder, unless another process has already made the same one."""
    try:
        return made.rename(place)
    except OSError:
        if place.is_dir():
            return place
        raise


def _fingerprint(place: Path, digest: Callable[[Path], str]) -> str:
    """Compute the fingerprint of a folder's files; empty if they cannot be read."""
    try:
        return compute_fingerprint(place, [path.name for path in place.iterdir()], digest)
    except (OSError, WeightsMissingError):
        return ""
